//! `cairn serve`: a node, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use node::{Ended, FirstKey, Flags, Loaded, Node, Signals};
use tracing::error;

use crate::{allocator, output};

/// `cairn serve`
#[derive(Debug, Args)]
#[command(after_help = "\
The first start on an empty folder creates the management account and prints its access key, once.

Every setting can be given in a TOML file, or in the environment as CAIRN_SECTION_SETTING. --check-config prints all of \
them with their values. SIGTERM and Ctrl-C stop the node in order; SIGHUP makes it read its certificate again.

Examples:
  cairn serve --data ./cairn-data
  cairn serve --data /var/lib/cairn --config /etc/cairn/cairn.toml
  CAIRN_HISTORY_DAYS=0 cairn serve --data ./cairn-data --check-config")]
pub(crate) struct Serve {
    /// The folder everything is kept in [default: ./cairn-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "CAIRN_CONFIG")]
    config: Option<PathBuf>,
    /// Check the configuration, print what is in force, and end
    #[arg(long)]
    check_config: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let flags = Flags { data: self.data, listen: self.listen };
        let loaded = load(self.config, flags)?;
        if self.check_config {
            output::print(&loaded.shown());
            return Ok(ExitCode::SUCCESS);
        }
        node::start_log(&loaded.config.log);
        allocator::return_memory_when_idle();
        let mut signals = Signals::catch().context("could not catch signals")?;
        let starting = Node::start(&loaded.config);
        let mut node = tokio::select! {
            node = starting => node?,
            // Nothing was promised to anybody yet.
            () = signals.asked_to_stop() => return Ok(ExitCode::SUCCESS),
        };
        if let Some(key) = node.take_first_key() {
            output::print(&welcome(&key, &node.endpoint()));
        }
        output::line(&format!("listening on {}", node.endpoint()));
        let ended = signals.attend(&node).await;
        node.stop().await;
        Ok(match ended {
            Ended::Asked => ExitCode::SUCCESS,
            Ended::Failed(reason) => {
                error!(reason, "the journal failed; start again to read it back");
                ExitCode::FAILURE
            }
        })
    }
}

/// The configuration from the file, the environment and the command line.
pub(super) fn load(file: Option<PathBuf>, flags: Flags) -> anyhow::Result<Loaded> {
    // A variable that is not UTF-8 is none of ours.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Loaded::load(file.as_deref(), variables, &flags).context("the configuration cannot be used")
}

/// The first key and how to keep it.
pub(super) fn welcome(key: &FirstKey, endpoint: &str) -> String {
    let shown = output::pairs(&[
        ("account", key.account_id.to_string()),
        ("access key id", key.access_key_id.clone()),
        ("access key secret", key.access_key_secret.expose().clone()),
    ]);
    format!(
        "The management account is created. This is its access key; the secret is shown this once.\n\n{shown}\n\
         Save it for the other commands:\n  cairn profile set default --endpoint {endpoint} --access-key-id {}\n\n",
        key.access_key_id
    )
}
