//! `cairn import`: files full of events, continued where an earlier run stopped.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use client::{Client, Credentials, Patience};
use indicatif::HumanCount;
use model::Timestamp;
use model::limits::REQUEST_EVENTS_MAX;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::connection::{Connection, now};
use crate::files;
use crate::ingest::batch::{Plan, gather};
use crate::ingest::progress::Progress;
use crate::ingest::reader::{EventReader, Piece};
use crate::ingest::refused::Report;
use crate::ingest::sources::{self, Source};
use crate::ingest::state::StateFile;
use crate::ingest::{Addressee, shift, upload};
use crate::output::{self, Output};

/// Some events were refused.
const SOME_REFUSED: u8 = 2;

/// `cairn import`
#[derive(Debug, Args)]
#[command(after_help = "\
Files hold one event a line (NDJSON), a JSON array, or objects one after the other; plain, gzip or zstd. A folder is \
read with the folders in it, in the order of names.

An interrupted import goes on where it was when the same command is given again; a finished file is not read again. \
How far each file got is kept under ~/.local/state/cairn/import. Sending events twice does no harm: an eventId is \
stored once.

Refused events are written to FILE.refused.ndjson with the reason; the exit code is then 2.

Examples:
  cairn import audit.ndjson.gz
  cairn import ./archive --account from-event
  cairn import old-samples.json --shift-to-now")]
