//! `cairn demo`: a node with a week of made-up events, a trail, and what to try on it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use node::{Ended, Flags, Node, Signals};

use super::serve;
use crate::demo::{guide, key, scene};
use crate::output;

/// Delivered objects should be seen while somebody looks; a node of one's own waits a minute.
const DELIVERY_AGE_SECONDS: u64 = 5;

/// `cairn demo`
#[derive(Debug, Args)]
#[command(after_help = "\
Everything is kept in the data folder; a second demo on it goes on with what is there. Delete the folder, and the file \
beside it that ends with .master-key, to be rid of it.

Examples:
  cairn demo
  cairn demo --data /tmp/demo --events 50000 --listen 127.0.0.1:9000")]
pub(crate) struct Demo {
    /// The folder everything is kept in
    #[arg(long, value_name = "DIR", default_value = "./cairn-demo-data")]
    data: PathBuf,
    /// Made-up events over the last seven days
    #[arg(long, value_name = "N", default_value = "4000", value_parser = clap::value_parser!(u64).range(0..=10_000_000))]
    events: u64,
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Stop after this many seconds, as tests need it
    #[arg(long, value_name = "SECONDS")]
    exit_after: Option<u64>,
}

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let flags = Flags { data: Some(self.data.clone()), listen: Some(self.listen) };
        let mut config = serve::load(None, flags)?.config;
        config.delivery.age_seconds = DELIVERY_AGE_SECONDS;
        // The guide is what a person should read; warnings still come through.
        if std::env::var_os("RUST_LOG").is_none() {
            config.log.level = "warn".into();
        }
        node::start_log(&config.log);
        let mut signals = Signals::catch().context("could not catch signals")?;
        let mut node = Node::start(&config).await?;
        let first = node.take_first_key();
        let key = match key::keep(&self.data, first.as_ref()) {
            Ok(key) => key,
            Err(error) => {
                node.stop().await;
                return Err(error);
            }
        };
        let endpoint = node.endpoint();
        let showing = async {
            let set = scene::set(&self.data, &endpoint, &key, self.events).await?;
            output::print(&guide::text(&endpoint, &key, &set));
            anyhow::Ok(())
        };
        let shown = tokio::select! {
            shown = showing => shown,
            () = signals.asked_to_stop() => {
                node.stop().await;
                return Ok(ExitCode::SUCCESS);
            }
        };
        let ended = match (&shown, self.exit_after) {
            (Err(_), _) => Ended::Asked,
            (Ok(()), None) => signals.attend(&node).await,
            (Ok(()), Some(seconds)) => {
                let time_is_up = tokio::time::sleep(Duration::from_secs(seconds));
                tokio::select! {
                    ended = signals.attend(&node) => ended,
                    () = time_is_up => Ended::Asked,
                }
            }
        };
        node.stop().await;
        shown.context("could not set the scene")?;
        match ended {
            Ended::Asked => Ok(ExitCode::SUCCESS),
            Ended::Failed(reason) => anyhow::bail!("the journal failed: {reason}"),
        }
    }
}
