//! What a command prints: a table for people, JSON for programs.

use std::io::{self, Write};

use client::Reply;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

/// How results are printed: columns for people, or the server's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    Table,
    Json,
}

/// Writes to standard output. Ends the process quietly when the reader has gone away, as after `| head`.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        let code = i32::from(error.kind() != io::ErrorKind::BrokenPipe);
        std::process::exit(code);
    }
}

/// One line of standard output.
pub(crate) fn line(text: &str) {
    print(&format!("{text}\n"));
}

/// Prints an operation's answer: as it is, or what `table` makes of it.
pub(crate) fn reply(output: Output, reply: &Reply, table: impl FnOnce(&Value) -> String) -> anyhow::Result<()> {
    let value: Value = reply.parse()?;
    match output {
        Output::Json => line(&serde_json::to_string_pretty(&value)?),
        Output::Table => print(&table(&value)),
    }
    Ok(())
}

/// Prints an operation's answer, or a sentence where it has nothing to show.
pub(crate) fn done(output: Output, answer: &Reply, sentence: &str) -> anyhow::Result<()> {
    reply(output, answer, |_| format!("{sentence}\n"))
}

/// Rows under a header, without lines, so that columns can be cut by other tools.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| one_line(&cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    trimmed(&table)
}

/// Name and value, one a line; those without a value are left out.
pub(crate) fn pairs(pairs: &[(&str, String)]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        table.add_row([(*name).to_owned(), one_line(value)]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    trimmed(&table)
}

fn trimmed(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A value of an answer as text: nothing for null, and what is inside the quotes for a text.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The entries of a list, or none.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Control characters would move a terminal's cursor; an event's values are whatever somebody sent.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_plain_columns_and_values_cannot_move_the_cursor() {
        let rows = [["trail-a".to_owned(), "Enable".to_owned()], ["b\x1b[2J\n".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "STATUS"], rows), "NAME     STATUS\ntrail-a  Enable\nb [2J\n");
        assert_eq!(pairs(&[("Key", "v".into()), ("None", String::new())]), "Key  v\n");
    }
}
