use std::path::Path;

use clap::{Command, CommandFactory};

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

/// The help of every command as a person sees it on a terminal of 100 columns, kept in `help.txt`. After a change run
/// the test with `UPDATE_SNAPSHOTS=1` and read the difference.
#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads and writes its snapshot")]
fn help_is_as_it_was_reviewed() {
    let mut shown = String::new();
    append_help(Cli::command().term_width(100), "cairn", &mut shown);
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/help.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &shown).expect("written");
    }
    let kept = std::fs::read(path).unwrap_or_default();
    let kept = String::from_utf8(kept).expect("UTF-8");
    if let Some((place, (is, was))) = shown.lines().zip(kept.lines()).enumerate().find(|(_, (is, was))| is != was) {
        panic!("help.txt line {}:\n  was: {was}\n  is:  {is}\nUPDATE_SNAPSHOTS=1 takes the new text", place + 1);
    }
    assert_eq!(shown.lines().count(), kept.lines().count(), "UPDATE_SNAPSHOTS=1 takes the new text");
}

fn append_help(mut command: Command, path: &str, into: &mut String) {
    command.build();
    let shows_connection = path == "cairn events lookup";
    let command = command.mut_args(|argument| {
        let is_common = argument.get_help_heading() == Some("Connection");
        // Values of the tester's environment are no part of the text, and one command shows what all have.
        argument.hide_env_values(true).hide(is_common && !shows_connection)
    });
    into.push_str(&format!("=== {path} --help\n"));
    for line in command.clone().bin_name(path).render_help().to_string().lines() {
        into.push_str(line.trim_end());
        into.push('\n');
    }
    into.push('\n');
    for each in command.get_subcommands().filter(|each| each.get_name() != "help") {
        append_help(each.clone().term_width(100), &format!("{path} {}", each.get_name()), into);
    }
}
