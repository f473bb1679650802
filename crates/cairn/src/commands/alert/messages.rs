//! Who was told what, previews and test messages, users as lines.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use api::OperationId;
use clap::Args;
use client::Client;
use serde_json::Value;

use super::incidents::pages;
use super::report::outline;
use crate::commands::{Params, print_list};
use crate::files;
use crate::output::{self, Output, list, text};

/// Bytes of users that one call carries.
const USERS_BYTES_MAX: usize = 48 * 1024;

#[derive(Debug, Args)]
pub(super) struct History {
    /// Only of rules of this project
    #[arg(long)]
    project: Option<String>,
    /// Only of this rule
    #[arg(long)]
    rule: Option<String>,
    /// Only of this incident
    #[arg(long)]
    incident: Option<String>,
    /// Only with this outcome: waiting, sent, failed, suppressed
    #[arg(long)]
    outcome: Option<String>,
    /// At most so many
    #[arg(long, default_value = "100")]
    limit: usize,
}

impl History {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
        let params = params
            .with_some("Project", self.project)
            .with_some("RuleName", self.rule)
            .with_some("IncidentId", self.incident)
            .with_some("Outcome", self.outcome);
        let id = OperationId::ListAlertNotifications;
        let notifications = pages(client, id, &params, "Notifications", self.limit).await?;
        let row = |notification: &Value| {
            let field = |name: &str| text(&notification[name]);
            let rule = format!("{}/{}", field("Project"), field("RuleName"));
            [
                field("CreateTime"),
                field("Outcome"),
                field("Channel"),
                field("Recipient"),
                rule,
                field("Reason"),
                field("NotificationId"),
            ]
        };
        print_list(output, &notifications, ["TIME", "OUTCOME", "CHANNEL", "TO", "RULE", "WHY", "NOTIFICATION"], row)
    }
}

#[derive(Debug, Args)]
pub(super) struct Inbox {
    /// Only messages nobody has read
    #[arg(long)]
    unread: bool,
    /// Mark the messages that are shown as read
    #[arg(long)]
    mark_read: bool,
    /// At most so many
    #[arg(long, default_value = "20")]
    limit: usize,
}

impl Inbox {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
        let acting = Params(params.0.clone());
        let params = params.with_some("UnreadOnly", self.unread.then_some(true));
        let messages = pages(client, OperationId::ListAlertMessages, &params, "Messages", self.limit).await?;
        let row = |message: &Value| ["MessageId", "CreateTime", "Severity", "Title"].map(|name| text(&message[name]));
        print_list(output, &messages, ["MESSAGE", "TIME", "SEVERITY", "TITLE"], row)?;
        if self.mark_read && !messages.is_empty() {
            let ids: Vec<String> = messages.iter().map(|message| text(&message["MessageId"])).collect();
            client.rpc(OperationId::MarkAlertMessagesRead, &acting.with("MessageIds", ids.join(",")).0).await?;
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
pub(super) struct Preview {
    /// The content template's id; or give --file
    template: Option<String>,
    /// A content template that need not exist: the record's JSON
    #[arg(long, value_name = "FILE", conflicts_with = "template")]
    file: Option<PathBuf>,
    /// The channel: sms, voice, email, dingtalk, webhook, message_center, wechat, lark, slack, event_bridge, fc
    #[arg(long)]
    channel: String,
    /// The language: zh-CN or en-US
    #[arg(long)]
    locale: Option<String>,
}

impl Preview {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
        let params = params.with("Channel", self.channel).with_some("Locale", self.locale);
        let params = match (self.template, self.file) {
            (Some(id), None) => params.with("TemplateId", id),
            (None, Some(file)) => params.with("Template", content(&file)?),
            _ => bail!("say which template: its id, or --file FILE"),
        };
        let reply = client.rpc(OperationId::PreviewAlertTemplate, &params.0).await?;
        output::reply(output, &reply, |value| {
            let shown = list(&value["Messages"]).map(|message| {
                // Lines of a message are lines here; nothing else may move the cursor.
                let lines = |name: &str| {
                    let body = text(&message[name]);
                    body.lines().map(|line| format!("{}\n", output::one_line(line))).collect::<String>()
                };
                format!("{}\n{}", lines("Title"), lines("Body"))
            });
            shown.collect::<Vec<_>>().join("\n---\n")
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct SendTest {
    /// The channel: sms, voice, email, dingtalk, webhook, message_center, wechat, lark, slack, event_bridge, fc
    #[arg(long)]
    channel: String,
    /// A user's or a webhook's id
    #[arg(long)]
    target: Option<String>,
    /// The content template [default: sls.builtin.en]
    #[arg(long)]
    template: Option<String>,
    /// The language: zh-CN or en-US [default: en-US]
    #[arg(long)]
    locale: Option<String>,
}

impl SendTest {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
        let params = params
            .with("Channel", self.channel)
            .with_some("Target", self.target)
            .with_some("TemplateId", self.template)
            .with_some("Locale", self.locale);
        let reply = client.rpc(OperationId::SendAlertTestMessage, &params.0).await?;
        output::reply(output, &reply, |value| outline(&value["Report"]))
    }
}

/// The text of a file, or of standard input.
pub(super) fn content(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("could not read standard input")?;
        return Ok(text);
    }
    let bytes = files::read(file)?.with_context(|| format!("there is no file {}", file.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not text", file.display()))
}

pub(super) async fn import(client: &Client, output: Output, params: Params, file: &Path) -> anyhow::Result<()> {
    let users = content(file)?;
    let mut imported = 0;
    for (first_line, part) in parts(&users, USERS_BYTES_MAX) {
        let params = Params(params.0.clone()).with("Users", part);
        let reply = client.rpc(OperationId::ImportAlertUsers, &params.0).await;
        let reply = reply.with_context(|| {
            format!("{imported} users were imported; not the part that begins with line {first_line}, its line 1")
        })?;
        let value: Value = reply.parse()?;
        imported += value["Count"].as_u64().unwrap_or_default();
    }
    match output {
        Output::Json => output::line(&serde_json::json!({ "Count": imported }).to_string()),
        Output::Table => output::line(&format!("{imported} users imported")),
    }
    Ok(())
}

/// Whole lines, at most so many bytes at once, each part with the number of its first line.
fn parts(text: &str, bytes_max: usize) -> Vec<(usize, String)> {
    let mut parts: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match parts.last_mut() {
            Some((_, part)) if part.len() + line.len() < bytes_max => {
                part.push('\n');
                part.push_str(line);
            }
            _ => parts.push((number, line.to_owned())),
        }
    }
    parts
}

pub(super) async fn export(client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
    let reply = client.rpc(OperationId::ExportAlertUsers, &params.0).await?;
    output::reply(output, &reply, |value| text(&value["Users"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_lines_and_lose_none() {
        let lines: Vec<String> = (1..=50).map(|number| format!("user{number},Name")).collect();
        let parts = parts(&lines.join("\n"), 100);
        assert!(parts.len() > 5 && parts.iter().all(|(_, part)| part.len() <= 100));
        let joined: Vec<&str> = parts.iter().flat_map(|(_, part)| part.lines()).collect();
        assert_eq!(joined, lines);
        for (first, part) in &parts {
            assert!(part.starts_with(&format!("user{first},")), "{first}: {part}");
        }
    }
}
