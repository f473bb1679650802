//! `cairn restore`: a data folder again, from a backup.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use doctor::Verdict;
use host::RealDisk;
use serde_json::json;

use super::backup::BucketAccess;
use super::doctor::{examine, shown};
use crate::output;

/// `cairn restore`
#[derive(Debug, Args)]
#[command(after_help = "\
Every checksum is verified; the folder gets its name when all of it is there, and is then examined as by cairn doctor. \
Put the master key beside it before you start a node on it: as DIR.master-key, or as the node was given it before. Trails \
may deliver again what was waiting for delivery when the backup was made.

Restoring into an empty place now and then is how to know that a backup is one.

Examples:
  cairn restore --from /mnt/backup/cairn --data /var/lib/cairn/restored
  cairn restore --from s3://backups/cairn --access-key-id AKIA... --data /var/lib/cairn/restored")]
pub(crate) struct Restore {
    /// The backup: a folder, s3://BUCKET[/PREFIX] or oss://BUCKET[/PREFIX]
    #[arg(long, value_name = "BACKUP")]
    from: String,
    /// The folder to make; it must not exist, or be empty
    #[arg(long, value_name = "NEW_DIR")]
    data: PathBuf,
    #[command(flatten)]
    access: BucketAccess,
    /// Print what was restored and found as JSON
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let from = self.access.open(&self.from, false)?;
        let data = std::path::absolute(&self.data).with_context(|| format!("{} is no path", self.data.display()))?;
        let restored = backup::restore(&from, Arc::new(RealDisk), &data).await;
        let restored = restored.with_context(|| format!("could not restore from {}", self.from))?;
        let report = examine(&data).await?;
        let code = if report.verdict == Verdict::Damaged { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        if self.json {
            output::line(&serde_json::to_string_pretty(&json!({"restored": restored, "report": report}))?);
            return Ok(code);
        }
        output::print(&shown(&report, &[], None, &data));
        output::line("");
        output::print(&output::pairs(&[
            ("Backup of", restored.taken),
            ("Last event", restored.head.to_string()),
            ("Accounts", restored.accounts.to_string()),
            ("Restored", format!("{} files, {} bytes", restored.files, restored.bytes)),
        ]));
        output::line(&format!(
            "Put the master key to {}.master-key (or give the node the one it had), then start it:\n  cairn serve --data {}",
            data.display(),
            data.display()
        ));
        Ok(code)
    }
}
