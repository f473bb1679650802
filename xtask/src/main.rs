//! Repository chores: `cargo xtask test | tidy | docs | fixture | bench | soak`.
//!
//! Everything a newcomer or a build machine has to do beyond `cargo build` is here, in Rust, with no other tool to
//! install first. Each chore is one module; `command` runs programs and `workspace` knows where things are.

mod bench;
mod command;
mod docs;
mod fixture;
mod install;
mod promtool;
mod soak;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask <chore>

  test [--only lint|rust|sdk]   install what the tests need and run them all, or one part
  tidy                          check layers, fences, sizes, docs, links and licences
  docs [--check]                write the pages of the operations from their table, or check that they are current
  fixture                       write tests/fixtures/v1 anew: data as this version writes it, which later ones must read
  bench [--events N] [--no-clickhouse] [--cold N] [--folder FOLDER] [--seed N] [--json FILE]
                                measure writing, size, lookups and restarts on a release build, beside ClickHouse
                                (default 200,000 events)
  soak [--minutes N] [--rate EVENTS_PER_SECOND | --load SHARE] [--seed N]
                                put half of the full rate for 30 minutes and say whether memory or open files grow
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::find();
    match arguments.as_slice() {
        ["test"] => test::run(&workspace, None),
        ["test", "--only", part] => test::run(&workspace, Some(part.parse()?)),
        ["tidy"] => tidy::run(&workspace),
        ["docs"] => docs::write(&workspace),
        ["docs", "--check"] => docs::check(&workspace),
        ["fixture"] => fixture::write(&workspace),
        ["bench", rest @ ..] => bench::run(&workspace, rest),
        ["soak", rest @ ..] => soak::run(&workspace, rest),
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("`cargo xtask {}` is not a chore\n\n{USAGE}", other.join(" ")),
    }
}
