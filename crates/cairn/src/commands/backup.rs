//! `cairn backup`: a copy of a node's data, made beside the running node.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use backup::{Destination, Options, Snapshot};
use clap::Args;
use doctor::Verdict;
use host::{Clock, OsRandom, RealDisk, Secret, SystemClock};
use outbound::BucketSettings;
use serde_json::json;

use super::doctor::{examine, shown};
use crate::output;
use crate::secret;

const SECRET_VARIABLE: &str = "CAIRN_BACKUP_ACCESS_KEY_SECRET";

/// `cairn backup`
#[derive(Debug, Args)]
#[command(after_help = "\
Run it on the node's machine as a user who may read and write the data folder. The node goes on working; every event it \
had acknowledged when the command began is in the backup. The destination always holds one whole backup: an interrupted \
run leaves the last one as it was. Keep several by using several folders, or a bucket with versions.

The master key is not in the backup, and without it the secrets in the backup cannot be read. It is in the file \
DIR.master-key beside the data folder, unless you gave the node another. Keep a copy of it, but not with the backup.

Examples:
  cairn backup --data /var/lib/cairn/data --to /mnt/backup/cairn
  CAIRN_BACKUP_ACCESS_KEY_SECRET=... cairn backup --data /var/lib/cairn/data --to s3://backups/cairn \\
      --access-key-id AKIA... --bucket-region eu-central-1
  cairn backup --data /var/lib/cairn/data --to /mnt/backup/cairn --check   # examine it first, as cairn doctor does")]
pub(crate) struct Backup {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "CAIRN_DATA")]
    data: PathBuf,
    /// A folder, s3://BUCKET[/PREFIX] or oss://BUCKET[/PREFIX]; for this node's backup alone
    #[arg(long, value_name = "DEST")]
    to: String,
    #[command(flatten)]
    access: BucketAccess,
    /// Examine the data first, and leave the last backup alone when something is damaged
    #[arg(long)]
    check: bool,
    /// Read every file again, also those that look as they did the last time
    #[arg(long)]
    reread: bool,
    /// Print what was copied as JSON
    #[arg(long)]
    json: bool,
}

/// How to reach a bucket that holds a backup.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bucket")]
pub(super) struct BucketAccess {
    /// The storage's address, when it is not AWS's or Alibaba Cloud's own
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The region the bucket is in
    #[arg(long, value_name = "REGION")]
    bucket_region: Option<String>,
    /// The key that may read and write it; its secret is read from CAIRN_BACKUP_ACCESS_KEY_SECRET or standard input
    #[arg(long, value_name = "ID", env = "CAIRN_BACKUP_ACCESS_KEY_ID")]
    access_key_id: Option<String>,
    /// Accept an endpoint without TLS
    #[arg(long)]
    allow_http: bool,
}

impl BucketAccess {
    /// Opens a folder or a bucket.
    pub(super) fn open(self, at: &str, create: bool) -> anyhow::Result<Destination> {
        let secret = self.access_key_id.as_ref();
        let secret = secret.map(|_| secret::resolve(None, SECRET_VARIABLE, "the bucket's access key secret"));
        let settings = BucketSettings {
            access_key_id: self.access_key_id,
            access_key_secret: secret.transpose()?.map(Secret::new),
            endpoint: self.endpoint_url,
            region: self.bucket_region,
            allow_http: self.allow_http,
            ..BucketSettings::default()
        };
        Ok(Destination::open(at, &settings, Arc::new(RealDisk), Arc::new(OsRandom), create)?)
    }
}

impl Backup {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let to = self.access.open(&self.to, true)?;
        let data = self.data.canonicalize().with_context(|| format!("there is no folder {}", self.data.display()))?;
        if to.url().strip_prefix("file://").is_some_and(|path| PathBuf::from(path).starts_with(&data)) {
            bail!("{} lies in the data folder; a backup belongs on another disk", self.to);
        }
        let started = std::time::Instant::now();
        let snapshot = Snapshot::take(Arc::new(RealDisk), &data).await?;
        if self.check {
            let report = examine(snapshot.folder()).await?;
            if report.verdict == Verdict::Damaged {
                eprint!("{}", shown(&report, &[], None, &data));
                bail!("the data is damaged; the last backup was left as it is");
            }
        }
        let options = Options { reread: self.reread };
        let copied = backup::back_up(&snapshot, &to, SystemClock.now(), options).await;
        let copied = copied.with_context(|| format!("could not back up to {}", self.to))?;
        let key = format!("{}.master-key", data.display());
        if self.json {
            let shown = json!({
                "head": snapshot.head, "accounts": snapshot.accounts, "copied": copied, "master_key_included": false,
            });
            output::line(&serde_json::to_string_pretty(&shown)?);
            return Ok(ExitCode::SUCCESS);
        }
        output::print(&output::pairs(&[
            ("Last event", snapshot.head.to_string()),
            ("Backup", format!("{} files, {} bytes", copied.files, copied.bytes)),
            ("Copied", format!("{} objects, {} bytes", copied.objects_copied, copied.bytes_copied)),
            ("Removed", format!("{} objects that nothing needs any more", copied.objects_removed)),
            ("Took", format!("{:.1} s", started.elapsed().as_secs_f64())),
        ]));
        output::line(&format!(
            "The master key is NOT in this backup. Keep a copy of it elsewhere ({key}, unless the node uses another)."
        ));
        Ok(ExitCode::SUCCESS)
    }
}
