//! What the tests need beyond Rust: a Python environment with the official SDKs, and an S3 server. And what the bench
//! needs: a Python environment with ClickHouse.
//!
//! Everything lands in the repository's ignored folders (`.venv`, `target/tools`) and is left alone when it is there
//! already. Debian packages are installed only when something is missing and only as root; otherwise the message says
//! what to install.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::workspace::Workspace;

/// The S3 server of the tests and its version.
const S3_SERVER: (&str, &str) = ("s3s-fs", "0.14.1");
const REQUIREMENTS: &str = "tests/sdk/requirements.txt";
const CLICKHOUSE_REQUIREMENTS: &str = "crates/bench/clickhouse/requirements.txt";

/// A program that must work, and the Debian package that brings it.
struct Needed {
    program: &'static str,
    arguments: &'static [&'static str],
    package: &'static str,
}

const NEEDED: [Needed; 5] = [
    Needed { program: "git", arguments: &["--version"], package: "git" },
    Needed { program: "cc", arguments: &["--version"], package: "build-essential" },
    Needed { program: "python3", arguments: &["--version"], package: "python3" },
    Needed { program: "python3", arguments: &["-c", "import ensurepip, venv"], package: "python3-venv" },
    Needed { program: "psql", arguments: &["--version"], package: "postgresql-client" },
];

/// Debian packages, when something is missing.
pub(crate) fn system_packages() -> Result<()> {
    let works = |needed: &Needed| command::succeeds(Command::new(needed.program).args(needed.arguments));
    let missing: Vec<&str> = NEEDED.iter().filter(|needed| !works(needed)).map(|needed| needed.package).collect();
    if missing.is_empty() {
        println!("nothing is missing");
        return Ok(());
    }
    let packages = missing.join(" ");
    if !command::succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0 && command -v apt-get"])) {
        bail!("these are missing and only root on Debian can install them from here; run: apt-get install {packages}");
    }
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    command::run(apt().arg("update"))?;
    command::run(apt().args(["install", "-y", "--no-install-recommends"]).args(&missing))
}

/// The Python of the virtual environment with the pinned SDKs in it.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf> {
    virtual_environment(workspace, &workspace.path(".venv"), REQUIREMENTS)
}

/// A Python with ClickHouse in it, which only the bench needs: half a gigabyte.
pub(crate) fn clickhouse(workspace: &Workspace) -> Result<PathBuf> {
    virtual_environment(workspace, &workspace.path("target/bench-clickhouse"), CLICKHOUSE_REQUIREMENTS)
}

fn virtual_environment(workspace: &Workspace, folder: &Path, requirements: &str) -> Result<PathBuf> {
    let python = folder.join("bin/python");
    let requirements = workspace.path(requirements);
    let wanted = read(&requirements)?;
    let stamp = folder.join("installed-requirements.txt");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        println!("{} is current", folder.display());
        return Ok(python);
    }
    if !command::succeeds(Command::new(&python).args(["-m", "pip", "--version"])) {
        command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"]);
    command::run(pip.arg(&requirements))?;
    write(&stamp, &wanted)?;
    Ok(python)
}

/// The S3 server the Rust tests start; they look for it in `target/tools/bin`.
pub(crate) fn s3_server(workspace: &Workspace) -> Result<PathBuf> {
    let (name, version) = S3_SERVER;
    let tools = workspace.tools();
    let program = tools.join("bin").join(name);
    let listed = std::fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    if program.exists() && listed.contains(&format!("\"{name} {version} ")) {
        println!("{} {version} is there", program.display());
        return Ok(program);
    }
    let mut cargo = workspace.cargo();
    cargo.args(["install", "--locked", "--version", version, "--features", "binary", "--root"]).arg(&tools).arg(name);
    // Apart from the workspace's own artefacts: other features of the same crates would make both build again.
    command::run(cargo.env("CARGO_TARGET_DIR", workspace.path("target/tools-build")))?;
    Ok(program)
}

// Chores run on the machine itself: there is no simulated disk to go through.
#[allow(clippy::disallowed_methods)]
fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}
