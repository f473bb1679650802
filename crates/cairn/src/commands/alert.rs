//! `cairn alert`: rules, what they found, who was told, and how to keep them quiet.

mod incidents;
mod messages;
mod report;
mod rules;

use api::OperationId;
use clap::{Args, Subcommand};

use super::Params;
use crate::connection::{ActFor, Connection};

/// `cairn alert`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cairn alert list
  cairn alert test audit/root-login --since 7d
  cairn alert explain audit/root-login --at 2026-01-15T08:30:00Z
  cairn alert incidents --status firing
  cairn alert confirm INCIDENT --note \"looking into it\"
  cairn alert silence --match labels.user==alice --for 2h --reason \"planned migration\"
  cairn alert history --incident INCIDENT
  cairn alert import-users people.csv
  cairn alert send-test --channel email --target test01")]
pub(crate) struct Alert {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    act_for: ActFor,
    #[command(subcommand)]
    command: AlertCommand,
}

#[derive(Debug, Subcommand)]
enum AlertCommand {
    /// List the alert rules and how each ended when it ran last
    List {
        /// Only rules of this project
        #[arg(long)]
        project: Option<String>,
    },
    /// Show an alert rule
    Show {
        /// The rule: PROJECT/RULE
        rule: RuleName,
    },
    /// Switch an alert rule on
    Enable {
        /// The rule: PROJECT/RULE
        rule: RuleName,
    },
    /// Switch an alert rule off
    Disable {
        /// The rule: PROJECT/RULE
        rule: RuleName,
    },
    /// Run a rule over the past and say what it would have sent; sends nothing
    Test(rules::Test),
    /// Say why a rule did or did not fire, or told somebody or nobody
    Explain(rules::Explain),
    /// Turn an action policy's script into a graph, or a graph (JSON) into its script
    Draw {
        /// The file with either; `-` is standard input
        file: std::path::PathBuf,
    },
    /// List incidents, the newest first
    Incidents(incidents::Incidents),
    /// Show an incident and what was told of it
    Incident {
        /// The incident
        id: String,
    },
    /// Say that somebody works on an incident
    Confirm(incidents::Handle),
    /// Say that an incident does not matter; it tells nobody until it is over
    Ignore(incidents::Handle),
    /// Say that an incident is over
    Resolve(incidents::Handle),
    /// Keep alerts quiet for a while: of a rule, a person, a key, a resource, an address
    Silence(incidents::Silence),
    /// List the silences
    Silences {
        /// Also those that are over
        #[arg(long)]
        all: bool,
    },
    /// End a silence at once
    Unsilence {
        /// The silence
        id: String,
    },
    /// Say what was told to whom and what was not, and why
    History(messages::History),
    /// Show the messages of the Message Center
    Inbox(messages::Inbox),
    /// Show what a content template makes of two sample alerts
    Preview(messages::Preview),
    /// Send the sample alerts to a user or a webhook, once, and say how it went
    SendTest(messages::SendTest),
    /// Write users that are notified, from lines: ID,Name,Enabled,Code-Phone,Texts,Calls,Mail
    ImportUsers {
        /// The file; `-` is standard input
        file: std::path::PathBuf,
    },
    /// Print the users that are notified, as lines that import-users takes
    ExportUsers,
}

/// A rule by its project and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RuleName {
    project: String,
    name: String,
}

impl std::str::FromStr for RuleName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((project, name)) if !project.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(RuleName { project: project.to_owned(), name: name.to_owned() })
            }
            _ => Err("write PROJECT/RULE, as in audit/root-login".to_owned()),
        }
    }
}

impl RuleName {
    fn apply(&self, params: Params) -> Params {
        params.with("Project", &self.project).with("RuleName", &self.name)
    }
}

impl Alert {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        let mut params = Params::new();
        self.act_for.apply(&mut params.0);
        match self.command {
            AlertCommand::List { project } => rules::list(&client, output, params.with_some("Project", project)).await,
            AlertCommand::Show { rule } => rules::show(&client, output, rule.apply(params)).await,
            AlertCommand::Enable { rule } => {
                rules::switch(&client, output, OperationId::EnableAlertRule, &rule, params).await
            }
            AlertCommand::Disable { rule } => {
                rules::switch(&client, output, OperationId::DisableAlertRule, &rule, params).await
            }
            AlertCommand::Test(test) => test.run(&client, output, params).await,
            AlertCommand::Explain(explain) => explain.run(&client, output, params).await,
            AlertCommand::Draw { file } => rules::draw(&client, output, params, &file).await,
            AlertCommand::Incidents(incidents) => incidents.run(&client, output, params).await,
            AlertCommand::Incident { id } => incidents::show(&client, output, params.with("IncidentId", id)).await,
            AlertCommand::Confirm(handle) => handle.run(&client, output, params, "confirmed").await,
            AlertCommand::Ignore(handle) => handle.run(&client, output, params, "ignored").await,
            AlertCommand::Resolve(handle) => handle.run(&client, output, params, "resolved").await,
            AlertCommand::Silence(silence) => silence.run(&client, output, params).await,
            AlertCommand::Silences { all } => {
                incidents::silences(&client, output, params.with_some("IncludeEnded", all.then_some(true))).await
            }
            AlertCommand::Unsilence { id } => incidents::unsilence(&client, output, params, &id).await,
            AlertCommand::History(history) => history.run(&client, output, params).await,
            AlertCommand::Inbox(inbox) => inbox.run(&client, output, params).await,
            AlertCommand::Preview(preview) => preview.run(&client, output, params).await,
            AlertCommand::SendTest(test) => test.run(&client, output, params).await,
            AlertCommand::ImportUsers { file } => messages::import(&client, output, params, &file).await,
            AlertCommand::ExportUsers => messages::export(&client, output, params).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_a_project_and_a_name() {
        let rule: RuleName = "audit/root-login".parse().expect("a rule");
        assert_eq!((rule.project.as_str(), rule.name.as_str()), ("audit", "root-login"));
        for wrong in ["", "audit", "/rule", "audit/", "a/b/c"] {
            assert!(wrong.parse::<RuleName>().is_err(), "{wrong:?}");
        }
    }
}
