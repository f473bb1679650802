//! Running other programs: say what is run, how long it took, and stop at the first that fails.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Steps of a chore with the time each took, printed as they go and once more at the end.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// Runs one step; its name is a fragment such as `format`.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n==> {name}");
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        println!("<== {name}: {} in {:.1} s", if result.is_ok() { "ok" } else { "FAILED" }, took.as_secs_f64());
        self.done.push((name.to_owned(), took));
        result.with_context(|| format!("step `{name}` failed"))
    }

    /// One line per step.
    pub(crate) fn summary(&self) -> String {
        let lines = self.done.iter().map(|(name, took)| format!("  {name:<28} {:>7.1} s\n", took.as_secs_f64()));
        lines.collect()
    }
}

/// Runs a program with its output shown, without standard input, so nothing can wait for an answer.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", shown(command));
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("could not start {}", shown(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a program and returns what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("could not start {}", shown(command)))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", shown(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is not UTF-8", shown(command)))
}

/// Whether a program runs and ends well. Says nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).expect_err("it fails");
        assert!(error.to_string().contains("sh -c exit 3"), "{error}");
        assert!(run(&mut Command::new("no-such-program-here")).is_err());
        assert!(succeeds(&mut Command::new("true")) && !succeeds(&mut Command::new("false")));
    }

    #[test]
    fn a_failing_step_is_named_and_timed() {
        let mut steps = Steps::default();
        assert!(steps.step("first", || Ok(1)).is_ok());
        let error = steps.step("second", || -> Result<()> { bail!("no") }).expect_err("it fails");
        assert_eq!(format!("{error:#}"), "step `second` failed: no");
        assert!(steps.summary().contains("first") && steps.summary().contains("second"));
    }
}
