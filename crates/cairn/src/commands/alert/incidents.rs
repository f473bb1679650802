//! Incidents, what is done about them, and silences.

use std::time::Duration;

use anyhow::bail;
use api::OperationId;
use clap::Args;
use client::Client;
use serde_json::Value;

use super::report::outline;
use crate::commands::{Params, print_list};
use crate::connection::now;
use crate::output::{self, Output, list, text};
use crate::when::When;

/// Entries of a page; the most the operations give.
const PAGE: usize = 100;

#[derive(Debug, Args)]
pub(super) struct Incidents {
    /// Only of rules of this project
    #[arg(long)]
    project: Option<String>,
    /// Only of this rule
    #[arg(long)]
    rule: Option<String>,
    /// Only in this state: firing, confirmed, ignored, resolved
    #[arg(long)]
    status: Option<String>,
    /// Only those that began after this: a time, a day, or how long ago
    #[arg(long, value_name = "WHEN")]
    since: Option<When>,
    /// At most so many
    #[arg(long, default_value = "100")]
    limit: usize,
}

impl Incidents {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
        let params = params
            .with_some("Project", self.project)
            .with_some("RuleName", self.rule)
            .with_some("Status", self.status)
            .with_some("StartTime", self.since.map(|since| since.resolve(now())));
        let incidents = pages(client, OperationId::ListAlertIncidents, &params, "Incidents", self.limit).await?;
        let row = |incident: &Value| {
            let rule = format!("{}/{}", text(&incident["Project"]), text(&incident["RuleName"]));
            let labels = incident["Labels"].as_object().into_iter().flatten();
            let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={}", text(value))).collect();
            let field = |name: &str| text(&incident[name]);
            [
                field("IncidentId"),
                field("Status"),
                field("Severity"),
                field("FireTime"),
                field("LastTime"),
                rule,
                labels.join(" "),
            ]
        };
        print_list(output, &incidents, ["INCIDENT", "STATUS", "SEVERITY", "SINCE", "LAST SEEN", "RULE", "LABELS"], row)
    }
}

/// Entries of a list that comes in numbered pages, at most `limit`.
pub(super) async fn pages(
    client: &Client,
    id: OperationId,
    params: &Params,
    name: &str,
    limit: usize,
) -> anyhow::Result<Vec<Value>> {
    let mut entries: Vec<Value> = Vec::new();
    for number in 1.. {
        let mut params = params.0.clone();
        params.push(("PageNumber".into(), number.to_string()));
        params.push(("PageSize".into(), PAGE.to_string()));
        let page: Value = client.rpc(id, &params).await?.parse()?;
        let before = entries.len();
        entries.extend(list(&page[name]).cloned());
        let is_last = entries.len() - before < PAGE;
        if is_last || entries.len() >= limit {
            break;
        }
    }
    entries.truncate(limit);
    Ok(entries)
}

pub(super) async fn show(client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
    let reply = client.rpc(OperationId::GetAlertIncident, &params.0).await?;
    output::reply(output, &reply, |value| {
        let told = outline(&value["Notifications"]);
        format!("{}\nTold:\n{told}", outline(&value["Incident"]))
    })
}

#[derive(Debug, Args)]
pub(super) struct Handle {
    /// The incident
    id: String,
    /// A word for the others
    #[arg(long)]
    note: Option<String>,
}

impl Handle {
    pub(super) async fn run(self, client: &Client, output: Output, params: Params, status: &str) -> anyhow::Result<()> {
        let params = params.with("IncidentId", &self.id).with("IncidentStatus", status).with_some("Note", self.note);
        let reply = client.rpc(OperationId::UpdateAlertIncident, &params.0).await?;
        output::done(output, &reply, &format!("{} is {status}", self.id))
    }
}

#[derive(Debug, Args)]
pub(super) struct Silence {
    /// What an alert must meet, as `labels.user==alice`, `entity.address=~10\..*`, `alert_id==root-login`; all of them
    #[arg(long = "match", value_name = "MATCHER", required = true)]
    matchers: Vec<Matcher>,
    /// For how long: 30m, 2h, 7d
    #[arg(long = "for", value_name = "SPAN", value_parser = span, conflicts_with = "until")]
    span: Option<Duration>,
    /// Until when
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
    /// Why, for whoever wonders
    #[arg(long)]
    reason: String,
}

