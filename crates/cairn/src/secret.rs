//! Secrets given to a command: from the environment or standard input rather than the command line, which other
//! people on the machine can read.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{Context, bail};

/// The bytes of a secret at most; the longest are session tokens of some 2 KB.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// A secret: as given, or from `variable`, or the next line of standard input, which "-" asks for too.
pub(crate) fn resolve(given: Option<String>, variable: &str, name: &str) -> anyhow::Result<String> {
    let from_variable = || std::env::var(variable).ok().filter(|value| !value.is_empty());
    let secret = match given.filter(|given| given != "-").or_else(from_variable) {
        Some(secret) => secret,
        None => read_line(name)?,
    };
    if secret.is_empty() {
        bail!("{name} is empty");
    }
    Ok(secret)
}

fn read_line(name: &str) -> anyhow::Result<String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        eprintln!("Type or paste {name}, then Enter:");
    }
    let mut line = String::new();
    let read = stdin.lock().take(SECRET_BYTES_MAX).read_line(&mut line);
    read.with_context(|| format!("could not read {name} from standard input"))?;
    Ok(line.trim().to_owned())
}