pub(crate) struct Import {
    /// The file, or the folder of files
    path: PathBuf,
    /// The account the events are for: its id, or from-event to let each event say [default: the key's own]
    #[arg(long, value_name = "ID|from-event")]
    account: Option<Addressee>,
    /// Move all events in time by the same span, so that the newest happens now
    #[arg(long)]
    shift_to_now: bool,
    /// Events of one request
    #[arg(long, value_name = "N", default_value = "2000", value_parser = clap::value_parser!(u32).range(1..=REQUEST_EVENTS_MAX as i64))]
    batch: u32,
    /// Forget what earlier runs did and begin again
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What became of all files together, earlier runs included.
#[derive(Debug, Default)]
struct Totals {
    files: u64,
    files_done_before: u64,
    accepted: u64,
    duplicates: u64,
    refused: u64,
    /// Answered for by this run.
    events_now: u64,
}

impl Import {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let client = self.connection.client_for_events()?.with_patience(Patience::of_a_long_job());
        let sources = sources::find(&self.path)?;
        let mut states = self.states(&client, &sources)?;
        if self.shift_to_now {
            self.plan_shift(&sources, &mut states).await?;
        }
        let mut progress = Progress::over(sources.iter().map(|source| source.bytes).sum());
        let (mut totals, started) = (Totals::default(), Instant::now());
        for (source, state) in sources.iter().zip(&mut states) {
            progress.file(&source.path);
            if state.state.complete {
                totals.files_done_before += 1;
                progress.skipped(source.bytes);
            } else {
                totals.events_now += self.import(&client, source, state, &mut progress).await?;
            }
            totals.files += 1;
            totals.accepted += state.state.accepted;
            totals.duplicates += state.state.duplicates;
            totals.refused += state.state.refused;
        }
        drop(progress);
        self.summarise(&totals, started);
        Ok(if totals.refused > 0 { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
    }

    /// What earlier runs at the same target left.
    fn states(&self, client: &Client, sources: &[Source]) -> anyhow::Result<Vec<StateFile>> {
        let folder = files::state_folder()?.join("import");
        let who = match client.credentials() {
            Some(Credentials::IngestToken(token)) => hex::encode(Sha256::digest(token.expose())),
            Some(key) => key.shown().to_owned(),
            None => String::new(),
        };
        let account = self.account.as_ref().map_or("", Addressee::as_str);
        let target = format!("{}\n{who}\n{account}", client.endpoint());
        let mut states = Vec::with_capacity(sources.len());
        for source in sources {
            let mut state = StateFile::load(&folder, &target, &source.path, source.bytes)?;
            if self.restart {
                state.restart();
            }
            let was_shifted = state.state.shift_milliseconds.is_some();
            if state.state.acknowledged > 0 && was_shifted != self.shift_to_now {
                let (did, does) = if was_shifted { ("with", "without") } else { ("without", "with") };
                bail!(
                    "{} was begun {did} --shift-to-now and cannot go on {does} it; add --restart to begin again",
                    source.path.display()
                );
            }
            states.push(state);
        }
        Ok(states)
    }

    /// One span for all files: the one an earlier run used, or from their newest event to now.
    async fn plan_shift(&self, sources: &[Source], states: &mut [StateFile]) -> anyhow::Result<()> {
        let begun = |state: &&StateFile| state.state.acknowledged > 0;
        let earlier = states.iter().filter(begun).find_map(|state| state.state.shift_milliseconds);
        let shift = match earlier {
            Some(shift) => shift,
            None => {
                let sources = sources.to_vec();
                let newest = tokio::task::spawn_blocking(move || newest_event(&sources)).await??;
                newest.map_or(0, |newest| now().0 - newest.0)
            }
        };
        states.iter_mut().for_each(|state| state.state.shift_milliseconds = Some(shift));
        Ok(())
    }

    /// Puts what is left of one file, and says how many events that was.
    async fn import(
        &self,
        client: &Client,
        source: &Source,
        state: &mut StateFile,
        progress: &mut Progress,
    ) -> anyhow::Result<u64> {
        let plan = Plan {
            path: source.path.clone(),
            skip: state.state.acknowledged,
            batch_events: self.batch as usize,
            shift_milliseconds: state.state.shift_milliseconds,
            compress: true,
        };
        let mut report = Report::continued(&source.path, state.report_path(), state.state.refused_bytes);
        let batches = gather(plan, progress.read.clone());
        let mut events_now = 0;
        upload::send(client, self.account.as_ref(), batches, |answer| {
            report.add(&answer.refused)?;
            let saved = &mut state.state;
            saved.acknowledged += answer.events;
            saved.accepted += answer.accepted;
            saved.duplicates += answer.duplicates;
            saved.refused += answer.refused.len() as u64;
            saved.refused_bytes = report.bytes();
            state.save()?;
            events_now += answer.events;
            progress.answered(answer.events);
            Ok(())
        })
        .await
        .with_context(|| {
            let (path, done) = (source.path.display(), state.state.acknowledged);
            format!("{path}: stopped after {done} events; the same command goes on from there")
        })?;
        state.state.complete = true;
        state.save()?;
        if state.state.refused > 0 {
            progress.say(&format!("{} refused events are in {}", state.state.refused, report.path().display()));
        }
        Ok(events_now)
    }

    fn summarise(&self, totals: &Totals, started: Instant) {
        let seconds = started.elapsed().as_secs_f64();
        let events_per_second = (totals.events_now as f64 / seconds.max(0.001)).round() as u64;
        match self.connection.output {
            Output::Json => output::line(
                &json!({
                    "Files": totals.files,
                    "FilesDoneBefore": totals.files_done_before,
                    "Accepted": totals.accepted,
                    "Duplicates": totals.duplicates,
                    "Refused": totals.refused,
                    "Seconds": (seconds * 1000.0).round() / 1000.0,
                    "EventsPerSecond": events_per_second,
                })
                .to_string(),
            ),
            Output::Table => {
                let before = match totals.files_done_before {
                    0 => String::new(),
                    files => format!("; {files} done before (--restart sends them again)"),
                };
                output::print(&output::pairs(&[
                    ("Files", format!("{}{before}", totals.files)),
                    ("Accepted", HumanCount(totals.accepted).to_string()),
                    ("Known already", HumanCount(totals.duplicates).to_string()),
                    ("Refused", HumanCount(totals.refused).to_string()),
                    ("Took", format!("{seconds:.1} s, {} events a second", HumanCount(events_per_second))),
                ]));
            }
        }
    }
}

/// The time of the newest event in the files. What cannot be read is left for the import itself to report.
fn newest_event(sources: &[Source]) -> anyhow::Result<Option<Timestamp>> {
    let mut newest = None;
    for source in sources {
        let opened = EventReader::open(&source.path, Arc::default());
        let mut reader = opened.with_context(|| format!("could not read {}", source.path.display()))?;
        while let Ok(Some(piece)) = reader.next_piece() {
            if let Piece::Event(event) = piece {
                newest = newest.max(shift::time_of(&event));
            }
        }
    }
    Ok(newest)
}
