//! `cairn events put`: a file or standard input, at once.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::connection::Connection;
use crate::ingest::batch::{Plan, gather};
use crate::ingest::{Addressee, upload};
use crate::output::{self, Output};

/// Some events were refused.
const SOME_REFUSED: u8 = 2;
/// Events of one request; a small file is one request, and a stream is put soon.
const BATCH_EVENTS: usize = 2000;
/// Refusals that are shown one by one.
const SHOWN_REFUSALS_MAX: u64 = 20;

/// `cairn events put`
#[derive(Debug, Args)]
#[command(after_help = "\
The file holds one event a line (NDJSON), a JSON array, or one object; plain, gzip or zstd. An event needs an eventId \
and an eventTime; everything else is kept as it is. Sending it again does no harm: an eventId is stored once. The exit \
code is 2 when some events were refused. `cairn import` is for large files.

With CAIRN_TOKEN set to an ingest token no access key is needed.

Examples:
  cairn events put events.ndjson
  echo '{\"eventId\":\"1\",\"eventTime\":\"2026-01-15T08:30:00Z\"}' | cairn events put -
  cairn events put all-accounts.json.gz --account from-event")]
pub(super) struct Put {
    /// The file; "-" is standard input
    file: PathBuf,
    /// The account the events are for: its id, or from-event to let each event say [default: the key's own]
    #[arg(long, value_name = "ID|from-event")]
    account: Option<Addressee>,
    #[command(flatten)]
    connection: Connection,
}

impl Put {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let client = self.connection.client_for_events()?;
        let plan =
            Plan { path: self.file, skip: 0, batch_events: BATCH_EVENTS, shift_milliseconds: None, compress: false };
        let (mut accepted, mut duplicates, mut refused) = (0, 0, 0);
        let batches = gather(plan, Arc::default());
        upload::send(&client, self.account.as_ref(), batches, |answer| {
            accepted += answer.accepted;
            duplicates += answer.duplicates;
            for each in &answer.refused {
                refused += 1;
                if refused <= SHOWN_REFUSALS_MAX {
                    eprintln!("event {} was refused: {}: {}", each.index, each.code, each.message);
                }
            }
            Ok(())
        })
        .await?;
        if refused > SHOWN_REFUSALS_MAX {
            eprintln!("... and {} more; `cairn import` writes them all to a file", refused - SHOWN_REFUSALS_MAX);
        }
        match self.connection.output {
            Output::Json => {
                output::line(&json!({ "Accepted": accepted, "Duplicates": duplicates, "Refused": refused }).to_string())
            }
            Output::Table => {
                output::line(&format!("{accepted} accepted, {duplicates} known already, {refused} refused"));
            }
        }
        Ok(if refused > 0 { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
    }
}