/// A comparison: what, how, with what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Matcher {
    object: String,
    operator: &'static str,
    value: String,
}

/// Longer ones first: `>=` is not `>` and a value that begins with `=`.
const OPERATORS: [&str; 8] = ["==", "!=", "=~", "!~", ">=", "<=", ">", "<"];

impl std::str::FromStr for Matcher {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let places = OPERATORS.iter().filter_map(|operator| Some((text.find(operator)?, *operator)));
        let first = places.min_by_key(|(place, operator)| (*place, std::cmp::Reverse(operator.len())));
        match first {
            Some((place, operator)) if place > 0 => Ok(Matcher {
                object: text[..place].trim().to_owned(),
                operator,
                value: text[place + operator.len()..].trim().to_owned(),
            }),
            _ => Err(format!("write OBJECT OPERATOR VALUE, with one of {}", OPERATORS.join(" "))),
        }
    }
}

/// `30m`, `2h`, `7d`
fn span(text: &str) -> Result<Duration, String> {
    match text.parse::<When>() {
        Ok(When::Ago(span)) if !span.is_zero() => Ok(span),
        _ => Err("write how long: 30m, 2h, 7d".to_owned()),
    }
}

impl Silence {
    pub(super) async fn run(self, client: &Client, output: Output, mut params: Params) -> anyhow::Result<()> {
        let now = now();
        let until = match (self.span, self.until) {
            (Some(span), None) => now.plus(span),
            (None, Some(until)) => until.resolve(now),
            _ => bail!("say how long: --for 2h, or --until 2026-01-15T08:30:00Z"),
        };
        for (number, matcher) in (1..).zip(&self.matchers) {
            for (field, value) in
                [("Object", matcher.object.as_str()), ("Operator", matcher.operator), ("Value", &matcher.value)]
            {
                params = params.with(&format!("Matcher.{number}.{field}"), value);
            }
        }
        let params = params.with("EndTime", until).with("Reason", self.reason);
        let reply = client.rpc(OperationId::CreateAlertSilence, &params.0).await?;
        output::reply(output, &reply, |value| {
            format!("{} until {}\n", text(&value["Silence"]["SilenceId"]), text(&value["Silence"]["EndTime"]))
        })
    }
}

pub(super) async fn silences(client: &Client, output: Output, params: Params) -> anyhow::Result<()> {
    let page: Value = client.rpc(OperationId::ListAlertSilences, &params.0).await?.parse()?;
    let silences: Vec<Value> = list(&page["Silences"]).cloned().collect();
    let row = |silence: &Value| {
        let matchers = list(&silence["Matchers"]).map(|matcher| {
            format!("{}{}{}", text(&matcher["Object"]), text(&matcher["Operator"]), text(&matcher["Value"]))
        });
        let matchers: Vec<String> = matchers.collect();
        let field = |name: &str| text(&silence[name]);
        [
            field("SilenceId"),
            matchers.join(" and "),
            field("StartTime"),
            field("EndTime"),
            field("Creator"),
            field("Reason"),
        ]
    };
    print_list(output, &silences, ["SILENCE", "ALERTS", "FROM", "UNTIL", "BY", "REASON"], row)
}

pub(super) async fn unsilence(client: &Client, output: Output, params: Params, id: &str) -> anyhow::Result<()> {
    let reply = client.rpc(OperationId::DeleteAlertSilence, &params.with("SilenceId", id).0).await?;
    output::done(output, &reply, &format!("{id} is over"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_cut_at_their_first_operator() {
        let cut = |text: &str| text.parse::<Matcher>().map(|each| (each.object, each.operator, each.value));
        let is = |object: &str, operator, value: &str| Ok((object.to_owned(), operator, value.to_owned()));
        assert_eq!(cut("labels.user==alice"), is("labels.user", "==", "alice"));
        assert_eq!(cut("entity.address =~ 10\\..*"), is("entity.address", "=~", "10\\..*"));
        assert_eq!(cut("severity>=8"), is("severity", ">=", "8"));
        assert_eq!(cut("severity>8"), is("severity", ">", "8"));
        assert_eq!(cut("labels.query!=a==b"), is("labels.query", "!=", "a==b"));
        for wrong in ["", "labels.user", "==alice", "labels.user=alice"] {
            assert!(cut(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(span("2h"), Ok(Duration::from_secs(7200)));
        assert!(span("2026-01-15").is_err() && span("now").is_err());
    }
}
