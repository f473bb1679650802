//! The commands, one file for each group.

pub(crate) mod account;
pub(crate) mod alert;
pub(crate) mod backup;
pub(crate) mod bucket;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod policy;
pub(crate) mod profile;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod token;
pub(crate) mod trail;
pub(crate) mod user;

use std::process::ExitCode;

use api::OperationId;
use client::{Client, Reply};
use serde_json::Value;

use crate::cli::Command;
use crate::output;

/// Entries of a page of a list; the largest the operations take.
const PAGE_ITEMS: &str = "1000";

/// Does what the command line says.
pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Init(init) => init.run().await,
        Command::Demo(demo) => demo.run().await,
        Command::Doctor(doctor) => doctor.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Restore(restore) => restore.run().await,
        Command::Events(events) => events.run().await,
        Command::Sql(sql) => sql.run().await,
        Command::Query(query) => query.run().await,
        Command::Import(import) => import.run().await,
        Command::Trail(trail) => trail.run().await.map(done),
        Command::Alert(alert) => alert.run().await.map(done),
        Command::Bucket(bucket) => bucket.run().await,
        Command::Account(account) => account.run().await.map(done),
        Command::User(user) => user.run().await.map(done),
        Command::Key(key) => key.run().await.map(done),
        Command::Policy(policy) => policy.run().await.map(done),
        Command::Token(token) => token.run().await.map(done),
        Command::Profile(profile) => profile.run().map(done),
        Command::Completions(completions) => completions.run().map(done),
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Parameters of an operation, put together from options.
#[derive(Default)]
struct Params(Vec<(String, String)>);

impl Params {
    fn new() -> Self {
        Params::default()
    }

    fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// Every entry of a list that comes in pages: `path` leads to it in the answer.
async fn list_all(client: &Client, id: OperationId, params: &Params, path: &[&str]) -> anyhow::Result<Vec<Value>> {
    let mut entries = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let mut params = params.0.clone();
        params.push(("MaxItems".into(), PAGE_ITEMS.into()));
        params.extend(marker.take().map(|marker| ("Marker".to_owned(), marker)));
        let mut page: Value = client.rpc(id, &params).await?.parse()?;
        let list = path.iter().fold(&mut page, |value, key| &mut value[*key]).take();
        entries.extend(output::list(&list).cloned());
        if page["IsTruncated"] != Value::Bool(true) {
            return Ok(entries);
        }
        match page["Marker"].as_str().filter(|marker| !marker.is_empty()) {
            Some(next) => marker = Some(next.to_owned()),
            // A page that says there is more and not where would be asked for again and again.
            None => return Ok(entries),
        }
    }
}

/// Prints a list: the entries as they came, or as rows.
fn print_list<const N: usize>(
    output: output::Output,
    entries: &[Value],
    header: [&str; N],
    row: impl Fn(&Value) -> [String; N],
) -> anyhow::Result<()> {
    match output {
        output::Output::Json => output::line(&serde_json::to_string_pretty(entries)?),
        output::Output::Table => output::print(&output::table(header, entries.iter().map(row))),
    }
    Ok(())
}

/// Prints a key that was just made. Its secret is shown this once.
fn print_new_key(output: output::Output, reply: &Reply) -> anyhow::Result<()> {
    output::reply(output, reply, |value| {
        let key = &value["AccessKey"];
        let shown = output::pairs(&[
            ("Access key id", output::text(&key["AccessKeyId"])),
            ("Access key secret", output::text(&key["AccessKeySecret"])),
        ]);
        format!("{shown}\nThe secret is shown this once.\n")
    })
}
