//! `cairn sql` and `cairn query`: questions to a node, their rows in the form one needs.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use client::ClientError;

use crate::connection::{Connection, now};
use crate::marked::marked;
use crate::output::Output;
use crate::rows;
use crate::when::When;

/// The result was cut short: what was printed is true and not all.
const CUT_SHORT: u8 = 2;

/// `cairn sql`
#[derive(Debug, Args)]
#[command(after_help = "\
The tables are those a PostgreSQL client sees: events, and each Logstore by its name or as \"<project>\".\"<logstore>\". The
columns are the keys of an event, and any path in quotes.

Examples:
  cairn sql 'select eventname, count(*) from events group by 1 order by 2 desc limit 10' --from 7d
  cairn sql 'select time, \"event.userIdentity.userName\" from events where errorcode is not null' --format csv
  cairn sql 'select * from actiontrail_main' --from 2026-01-01 --format parquet --file january.parquet

Exit codes: 0 all rows, 1 failed, 2 the result was cut short.")]
pub(crate) struct Sql {
    /// The statement
    statement: String,
    #[command(flatten)]
    asked: Asked,
}

/// `cairn query`
#[derive(Debug, Args)]
#[command(after_help = "\
The language is Log Service's: conditions, and behind | a statement over what they left. Without one the newest events
are shown.

Examples:
  cairn query 'serviceName: Ecs and event.userIdentity.userName: alice'
  cairn query 'errorCode: * | select eventName, count(*) as n group by eventName order by n desc' --from 30d

Exit codes: 0 all rows, 1 failed, 2 the result was cut short.")]
pub(crate) struct Query {
    /// The query
    query: String,
    /// The table it is about: events, a Logstore, or <project>.<logstore>
    #[arg(long, value_name = "NAME", default_value = "events")]
    table: String,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, Args)]
struct Asked {
    /// Events from this time on: 2026-01-15T08:30:00Z, 2026-01-15, or how long ago (12h, 7d) [default: all]
    #[arg(long, value_name = "TIME")]
    from: Option<When>,
    /// Events before this time [default: all]
    #[arg(long, value_name = "TIME")]
    to: Option<When>,
    /// Rows at most; a longer result is cut and said to be
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    rows: Option<u64>,
    /// How to print rows [default: as --output says]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// A form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// One JSON object a line
    Json,
    /// With a header line
    Csv,
    /// A Parquet file
    Parquet,
}

impl Sql {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        self.asked.ask(vec![("sql".to_owned(), self.statement.clone())], &self.statement).await
    }
}

impl Query {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let params = vec![("query".to_owned(), self.query.clone()), ("table".to_owned(), self.table)];
        self.asked.ask(params, &self.query).await
    }
}

impl Asked {
    async fn ask(self, mut params: Vec<(String, String)>, text: &str) -> anyhow::Result<ExitCode> {
        let of_output = if self.connection.output == Output::Json { Format::Json } else { Format::Table };
        let format = self.format.unwrap_or(of_output);
        if format == Format::Parquet && self.file.is_none() && std::io::stdout().is_terminal() {
            bail!("a Parquet file is nothing for a terminal; say where to write it with --file");
        }
        let now = now();
        let mut add = |name: &str, value: Option<String>| params.extend(value.map(|value| (name.to_owned(), value)));
        add("from", self.from.map(|from| from.resolve(now).to_string()));
        add("to", self.to.map(|to| to.resolve(now).to_string()));
        add("rows", self.rows.map(|rows| rows.to_string()));
        let client = self.connection.client()?;
        let answer = match client.query(&params).await {
            Ok(answer) => answer,
            Err(ClientError::Refused(refusal)) if refusal.code == "InvalidQuery" => {
                bail!("{}", marked(text, &refusal.message));
            }
            Err(error) => return Err(error.into()),
        };
        let end = rows::write(answer, format, self.file).await?;
        if end.complete {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("cairn: these are not all rows: {} ({} rows)", end.message, end.rows);
        Ok(ExitCode::from(CUT_SHORT))
    }
}
