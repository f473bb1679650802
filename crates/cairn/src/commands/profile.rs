//! `cairn profile`: where a node is and the key to use, under a name.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use client::Endpoint;

use crate::profiles::{self, DEFAULT, Profiles};
use crate::{output, secret};

/// Where the official SDKs look for it.
const SECRET_VARIABLE: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";

/// `cairn profile`
#[derive(Debug, Args)]
pub(crate) struct Profile {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
enum ProfileCommand {
    /// Save a profile, or change what is given of a saved one
    #[command(after_help = "\
The profile \"default\" is used when a command names none and the environment holds no key. Profiles are kept in \
~/.config/cairn/profiles.toml, which only you can read.

Examples:
  cairn profile set default --access-key-id LTAI5tExample        asks for the secret
  echo \"$SECRET\" | cairn profile set prod --endpoint https://audit.example.com \\
      --access-key-id LTAI5tExample --access-key-secret -")]
    Set(Set),
    /// List the saved profiles
    List,
    /// Forget a profile
    Delete {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
struct Set {
    /// Its name; "default" is used when none is named
    name: String,
    /// Where the node is
    #[arg(long, value_name = "URL")]
    endpoint: Option<Endpoint>,
    /// The access key's id
    #[arg(long, value_name = "ID")]
    access_key_id: Option<String>,
    /// The access key's secret. Others on this machine can see command lines: with "-", or when left out, it is read
    /// from ALIBABA_CLOUD_ACCESS_KEY_SECRET or else from standard input
    #[arg(long, value_name = "SECRET")]
    access_key_secret: Option<String>,
    /// The region calls are for
    #[arg(long)]
    region: Option<String>,
    /// A certificate authority (PEM) to trust beside the usual ones
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Profile {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.command {
            ProfileCommand::Set(set) => set.run(),
            ProfileCommand::List => list(),
            ProfileCommand::Delete { name } => delete(&name),
        }
    }
}

impl Set {
    fn run(self) -> anyhow::Result<()> {
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(valid) {
            bail!("{:?} is no name for a profile; use up to 64 letters, digits, `-`, `_` and `.`", self.name);
        }
        let mut profiles = Profiles::read()?;
        let profile = profiles.0.entry(self.name.clone()).or_default();
        let is_new_key = self.access_key_id.is_some() && self.access_key_id != profile.access_key_id;
        if is_new_key || self.access_key_secret.is_some() {
            let secret = secret::resolve(self.access_key_secret, SECRET_VARIABLE, "the access key secret")?;
            profile.access_key_secret = Some(secret);
        }
        let changes = [
            (&mut profile.endpoint, self.endpoint.map(|endpoint| endpoint.to_string())),
            (&mut profile.access_key_id, self.access_key_id),
            (&mut profile.region, self.region),
        ];
        for (setting, given) in changes {
            *setting = given.or(setting.take());
        }
        if let Some(path) = self.ca_file {
            let absolute = std::path::absolute(&path).with_context(|| format!("{} is no path", path.display()))?;
            profile.ca_file = Some(absolute);
        }
        profiles.write()?;
        let path = profiles::path()?;
        let usage = if self.name == DEFAULT { String::new() } else { format!("; use it with --profile {}", self.name) };
        output::line(&format!("saved profile {} in {}{usage}", self.name, path.display()));
        Ok(())
    }
}

fn list() -> anyhow::Result<()> {
    let profiles = Profiles::read()?;
    let rows = profiles.0.into_iter().map(|(name, profile)| {
        let key = profile.access_key_id.unwrap_or_default();
        [name, profile.endpoint.unwrap_or_default(), key, profile.region.unwrap_or_default()]
    });
    output::print(&output::table(["NAME", "ENDPOINT", "ACCESS KEY ID", "REGION"], rows));
    Ok(())
}

fn delete(name: &str) -> anyhow::Result<()> {
    let mut profiles = Profiles::read()?;
    profiles.find(name)?;
    profiles.0.remove(name);
    profiles.write()?;
    output::line(&format!("forgot profile {name}"));
    Ok(())
}
