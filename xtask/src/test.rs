//! `cargo xtask test`: install what the tests need, then every check and every test there is.
//!
//! The order is cheap to dear, so that a wrong comma is told in seconds. This is all that `.ci/run` calls.

use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{self, Steps};
use crate::workspace::Workspace;
use crate::{install, promtool, tidy};

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Format, tidy, spelling, Python's lints, clippy.
    Lint,
    /// The Rust tests of the workspace.
    Rust,
    /// The official Python SDKs against the built binary.
    Sdk,
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Part> {
        match text {
            "lint" => Ok(Part::Lint),
            "rust" => Ok(Part::Rust),
            "sdk" => Ok(Part::Sdk),
            other => bail!("`--only {other}` is not a part of the tests; use lint, rust or sdk"),
        }
    }
}

pub(crate) fn run(workspace: &Workspace, only: Option<Part>) -> Result<()> {
    let mut steps = Steps::default();
    let result = run_parts(workspace, |part| only.is_none_or(|only| only == part), &mut steps);
    println!("\n{}", steps.summary());
    // The last line of all, where a reader looks first.
    if let Some(outcome) = result? {
        println!("SDK tests: {outcome}");
    }
    Ok(())
}

fn run_parts(workspace: &Workspace, wants: impl Fn(Part) -> bool, steps: &mut Steps) -> Result<Option<Outcome>> {
    steps.step("system packages", install::system_packages)?;
    if wants(Part::Lint) {
        steps.step("format", || command::run(workspace.cargo().args(["fmt", "--all", "--check"])))?;
        steps.step("tidy", || tidy::run(workspace))?;
        let python = steps.step("Python tools", || install::python(workspace))?;
        let tool = |name: &str| {
            let mut tool = Command::new(python.with_file_name(name));
            tool.current_dir(workspace.root());
            tool
        };
        steps.step("spelling", || command::run(&mut tool("typos")))?;
        steps.step("Python", || {
            command::run(tool("ruff").args(["format", "--check"]).args(PYTHON))?;
            command::run(tool("ruff").arg("check").args(PYTHON))
        })?;
        let promtool = steps.step("promtool", || promtool::install(workspace))?;
        steps.step("alert rules and dashboard", || promtool::check(workspace, &promtool))?;
        steps.step("clippy", || command::run(workspace.cargo().args(CLIPPY)))?;
    }
    if !wants(Part::Rust) && !wants(Part::Sdk) {
        return Ok(None);
    }
    steps.step("reference data", || check_shared(workspace))?;
    let s3_server = steps.step("S3 server", || install::s3_server(workspace))?;
    if wants(Part::Rust) {
        steps.step("Rust tests", || rust_tests(workspace, &s3_server))?;
    }
    if !wants(Part::Sdk) {
        return Ok(None);
    }
    let promtool = steps.step("promtool", || promtool::install(workspace))?;
    let python = steps.step("SDKs", || install::python(workspace))?;
    // With the workspace's features: the tests above have built all of it but the last link.
    steps.step("cairn binary", || command::run(workspace.cargo().args(["build", "--workspace", "--bin", "cairn"])))?;
    let outcome = steps.step("SDK tests", || sdk_tests(workspace, &python, &s3_server, &promtool))?;
    Ok(Some(outcome))
}

/// The folders of Python.
const PYTHON: [&str; 2] = ["tests/sdk", "crates/bench/clickhouse"];

const CLIPPY: [&str; 7] = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];

/// The tests read published samples and expected counts; without them they would say so one by one.
fn check_shared(workspace: &Workspace) -> Result<()> {
    let shared = workspace.shared();
    let there = shared.join("data/lookup_oracle/invictus.json").is_file();
    ensure!(there, "the reference data is not in {}; put it beside the repository", shared.display());
    Ok(())
}

/// Names the S3 server to the tests that start it.
const S3_SERVER_VARIABLE: &str = "CAIRN_TEST_S3S";

fn rust_tests(workspace: &Workspace, s3_server: &Path) -> Result<()> {
    let cargo = || {
        let mut cargo = workspace.cargo();
        cargo.env(S3_SERVER_VARIABLE, s3_server);
        cargo
    };
    if command::succeeds(workspace.cargo().args(["nextest", "--version"])) {
        command::run(cargo().args(["nextest", "run", "--workspace", "--no-fail-fast"]))?;
        // nextest leaves the examples in doc comments out.
        return command::run(cargo().args(["test", "--workspace", "--doc", "--quiet"]));
    }
    command::run(cargo().args(["test", "--workspace", "--no-fail-fast"]))
}

/// What pytest counted.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    passed: u32,
    failed: u32,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn sdk_tests(workspace: &Workspace, python: &Path, s3_server: &Path, promtool: &Path) -> Result<Outcome> {
    let report = workspace.target().join("sdk-tests.xml");
    let mut pytest = Command::new(python);
    pytest.current_dir(workspace.root()).args(["-m", "pytest", "tests/sdk", "--junitxml"]).arg(&report);
    pytest.env("CAIRN_BIN", workspace.target().join("debug/cairn"));
    pytest.env(S3_SERVER_VARIABLE, s3_server).env("CAIRN_TEST_PROMTOOL", promtool);
    let ended_well = command::run(&mut pytest);
    let report = std::fs::read_to_string(&report).context("pytest left no report")?;
    let outcome = Outcome::read(&report).context("pytest's report has no counts")?;
    if let Err(error) = ended_well {
        bail!("{outcome} ({error})");
    }
    ensure!(outcome.passed > 0, "no SDK test ran");
    Ok(outcome)
}

impl Outcome {
    /// Reads the counts of the first `<testsuite ...>`. A skipped test counts as failed: nothing may be skipped here.
    fn read(report: &str) -> Option<Outcome> {
        let suite = &report[report.find("<testsuite ")?..];
        let suite = &suite[..suite.find('>')?];
        let count = |name: &str| {
            let from = suite.find(&format!(" {name}=\""))? + name.len() + 3;
            suite[from..].split('"').next()?.parse::<u32>().ok()
        };
        let failed = count("failures")? + count("errors")? + count("skipped")?;
        Some(Outcome { passed: count("tests")?.saturating_sub(failed), failed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_the_report() {
        let report = r#"<?xml version="1.0"?><testsuites name="all"><testsuite name="pytest" errors="1" failures="2"
            skipped="0" tests="30" time="1.0"><testcase/></testsuite></testsuites>"#;
        assert_eq!(Outcome::read(&report.replace('\n', " ")), Some(Outcome { passed: 27, failed: 3 }));
        assert_eq!(Outcome::read("<testsuite name=\"x\">"), None);
    }
}
