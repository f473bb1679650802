//! The node under test: a process of its own on a fresh data folder, always ended.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use api::OperationId;
use client::{Client, Credentials, Patience, SecretText, Settings};
use host::{Clock, SystemClock};
use model::AccountId;
use serde::Deserialize;
use tokio::process::{Child, Command};

use crate::process::{self, Memory};

/// A start, or the end of merging, takes at most this long.
const PATIENCE: Duration = Duration::from_secs(600);
/// More patience for each event: ten times what it usually costs.
const PATIENCE_PER_EVENT: Duration = Duration::from_micros(200);
/// Recent events are written as a segment after this many seconds, so that the end of a run is not waited for in vain.
pub(crate) const SOON_IN_SEGMENTS: Setting = ("CAIRN_STORE_RECENT_AGE_SECONDS", "10");
/// Quiet this long means that nothing is left to merge.
const QUIET: Duration = Duration::from_secs(3);
/// CPU time within `QUIET` that still counts as quiet: timers and this program's own questions.
const QUIET_CPU: Duration = Duration::from_millis(60);

/// An environment variable for the node; all others are its defaults.
pub(crate) type Setting = (&'static str, &'static str);

/// The running node.
pub(crate) struct Server {
    binary: PathBuf,
    data: PathBuf,
    address: SocketAddr,
    settings: Vec<Setting>,
    child: Child,
    root: Key,
    ingest_token: Option<String>,
}

/// An access key.
#[derive(Clone, Deserialize)]
pub(crate) struct Key {
    access_key_id: String,
    access_key_secret: String,
}

impl Key {
    pub(crate) fn id(&self) -> &str {
        &self.access_key_id
    }

    pub(crate) fn secret(&self) -> &str {
        &self.access_key_secret
    }
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) segments: u64,
    /// The catalog and everything else but the journal.
    pub(crate) rest: u64,
}

impl Server {
    pub(crate) async fn start(binary: &Path, folder: &Path, settings: &[Setting]) -> Result<Server> {
        let data = folder.join("data");
        let init = Command::new(binary).arg("init").arg("--data").arg(&data).arg("--json").output().await;
        let init = init.with_context(|| format!("could not start {}", binary.display()))?;
        ensure!(init.status.success(), "cairn init failed: {}", String::from_utf8_lossy(&init.stderr));
        let root = serde_json::from_slice(&init.stdout).context("cairn init printed no key")?;
        let address = TcpListener::bind("127.0.0.1:0").and_then(|probe| probe.local_addr());
        let address = address.context("there is no free port")?;
        let child = spawn(binary, &data, address, settings)?;
        let settings = settings.to_vec();
        let mut server = Server { binary: binary.to_owned(), data, address, settings, child, root, ingest_token: None };
        server.ready().await?;
        Ok(server)
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("could not kill cairn")
    }

    /// Starts again on the same folder; says how long until it was ready.
    pub(crate) async fn restart(&mut self) -> Result<Duration> {
        let started = Instant::now();
        self.child = spawn(&self.binary, &self.data, self.address, &self.settings)?;
        self.ready().await?;
        Ok(started.elapsed())
    }

    /// As `restart`, and from now on with these settings.
    pub(crate) async fn restart_with(&mut self, settings: &[Setting]) -> Result<Duration> {
        self.settings = settings.to_vec();
        self.restart().await
    }

