//! ClickHouse beside the node: the Python program in `crates/bench/clickhouse`, fed with the same events.
//!
//! The events are written as files of NDJSON, made from the same seed while ClickHouse takes the one before, and
//! removed again; making them is not in its figures. CPU time is that of its process from the first file on: reading
//! the file, parsing the JSON into the columns, building the indexes, merging.

pub(crate) mod messages;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use model::{AccountId, Timestamp};
use serde::de::DeserializeOwned;
use store::{Condition, Lookup};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

use crate::load::{Batch, Stream};
use crate::options::Options;
use crate::process;
use crate::report::TheirWriting;
use messages::{Figures, Found, Loaded, Nothing, Question, Request, Told, Versions};

const PROGRAM: &str = "crates/bench/clickhouse/embedded_clickhouse.py";
/// Events of one insert. Each insert makes a part of the table, so ClickHouse wants them large.
const INSERT_EVENTS: u64 = 50_000;
/// Events of the table that is asked before a cold question.
const WARM_UP_EVENTS: u64 = 100;
/// Merging a long run into one part takes minutes.
const PATIENCE: Duration = Duration::from_secs(4 * 3600);

/// The running process.
pub(crate) struct ClickHouse {
    python: PathBuf,
    folder: PathBuf,
    child: Child,
    requests: ChildStdin,
    replies: Lines<BufReader<ChildStdout>>,
    /// An account of the table that is asked before a cold question.
    account: AccountId,
    pub(crate) versions: Versions,
}

impl ClickHouse {
    pub(crate) async fn start(options: &Options, python: &Path, folder: &Path) -> Result<ClickHouse> {
        let account = options.sample().accounts[0];
        std::fs::create_dir_all(folder.join("data")).context("could not make ClickHouse's folder")?;
        let (child, requests, replies, versions) = spawn(python, &folder.join("data")).await?;
        Ok(ClickHouse { python: python.into(), folder: folder.into(), child, requests, replies, account, versions })
    }

    /// Loads the run's events, lets merging end, then merges everything into one part.
    pub(crate) async fn load(&mut self, options: &Options) -> Result<TheirWriting> {
        self.load_warm_up(options).await?;
        let idle: Figures = self.ask_for(&Request::Figures).await?;
        let seconds = self.insert(options).await?;
        self.ask_for::<Nothing>(&Request::Settle).await?;
        let settled: Figures = self.ask_for(&Request::Figures).await?;
        self.ask_for::<Nothing>(&Request::Optimize).await?;
        self.ask_for::<Nothing>(&Request::Settle).await?;
        let optimized: Figures = self.ask_for(&Request::Figures).await?;
        ensure!(optimized.events == options.events, "ClickHouse has {} of {} events", optimized.events, options.events);
        let memory = process::memory(self.id()?)?;
        Ok(TheirWriting::new(&idle, &settled, &optimized, seconds, memory))
    }

    pub(crate) async fn ask(&mut self, question: &Question<'_>) -> Result<Found> {
        self.ask_for(&Request::Ask(question)).await
    }

    /// Any statement.
    pub(crate) async fn sql(&mut self, sql: &str) -> Result<Told> {
        self.ask_for(&Request::SqlRows { sql }).await
    }

    /// Asks the small table as the large one will be asked, so that a cold question is not the first of its process.
    pub(crate) async fn warm_up(&mut self) -> Result<()> {
        let lookup = Lookup {
            account: self.account,
            from: Timestamp(0),
            through: Timestamp(i64::from(u32::MAX) * 1000),
            conditions: vec![
                Condition::Is(model::Attribute::EventId, "none".to_owned()),
                Condition::Text("none".to_owned()),
            ],
            newest_first: true,
            after: None,
            limit: 50,
        };
        let any = Lookup { conditions: Vec::new(), ..lookup.clone() };
        for lookup in [&lookup, &any] {
            self.ask(&Question::of("warmup", lookup)).await?;
        }
        Ok(())
    }

    /// Ends it in order.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.tell(&Request::Stop).await?;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.context("ClickHouse does not end")??;
        ensure!(status.success(), "ClickHouse ended with {status}");
        Ok(())
    }

    pub(crate) async fn restart(&mut self) -> Result<()> {
        let (child, requests, replies, versions) = spawn(&self.python, &self.folder.join("data")).await?;
        (self.child, self.requests, self.replies, self.versions) = (child, requests, replies, versions);
        Ok(())
    }

    pub(crate) fn data(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn read_bytes(&self) -> Result<u64> {
        process::read_bytes(self.id()?)
    }

    async fn load_warm_up(&mut self, options: &Options) -> Result<()> {
        let file = self.folder.join("warm-up.ndjson");
        write(&file, &Stream::new(options).batch(WARM_UP_EVENTS))?;
        self.ask_for::<Nothing>(&Request::LoadWarmup { file: &file }).await?;
        remove(&file)
    }

    /// Gives the seconds that the inserts took.
    async fn insert(&mut self, options: &Options) -> Result<f64> {
        let (send, mut receive) = mpsc::channel(1);
        let (mut stream, mut left, folder) = (Stream::new(options), options.events, self.folder.clone());
        let making = std::thread::spawn(move || {
            while left > 0 {
                let batch = stream.batch(left.min(INSERT_EVENTS));
                left -= batch.events;
                let file = folder.join(format!("{left}-left.ndjson"));
                write(&file, &batch)?;
                if send.blocking_send(file).is_err() {
                    break;
                }
            }
            anyhow::Ok(())
        });
        let mut seconds = 0.0;
        while let Some(file) = receive.recv().await {
            let loaded: Loaded = self.ask_for(&Request::Load { file: &file }).await?;
            seconds += loaded.seconds;
            remove(&file)?;
        }
        making.join().ok().context("the thread that makes events panicked")??;
        Ok(seconds)
    }

    async fn tell(&mut self, request: &Request<'_>) -> Result<()> {
        let line = serde_json::to_string(request).context("the request is not JSON")? + "\n";
        self.requests.write_all(line.as_bytes()).await.context("ClickHouse takes no more requests")
    }

    async fn ask_for<T: DeserializeOwned>(&mut self, request: &Request<'_>) -> Result<T> {
        self.tell(request).await?;
        next(&mut self.replies).await
    }

    fn id(&self) -> Result<u32> {
        self.child.id().context("ClickHouse is not running any more")
    }
}

type Started = (Child, ChildStdin, Lines<BufReader<ChildStdout>>, Versions);

async fn spawn(python: &Path, folder: &Path) -> Result<Started> {
    let mut command = Command::new(python);
    command.arg(PROGRAM).arg(folder).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().with_context(|| format!("could not start {}", python.display()))?;
    let requests = child.stdin.take().expect("was asked for");
    let mut replies = BufReader::new(child.stdout.take().expect("was asked for")).lines();
    let versions = next(&mut replies).await?;
    Ok((child, requests, replies, versions))
}

async fn next<T: DeserializeOwned>(replies: &mut Lines<BufReader<ChildStdout>>) -> Result<T> {
    let line = tokio::time::timeout(PATIENCE, replies.next_line()).await.context("ClickHouse does not answer")??;
    messages::reply(&line.context("ClickHouse ended; what it said stands above")?)
}

// The files are another program's input, not the node's data.
#[allow(clippy::disallowed_methods)]
fn write(file: &Path, batch: &Batch) -> Result<()> {
    std::fs::write(file, &batch.body).with_context(|| format!("could not write {}", file.display()))
}

fn remove(file: &Path) -> Result<()> {
    std::fs::remove_file(file).with_context(|| format!("could not remove {}", file.display()))
}
