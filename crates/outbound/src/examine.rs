//! Looking closely at a bucket: each thing a delivery needs, tried, with its result in words.
//!
//! A server that takes a header need not know it. So what was asked for is not believed until the server shows it of an
//! object that was just written, and a folder's retention not until it refuses to change one.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use crate::bucket::{Inner, probe_key};
use crate::{Bucket, BucketError, Encryption};

/// What is asked of a bucket besides taking objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) encryption: Option<Encryption>,
    /// Of retention.
    pub(crate) days: Option<u32>,
}

impl Asked {
    pub(crate) fn retention(self) -> Option<Duration> {
        self.days.map(days_long)
    }
}

pub(crate) fn days_long(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 24 * 3600)
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Deliveries would fail, or not be what was asked for.
    Failed,
    /// Nothing to look at.
    Skipped,
}

impl Verdict {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Passed => "Passed",
            Verdict::Failed => "Failed",
            Verdict::Skipped => "Skipped",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was seen.
    pub message: String,
}

fn check(name: &'static str, verdict: Verdict, message: impl Into<String>) -> Check {
    Check { name, verdict, message: message.into() }
}

impl Bucket {
    /// Reaches the bucket, writes a small object below `prefix`, looks at it, and deletes it where that is allowed. Ends
    /// at the first thing that fails and is needed for the next.
    pub async fn examine(&self, prefix: Option<&str>) -> Vec<Check> {
        let mut checks = Vec::new();
        if let Err(error) = self.reach().await {
            checks.push(check("Reachable", Verdict::Failed, error.to_string()));
            return checks;
        }
        checks.push(check("Reachable", Verdict::Passed, "the bucket is there"));
        let key = probe_key(prefix);
        let written = match self.check_key(&key) {
            Ok(()) => self.put_probe(&key).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            checks.push(check("Writable", Verdict::Failed, error.to_string()));
            return checks;
        }
        checks.push(check("Writable", Verdict::Passed, "an object was written"));
        match &self.inner {
            Inner::Folder(_) => {
                checks.push(self.folder_encryption());
                checks.push(self.folder_retention(&key).await);
            }
            Inner::Remote(remote) => {
                let shown = self.in_time(remote.headers(&key)).await;
                checks.push(self.encryption(shown.as_ref()));
                checks.push(self.lock(shown.as_ref()));
            }
        }
        checks.push(match self.delete(&key).await {
            Ok(()) => check("Deletable", Verdict::Passed, "the object was deleted again"),
            Err(BucketError::Unreachable { cause, .. }) => check("Deletable", Verdict::Failed, cause),
            Err(error) => check("Deletable", Verdict::Skipped, format!("the object stays, which is no harm: {error}")),
        });
        checks
    }

    fn folder_encryption(&self) -> Check {
        match self.asked.encryption {
            None => check("Encryption", Verdict::Skipped, "none is asked for"),
            Some(_) => {
                check("Encryption", Verdict::Failed, "a local folder is encrypted by its file system or not at all")
            }
        }
    }

    async fn folder_retention(&self, key: &str) -> Check {
        let Some(days) = self.asked.days else {
            return check("Retention", Verdict::Skipped, "none is asked for");
        };
        let other = Bytes::from_static(b"cairn should not be able to write this\n");
        match self.put(key, other, "text/plain").await {
            Err(BucketError::AccessDenied { cause, .. }) => check("Retention", Verdict::Passed, cause),
            Err(error) => check("Retention", Verdict::Failed, error.to_string()),
            Ok(()) => check("Retention", Verdict::Failed, format!("an object younger than {days} days was changed")),
        }
    }

    fn encryption(&self, shown: Result<&HeaderMap, &BucketError>) -> Check {
        let seen = |headers: &HeaderMap| header(headers, "x-amz-server-side-encryption");
        match (self.asked.encryption, shown) {
            (None, Ok(headers)) => match seen(headers) {
                Some(kind) => check("Encryption", Verdict::Passed, format!("the bucket encrypts by itself: {kind}")),
                None => check("Encryption", Verdict::Skipped, "none is asked for"),
            },
            (None, Err(_)) => check("Encryption", Verdict::Skipped, "none is asked for"),
            (Some(asked), Ok(headers)) => match seen(headers) {
                Some(kind) if kind == asked.as_str() => check("Encryption", Verdict::Passed, kind),
                Some(kind) => {
                    check("Encryption", Verdict::Failed, format!("{asked} was asked for and {kind} is shown"))
                }
                None => {
                    check("Encryption", Verdict::Failed, format!("{asked} was asked for and the server shows none"))
                }
            },
            (Some(_), Err(error)) => not_shown("Encryption", error),
        }
    }

    fn lock(&self, shown: Result<&HeaderMap, &BucketError>) -> Check {
        match (self.asked.days, shown) {
            (None, _) => check("Retention", Verdict::Skipped, "none is asked for"),
            (Some(_), Ok(headers)) => match header(headers, "x-amz-object-lock-retain-until-date") {
                Some(until) => check("Retention", Verdict::Passed, format!("the object is locked until {until}")),
                None => check("Retention", Verdict::Failed, "a lock was asked for and the server shows none"),
            },
            (Some(_), Err(error)) => not_shown("Retention", error),
        }
    }
}

fn not_shown(name: &'static str, error: &BucketError) -> Check {
    check(name, Verdict::Failed, format!("the server does not show the object's headers: {error}"))
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
