//! The questions: what Log Service's clients send, and what ClickHouse is asked instead.

use anyhow::{Result, ensure};
use model::{Attribute, Timestamp};
use serde::Serialize;
use store::{Condition, Lookup};

use crate::options::Options;
use crate::questions::Questions;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Log Service's own page.
const PAGE: usize = 100;

/// What is asked for, and so what the aim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The newest events of a search.
    Page,
    /// How many there are, by time.
    Histogram,
    /// A statement.
    Sql,
}

/// One question.
pub(crate) struct Ask {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) query: String,
    pub(crate) from: Timestamp,
    pub(crate) before: Timestamp,
    pub(crate) clickhouse: String,
}

/// Rows of an answer, each as tab-separated text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rows(pub(crate) Vec<String>);

impl Rows {
    /// Pages are told by their size: among events of one second either may be shown. Of counts every row must be there.
    pub(super) fn check_same(&self, theirs: &Rows, ask: &Ask) -> Result<()> {
        if ask.kind == Kind::Page {
            let (ours, theirs) = (self.0.len(), theirs.0.len());
            ensure!(ours == theirs, "{}: Cairn found {ours} events, ClickHouse {theirs}", ask.name);
            return Ok(());
        }
        let sorted = |rows: &Rows| {
            let mut rows = rows.0.clone();
            rows.sort_unstable();
            rows
        };
        let (ours, theirs) = (sorted(self), sorted(theirs));
        let differs = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        ensure!(
            ours.len() == theirs.len() && differs.is_none(),
            "{}: Cairn has {} rows, ClickHouse {}; the first that differ: {differs:?}",
            ask.name,
            ours.len(),
            theirs.len()
        );
        Ok(())
    }
}

/// Everything that is asked.
pub(crate) fn all(options: &Options, questions: &Questions) -> Vec<Ask> {
    let (start, end) = options.span();
    let of_account = Table { account: questions.account().to_string(), start, end };
    let mut asks: Vec<Ask> =
        questions.kinds.iter().filter_map(|kind| of_account.as_lookup(kind.name, &kind.lookups)).collect();
    asks.extend(of_account.searches());
    asks.extend(of_account.histograms());
    asks.extend(of_account.statements());
    asks.retain(|ask| ask.name.contains(&options.only));
    asks
}

struct Table {
    account: String,
    start: Timestamp,
    end: Timestamp,
}

impl Table {
    fn clickhouse(&self, what: &str, condition: &str, rest: &str, from: Timestamp, before: Timestamp) -> String {
        let time = |at: Timestamp| format!("fromUnixTimestamp64Milli({}, 'UTC')", at.0);
        format!(
            "SELECT {what} FROM bench.events WHERE account = {} AND event_time >= {} AND event_time < {} AND {condition} {rest}",
            self.account,
            time(from),
            time(before)
        )
    }

    fn page(&self, name: &str, query: &str, condition: &str) -> Ask {
        let rest = format!("ORDER BY event_time DESC LIMIT {PAGE}");
        Ask {
            name: format!("page: {name}"),
            kind: Kind::Page,
            query: query.to_owned(),
            from: self.start,
            before: self.end,
            clickhouse: self.clickhouse("raw", condition, &rest, self.start, self.end),
        }
    }

    /// A question of the lookups as a search: its middle subject, neither the busiest nor the rarest.
    fn as_lookup(&self, name: &str, lookups: &[Lookup]) -> Option<Ask> {
        let lookup = lookups.get(lookups.len() / 2)?;
        let [condition] = lookup.conditions.as_slice() else { return None };
        let (query, condition) = match condition {
            Condition::Is(attribute, value) => {
                let (path, column) = names(*attribute)?;
                let (quoted, literal) = (value.replace('"', "\\\""), value.replace('\'', "\\'"));
                let condition = match attribute {
                    Attribute::ResourceName => format!("has({column}, '{literal}')"),
                    _ => format!("{column} = '{literal}'"),
                };
                (format!("event.{path}: \"{quoted}\""), condition)
            }
            Condition::Text(text) => (format!("\"{text}\""), format!("hasAllTokens(raw, '{text}')")),
            Condition::AnyOf(_) | Condition::Category(_) => return None,
        };
        Some(self.page(name, &query, &condition))
    }

