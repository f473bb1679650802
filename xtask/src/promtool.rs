//! The alert rules and the dashboard's questions, checked by Prometheus' own tool.
//!
//! `promtool` comes with Debian's package `prometheus`. It is unpacked into `target/tools` and not installed: nobody
//! wants a Prometheus server to start on a machine because tests ran on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::command;
use crate::workspace::Workspace;

const RULES: &str = "deploy/prometheus/cairn.rules.yml";
const RULES_TEST: &str = "deploy/prometheus/cairn.rules.test.yml";
const DASHBOARD: &str = "deploy/grafana/cairn.json";

/// The program: the machine's own, or one that is unpacked once.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let works = |program: &Path| command::succeeds(Command::new(program).arg("--version"));
    let unpacked = workspace.tools().join("prometheus/usr/bin/promtool");
    for program in [PathBuf::from("promtool"), unpacked.clone()] {
        if works(&program) {
            println!("{} is there", program.display());
            return Ok(program);
        }
    }
    let folder = workspace.tools().join("prometheus");
    create_folder(&folder)?;
    let download = || command::run(Command::new("apt-get").args(["download", "prometheus"]).current_dir(&folder));
    if download().is_err() {
        // The lists of packages may be missing or old. Only root can renew them.
        command::run(Command::new("apt-get").arg("update"))
            .and_then(|()| download())
            .context("could not get promtool; install Debian's package prometheus, or Prometheus' own release")?;
    }
    let package = package_in(&folder)?;
    command::run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&folder))?;
    ensure!(works(&unpacked), "{} does not run", unpacked.display());
    Ok(unpacked)
}

/// Checks the rules, runs their tests, and checks that the dashboard's questions are well-formed.
pub(crate) fn check(workspace: &Workspace, promtool: &Path) -> Result<()> {
    let run = |arguments: &[&str]| command::run(Command::new(promtool).current_dir(workspace.root()).args(arguments));
    run(&["check", "rules", RULES])?;
    run(&["test", "rules", RULES_TEST])?;
    let dashboard = std::fs::read_to_string(workspace.path(DASHBOARD)).context("could not read the dashboard")?;
    let dashboard: Value = serde_json::from_str(&dashboard).context("the dashboard is not JSON")?;
    let questions = questions(&dashboard);
    ensure!(!questions.is_empty(), "{DASHBOARD} asks nothing");
    let rules = workspace.target().join("dashboard.rules.yml");
    write(&rules, &as_rules(&questions))?;
    run(&["check", "rules", &rules.display().to_string()])
}

fn package_in(folder: &Path) -> Result<PathBuf> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            return Ok(path);
        }
    }
    bail!("apt-get left no package in {}", folder.display())
}

/// Every query of the dashboard, with values for Grafana's own variables.
fn questions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().into_iter().flatten();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let annotations = dashboard["annotations"]["list"].as_array().into_iter().flatten();
    let expressions = targets.chain(annotations).filter_map(|each| each["expr"].as_str());
    let filled = |expression: &str| {
        expression.replace("$__rate_interval", "5m").replace("$__range", "1h").replace("$instance", ".*")
    };
    expressions.map(filled).collect()
}

/// Rules that record the queries: `promtool` reads rules, and no dashboards. JSON's quotes are YAML's too.
fn as_rules(questions: &[String]) -> String {
    let rule = |(number, question): (usize, &String)| {
        format!("  - record: dashboard:question:{number}\n    expr: {}\n", Value::from(question.as_str()))
    };
    let rules: String = questions.iter().enumerate().map(rule).collect();
    format!("groups:\n- name: dashboard\n  rules:\n{rules}")
}

// Chores run on the machine itself: there is no simulated disk to go through.
#[allow(clippy::disallowed_methods)]
fn create_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))
}

#[allow(clippy::disallowed_methods)]
fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_panels_and_annotations_become_rules() {
        let dashboard = serde_json::json!({
            "panels": [{ "type": "row" }, { "targets": [{ "expr": "rate(a{instance=~\"$instance\"}[$__rate_interval])" }] }],
            "annotations": { "list": [{ "expr": "b" }] },
        });
        let questions = questions(&dashboard);
        assert_eq!(questions, ["rate(a{instance=~\".*\"}[5m])", "b"]);
        assert!(as_rules(&questions).ends_with(
            "  - record: dashboard:question:0\n    expr: \"rate(a{instance=~\\\".*\\\"}[5m])\"\n  \
             - record: dashboard:question:1\n    expr: \"b\"\n"
        ));
    }
}
