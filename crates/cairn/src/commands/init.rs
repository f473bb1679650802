//! `cairn init`: the management account and its key, without starting a node.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use node::Flags;
use serde_json::json;

use super::serve;
use crate::output;

/// `cairn init`
#[derive(Debug, Args)]
#[command(after_help = "\
The first start of `cairn serve` does the same; this is for scripts, which can take the key from the JSON.

Examples:
  cairn init --data ./cairn-data
  cairn init --data ./cairn-data --json | jq -r .access_key_id")]
pub(crate) struct Init {
    /// The data folder [default: ./cairn-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "CAIRN_CONFIG")]
    config: Option<PathBuf>,
    /// When every key is lost: make another for the management account; the node must not be running
    #[arg(long)]
    new_key: bool,
    /// Print {"account_id", "access_key_id", "access_key_secret"}
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let loaded = serve::load(self.config, Flags { data: self.data, listen: None })?;
        let config = &loaded.config;
        let key = match self.new_key {
            true => Some(node::renew_key(config).await?),
            false => node::initialise(config).await?,
        };
        let Some(key) = key else {
            bail!(
                "{} has its management account already, and keys are shown once; with one of its keys, `cairn key \
                 create` makes another, and without any `cairn init --new-key` does",
                config.data.display()
            );
        };
        if self.json {
            let shown = json!({
                "account_id": key.account_id,
                "access_key_id": key.access_key_id,
                "access_key_secret": key.access_key_secret.expose(),
            });
            output::line(&shown.to_string());
        } else {
            output::print(&serve::welcome(&key, &format!("http://{}", config.listen)));
            output::line(&format!("Start the node with: cairn serve --data {}", config.data.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