    fn searches(&self) -> Vec<Ask> {
        vec![
            self.page("newest 100", "*", "1"),
            self.page("errors", "event.errorCode: *", "error_code != ''"),
            self.page(
                "two conditions and a negation",
                "event.serviceName: Ecs and event.errorCode: * and not event.eventRW: Read",
                "service_name = 'Ecs' AND error_code != '' AND event_rw != 'Read'",
            ),
            self.page("a prefix", "event.eventName: Delete*", "startsWith(event_name, 'Delete')"),
            self.page(
                "one of three names",
                "event.eventName: DeleteInstance or event.eventName: StopInstance or event.eventName: CreateUser",
                "event_name IN ('DeleteInstance', 'StopInstance', 'CreateUser')",
            ),
        ]
    }

    fn histogram(&self, name: &str, query: &str, condition: &str, from: Timestamp) -> Ask {
        // Log Service chooses how long a bar is: half an hour in a day.
        let what = "toUnixTimestamp(toStartOfInterval(event_time, INTERVAL 30 MINUTE)) AS bar, count()";
        Ask {
            name: format!("histogram: {name}"),
            kind: Kind::Histogram,
            query: query.to_owned(),
            from,
            before: self.end,
            clickhouse: self.clickhouse(what, condition, "GROUP BY bar", from, self.end),
        }
    }

    fn histograms(&self) -> Vec<Ask> {
        let last_day = Timestamp(self.end.0 - DAY_MS);
        vec![
            self.histogram("the last 24 hours", "*", "1", last_day),
            self.histogram("errors of the last 24 hours", "event.errorCode: *", "error_code != ''", last_day),
        ]
    }

    fn sql(&self, name: &str, query: &str, what: &str, condition: &str, rest: &str) -> Ask {
        Ask {
            name: format!("SQL: {name}"),
            kind: Kind::Sql,
            query: query.to_owned(),
            from: self.start,
            before: self.end,
            clickhouse: self.clickhouse(what, condition, rest, self.start, self.end),
        }
    }

    /// ClickHouse is asked for the columns in the order of their names, as a row of GetLogs has them.
    fn statements(&self) -> Vec<Ask> {
        vec![
            self.sql(
                "count by name",
                r#"* | select "event.eventName" as name, count(1) as n group by name limit 100000"#,
                "count(), event_name",
                "1",
                "GROUP BY event_name",
            ),
            self.sql(
                "errors by hour",
                r#"event.errorCode: * | select __time__ - __time__ % 3600 as hour, count(1) as n group by hour limit 100000"#,
                "toUnixTimestamp(toStartOfHour(event_time)) AS hour, count()",
                "error_code != ''",
                "GROUP BY hour",
            ),
            self.sql(
                "top 20 users",
                r#"event.userIdentity.userName: * | select "event.userIdentity.userName" as name, count(1) as n group by name order by n desc, name limit 20"#,
                "count() AS n, user_name",
                "user_name != ''",
                "GROUP BY user_name ORDER BY n DESC, user_name LIMIT 20",
            ),
            self.sql(
                "distinct addresses of each key",
                r#"event.userIdentity.accessKeyId: * | select "event.userIdentity.accessKeyId" as key, count(distinct "event.sourceIpAddress") as n group by key limit 100000"#,
                "access_key_id, uniqExact(source_ip_address)",
                "access_key_id != ''",
                "GROUP BY access_key_id",
            ),
        ]
    }
}

/// The path in the event, and ClickHouse's column.
fn names(attribute: Attribute) -> Option<(&'static str, &'static str)> {
    Some(match attribute {
        Attribute::EventId => ("eventId", "event_id"),
        Attribute::User => ("userIdentity.userName", "user_name"),
        Attribute::ResourceName => ("resourceName", "resource_names"),
        Attribute::EventAccessKeyId => ("userIdentity.accessKeyId", "access_key_id"),
        Attribute::EventName => ("eventName", "event_name"),
        _ => return None,
    })
}
