//! Rules: which there are, their switch, a run over the past, an explanation.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use api::OperationId;
use clap::Args;
use client::Client;
use serde_json::Value;

use super::RuleName;
use super::messages::content;
use super::report::outline;
use crate::commands::{Params, list_all, print_list};
use crate::connection::now;
use crate::files;
use crate::output::{self, Output, text};
use crate::when::When;

pub(super) async fn list(client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
    let rules = list_all(client, OperationId::ListAlertRules, &params, &["Rules"]).await?;
    let row = |rule: &Value| {
        let name = format!("{}/{}", text(&rule["Project"]), text(&rule["RuleName"]));
        let switch = if rule["Enabled"] == true { "on" } else { "off" };
        [
            name,
            switch.to_owned(),
            text(&rule["Status"]),
            text(&rule["LastRunTime"]),
            text(&rule["DisplayName"]),
            text(&rule["Reason"]),
        ]
    };
    print_list(output, &rules, ["RULE", "SWITCH", "STATUS", "LAST RUN", "TITLE", "REASON"], row)
}

pub(super) async fn show(client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
    let reply = client.rpc(OperationId::GetAlertRule, &params.0).await?;
    output::reply(output, &reply, |value| outline(&value["Rule"]))
}

pub(super) async fn switch(
    client: &Client,
    output: Output,
    id: OperationId,
    rule: &RuleName,
    params: Params,
) -> anyhow::Result<()> {
    let reply = client.rpc(id, &rule.apply(params).0).await?;
    let switch = if id == OperationId::EnableAlertRule { "on" } else { "off" };
    output::done(output, &reply, &format!("{}/{} is {switch}", rule.project, rule.name))
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// The rule: PROJECT/RULE; or give --file and --project
    rule: Option<RuleName>,
    /// A rule that need not exist: the JSON that CreateAlert takes
    #[arg(long, value_name = "FILE", conflicts_with = "rule", requires = "project")]
    file: Option<PathBuf>,
    /// The project of a rule from a file
    #[arg(long, conflicts_with = "rule")]
    project: Option<String>,
    /// From here: a time, a day, or how long ago (30s, 15m, 12h, 7d, 4w)
    #[arg(long, value_name = "WHEN", default_value = "1d")]
    since: When,
    /// Until here
    #[arg(long, value_name = "WHEN", default_value = "now")]
    until: When,
}

impl Test {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
        let now = now();
        let params = params.with("StartTime", self.since.resolve(now)).with("EndTime", self.until.resolve(now));
        let params = match (&self.rule, &self.file, self.project) {
            (Some(rule), None, _) => rule.apply(params),
            (None, Some(file), Some(project)) => {
                let rule = files::read(file)?.with_context(|| format!("there is no file {}", file.display()))?;
                let rule = String::from_utf8(rule).with_context(|| format!("{} is not text", file.display()))?;
                params.with("Project", project).with("Rule", rule)
            }
            _ => bail!("say which rule: PROJECT/RULE, or --project PROJECT --file FILE"),
        };
        let reply = client.rpc(OperationId::TestAlertRule, &params.0).await?;
        output::reply(output, &reply, |value| outline(&value["Report"]))
    }
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The rule: PROJECT/RULE
    rule: RuleName,
    /// The moment asked about: a time, a day, or how long ago
    #[arg(long, value_name = "WHEN", default_value = "now")]
    at: When,
}

impl Explain {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
        let params = self.rule.apply(params).with("Time", self.at.resolve(now()));
        let reply = client.rpc(OperationId::ExplainAlertRule, &params.0).await?;
        output::reply(output, &reply, |value| outline(&value["Report"]))
    }
}

/// What begins as JSON does is a graph.
pub(super) async fn draw(client: &Client, output: Output, params: Params, file: &Path) -> anyhow::Result<()> {
    let text = content(file)?;
    let is_graph = text.trim_start().starts_with('{');
    let params = params.with(if is_graph { "Graph" } else { "Script" }, text);
    let reply = client.rpc(OperationId::DrawAlertActionPolicy, &params.0).await?;
    output::reply(output, &reply, |value| {
        if is_graph {
            return output::text(&value["Script"]);
        }
        format!("{:#}\n", value["Graph"])
    })
}
