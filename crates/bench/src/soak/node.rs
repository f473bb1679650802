//! The node under the soak and the S3 server beside it: processes that always end.

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
use tokio::sync::Mutex;

use super::options::Options;

const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(30);
const S3_KEY: (&str, &str) = ("LTAI5tForTheSoak", "a-secret-for-the-soak");
const S3_BUCKET: &str = "soak-bucket";

/// The running node.
pub(super) struct SoakNode {
    data: PathBuf,
    address: SocketAddr,
    id: u32,
    child: Mutex<Child>,
    root: Key,
}

/// An access key.
#[derive(Clone, Deserialize)]
struct Key {
    access_key_id: String,
    access_key_secret: String,
}

impl SoakNode {
    pub(super) async fn start(options: &Options, folder: &Path) -> Result<SoakNode> {
        let data = folder.join("data");
        let init = Command::new(&options.cairn).arg("init").arg("--data").arg(&data).arg("--json").output().await;
        let init = init.with_context(|| format!("could not start {}", options.cairn.display()))?;
        ensure!(init.status.success(), "cairn init failed: {}", String::from_utf8_lossy(&init.stderr));
        let root = serde_json::from_slice(&init.stdout).context("cairn init printed no key")?;
        let address = free_address()?;
        let mut command = Command::new(&options.cairn);
        command.arg("serve").arg("--data").arg(&data).args(["--listen", &address.to_string()]);
        let history_days = options.history().as_secs_f64() / 86_400.0;
        command.envs([
            ("CAIRN_HISTORY_DAYS", history_days.to_string().as_str()),
            ("CAIRN_INGEST_CREATE_ACCOUNTS", "true"),
            // Less than half of a full segment, so that there is something to merge.
            ("CAIRN_STORE_RECENT_BYTES", "67108864"),
            ("CAIRN_DELIVERY_AGE_SECONDS", "10"),
            ("CAIRN_LOG_LEVEL", "warn"),
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("could not start {}", options.cairn.display()))?;
        let id = child.id().context("cairn has ended already")?;
        let node = SoakNode { data, address, id, child: Mutex::new(child), root };
        node.ready().await?;
        Ok(node)
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn metrics(&self) -> Result<Metrics> {
        self.get("/metrics").map(Metrics)
    }

    /// Ends it in order.
    pub(super) async fn stop(&self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.id.to_string()]).status().await;
        ensure!(asked.context("could not run kill")?.success(), "could not ask cairn to end");
        let mut child = self.child.lock().await;
        let status = tokio::time::timeout(STOP_PATIENCE, child.wait()).await.context("cairn does not end")??;
        ensure!(status.success(), "cairn ended with {status}");
        Ok(())
    }

    /// A client with a token that may write for every account.
    pub(super) async fn ingest_client(&self) -> Result<Client> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Made {
            token: String,
        }
        let params = pairs(&[("Name", "soak"), ("FromEvent", "true")]);
        let made: Made = self.client(&self.root)?.rpc(OperationId::CreateIngestToken, &params).await?.parse()?;
        self.client_as(Credentials::IngestToken(SecretText::new(made.token)))
    }

    /// A client with a new key of an account.
    pub(super) async fn client_of(&self, account: AccountId) -> Result<Client> {
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
        let params = pairs(&[("AccountId", account.as_str())]);
        let made: Made = self.client(&self.root)?.rpc(OperationId::CreateAccessKey, &params).await?.parse()?;
        let Shown { access_key_id, access_key_secret } = made.access_key;
        self.client(&Key { access_key_id, access_key_secret })
    }

    /// The busiest account delivers to a folder, the next one to the S3 server.
    pub(super) async fn start_trails(&self, accounts: &[AccountId], folder: &Path, s3: &S3Server) -> Result<()> {
        let local = format!("file://{}", folder.display());
        let (url, endpoint) = (format!("s3://{S3_BUCKET}"), format!("http://{}", s3.address));
        let remote = [
            ("Url", url.as_str()),
            ("Endpoint", endpoint.as_str()),
            ("BucketRegion", "us-east-1"),
            ("PathStyle", "true"),
            ("AllowHttp", "true"),
            ("BucketAccessKeyId", S3_KEY.0),
            ("BucketAccessKeySecret", S3_KEY.1),
        ];
        for (account, settings) in accounts.iter().zip([&[("Url", local.as_str())][..], &remote]) {
            let mut bucket = pairs(&[("Name", "soak-bucket"), ("AccountId", account.as_str())]);
            bucket.extend(pairs(settings));
            self.client(&self.root)?.rpc(OperationId::CreateBucket, &bucket).await?;
            let owner = self.client_of(*account).await?;
            let trail = pairs(&[("Name", "soak-trail"), ("OssBucketName", "soak-bucket")]);
            owner.rpc(OperationId::CreateTrail, &trail).await?;
            owner.rpc(OperationId::StartLogging, &trail[..1]).await?;
        }
        Ok(())
    }

    fn client(&self, key: &Key) -> Result<Client> {
        self.client_as(Credentials::AccessKey {
            id: key.access_key_id.clone(),
            secret: SecretText::new(&key.access_key_secret),
            security_token: None,
        })
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

    async fn ready(&self) -> Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        while self.get("/readyz").is_err() {
            if let Some(status) = self.child.lock().await.try_wait()? {
                bail!("cairn ended with {status}");
            }
            ensure!(Instant::now() < deadline, "cairn is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// A page that needs no signature. HTTP/1.0, so that it comes in one piece.
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

/// The text of `/metrics`.
pub(super) struct Metrics(String);

impl Metrics {
    /// The value of a sample, named with its labels; 0 when it is not there.
    pub(super) fn value(&self, name: &str) -> f64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or(0.0)
    }
}

/// `s3s-fs` on a free port.
pub(super) struct S3Server {
    address: SocketAddr,
    _child: Child,
}

impl S3Server {
    pub(super) async fn start(program: &Path, root: &Path) -> Result<S3Server> {
        tokio::fs::create_dir_all(root.join(S3_BUCKET)).await.context("could not make the S3 server's folder")?;
        let address = free_address()?;
        let mut command = Command::new(program);
        command.args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.args(["--access-key", S3_KEY.0, "--secret-key", S3_KEY.1]).arg(root);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("could not start {}", program.display()))?;
        let deadline = Instant::now() + START_PATIENCE;
        while TcpStream::connect(address).is_err() {
            ensure!(child.try_wait()?.is_none() && Instant::now() < deadline, "the S3 server does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(S3Server { address, _child: child })
    }
}

fn free_address() -> Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0").and_then(|probe| probe.local_addr()).context("there is no free port")
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let metrics = Metrics("# HELP a b\na_total 3\nlag{reader=\"store\"} 1.5\n".to_owned());
        assert_eq!((metrics.value("a_total"), metrics.value("a")), (3.0, 0.0));
        assert_eq!(metrics.value("lag{reader=\"store\"}"), 1.5);
    }
}