    /// Ends it in order.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let id = self.id()?.to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await.context("could not run kill")?;
        ensure!(asked.success(), "could not ask cairn to end");
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.context("cairn does not end")??;
        ensure!(status.success(), "cairn ended with {status}");
        Ok(())
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time since the start.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        process::cpu_time(self.id()?)
    }

    pub(crate) fn read_bytes(&self) -> Result<u64> {
        process::read_bytes(self.id()?)
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        process::memory(self.id()?)
    }

    /// CPU time since the start, once every event is in segments and nothing is left to merge.
    pub(crate) async fn settled(&self, events: u64) -> Result<Duration> {
        let deadline = Instant::now() + PATIENCE + PATIENCE_PER_EVENT * u32::try_from(events)?;
        loop {
            let used = self.quiet().await?;
            let in_segments = metric(&self.get("/metrics")?, "cairn_store_segment_events").unwrap_or(0.0);
            if in_segments >= events as f64 {
                return Ok(used);
            }
            ensure!(Instant::now() < deadline, "only {in_segments} events are in segments");
        }
    }

    /// Waits until it does nothing any more; gives the CPU time it has used by then.
    pub(crate) async fn quiet(&self) -> Result<Duration> {
        let deadline = Instant::now() + 6 * PATIENCE;
        loop {
            let before = process::cpu_time(self.id()?)?;
            tokio::time::sleep(QUIET).await;
            if process::cpu_time(self.id()?)? - before <= QUIET_CPU {
                return Ok(before);
            }
            ensure!(Instant::now() < deadline, "cairn does not come to rest");
        }
    }

    /// Batches the journal refused because too much was waiting; the client sent them again later.
    pub(crate) fn throttled(&self) -> Result<u64> {
        Ok(metric(&self.get("/metrics")?, "cairn_journal_throttled_appends_total").unwrap_or(0.0) as u64)
    }

    pub(crate) fn sizes(&self) -> Result<Sizes> {
        let segments = folder_bytes(&self.data.join("segments"))?;
        Ok(Sizes { segments, rest: folder_bytes(&self.data)? - segments - self.journal_bytes()? })
    }

    pub(crate) fn journal_bytes(&self) -> Result<u64> {
        folder_bytes(&self.data.join("journal"))
    }

    /// Files of the journal that hold events.
    pub(crate) fn journal_files(&self) -> Result<usize> {
        let folder = self.data.join("journal");
        let files = std::fs::read_dir(&folder).with_context(|| format!("could not read {}", folder.display()))?;
        let is_journal = |path: &Path| path.extension().is_some_and(|extension| extension == "journal");
        Ok(files.flatten().filter(|file| is_journal(&file.path())).count())
    }

    /// A client with the management account's key.
    pub(crate) fn client(&self) -> Result<Client> {
        self.client_with(&self.root)
    }

    pub(crate) fn client_with(&self, key: &Key) -> Result<Client> {
        self.client_as(Credentials::AccessKey {
            id: key.access_key_id.clone(),
            secret: SecretText::new(&key.access_key_secret),
            security_token: None,
        })
    }

    /// A client with an ingest token that may write for every account. The token is made once.
    pub(crate) async fn ingest_client(&mut self) -> Result<Client> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Made {
            token: String,
        }
        if self.ingest_token.is_none() {
            let params = [("Name".to_owned(), "bench".to_owned()), ("FromEvent".to_owned(), "true".to_owned())];
            let made: Made = self.client()?.rpc(OperationId::CreateIngestToken, &params).await?.parse()?;
            self.ingest_token = Some(made.token);
        }
        let token = self.ingest_token.as_ref().expect("made above");
        self.client_as(Credentials::IngestToken(SecretText::new(token)))
    }

    /// A key of an account.
    pub(crate) async fn key_of(&self, account: AccountId) -> Result<Key> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Made {
            access_key: Shown,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Shown {
            access_key_id: String,
            access_key_secret: String,
        }
        let params = [("AccountId".to_owned(), account.to_string())];
        let made: Made = self.client()?.rpc(OperationId::CreateAccessKey, &params).await?.parse()?;
        let Shown { access_key_id, access_key_secret } = made.access_key;
        Ok(Key { access_key_id, access_key_secret })
    }

    fn client_as(&self, credentials: Credentials) -> Result<Client> {
        let settings = Settings {
            endpoint: format!("http://{}", self.address).parse()?,
            credentials: Some(credentials),
            region: None,
            extra_root_pem: None,
            patience: Patience::of_a_long_job(),
            now: Arc::new(|| SystemClock.now()),
        };
        Ok(Client::new(settings)?)
    }

    fn id(&self) -> Result<u32> {
        self.child.id().context("cairn is not running any more")
    }

    async fn ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.get("/readyz").is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("cairn ended with {status}");
            }
            ensure!(Instant::now() < deadline, "cairn is not ready");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// The body of a page that needs no signature. HTTP/1.0, so that it comes in one piece.
    fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address)?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (head, body) = reply.split_once("\r\n\r\n").context("no HTTP reply")?;
        ensure!(head.contains(" 200 "), "{path}: {}", head.lines().next().unwrap_or_default());
        Ok(body.to_owned())
    }
}

fn spawn(binary: &Path, data: &Path, address: SocketAddr, settings: &[Setting]) -> Result<Child> {
    let mut command = Command::new(binary);
    command.arg("serve").arg("--data").arg(data).args(["--listen", &address.to_string()]);
    command.env("CAIRN_HISTORY_DAYS", "0").env("CAIRN_INGEST_CREATE_ACCOUNTS", "true").env("CAIRN_LOG_LEVEL", "warn");
    command.envs(settings.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    command.spawn().with_context(|| format!("could not start {}", binary.display()))
}

/// The value of a metric without labels.
fn metric(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Files that go while they are counted count nothing.
fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(file) if file.is_dir() => folder_bytes(&entry.path())?,
            Ok(file) => file.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error).with_context(|| format!("could not look at {}", entry.path().display())),
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_its_whole_name() {
        let text = "# HELP a b\ncairn_store_segment_events_x 3\ncairn_store_segment_events 200000\n";
        assert_eq!(metric(text, "cairn_store_segment_events"), Some(200_000.0));
        assert_eq!(metric(text, "cairn_store"), None);
    }
}
