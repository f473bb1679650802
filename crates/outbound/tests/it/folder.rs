//! A local folder as a bucket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::{Clock, ManualClock, OsRandom, RealDisk, SystemClock};
use model::ErrorKind;
use outbound::{BucketSettings, Config, Encryption, Outbound};

fn outbound() -> Outbound {
    Outbound::new(&Config::default(), Arc::new(RealDisk), Arc::new(OsRandom)).expect("set up")
}

#[tokio::test]
async fn a_folder_takes_objects_once_it_is_checked() {
    let root = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}/new/bucket", root.path().display());
    let bucket = outbound().open_bucket(&url, &BucketSettings::default()).expect("opened");

    let missing = bucket.put("a/object.gz", Bytes::from_static(b"x"), "application/gzip").await.expect_err("not there");
    assert_eq!(missing.to_string(), format!("bucket {url} does not exist"));
    assert_eq!(missing.kind(), ErrorKind::NotFound);

    bucket.check(Some("prefix")).await.expect("creates the folder");
    assert_eq!(bucket.list("", 10).await.expect("listed"), [], "the probe is gone");
    for key in ["b/2.gz", "a/1.gz", "b/1.gz"] {
        bucket.put(key, Bytes::from(key), "application/gzip").await.expect("put");
    }
    let listed = bucket.list("", 2).await.expect("listed");
    assert_eq!(listed.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["a/1.gz", "b/1.gz"]);
    let listed = bucket.list("b", 10).await.expect("listed");
    assert_eq!(
        listed.iter().map(|object| (object.key.as_str(), object.bytes)).collect::<Vec<_>>(),
        [("b/1.gz", 6), ("b/2.gz", 6)]
    );
    assert_eq!(bucket.list("c", 10).await.expect("listed"), []);
    assert_eq!(bucket.get("b/2.gz").await.expect("got"), "b/2.gz");
    assert_eq!(bucket.get("b/3.gz").await.expect_err("none").kind(), ErrorKind::NotFound);
    bucket.delete("b/2.gz").await.expect("deleted");
    assert_eq!(bucket.delete("b/2.gz").await.expect_err("gone").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_key_cannot_leave_the_folder() {
    let root = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}", root.path().display());
    let bucket = outbound().open_bucket(&url, &BucketSettings::default()).expect("opened");
    for key in ["", "/etc/passwd", "../outside", "a//b", "a/./b", "a b", "a\0b", "a/"] {
        let error = bucket.put(key, Bytes::new(), "text/plain").await.expect_err(key);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{key:?}");
    }
}

/// Deleting and changing is refused until the days are over; the same bytes again are a retry.
#[tokio::test]
async fn an_object_is_kept_for_its_days() {
    let root = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}/bucket", root.path().display());
    let clock = Arc::new(ManualClock::at(SystemClock.now()));
    let disk = Arc::new(RealDisk);
    let outbound = Outbound::with_clock(&Config::default(), disk, Arc::new(OsRandom), clock.clone()).expect("set up");
    let settings = BucketSettings { retention_days: Some(30), ..BucketSettings::default() };
    let bucket = outbound.open_bucket(&url, &settings).expect("opened");
    bucket.check(None).await.expect("writable");
    bucket.check(None).await.expect("the probe stays, and is no obstacle");

    let put = async |text: &'static str| bucket.put("a/object.gz", Bytes::from_static(text.as_bytes()), "x/y").await;
    put("first").await.expect("written");
    put("first").await.expect("the same again");
    let mode = std::fs::metadata(root.path().join("bucket/a/object.gz")).expect("a file").permissions();
    assert!(mode.readonly());
    for refused in [put("other").await, put("FIRST").await, bucket.delete("a/object.gz").await] {
        let error = refused.expect_err("kept");
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.to_string().contains("the object is kept until"), "{error}");
    }
    assert_eq!(bucket.get("a/object.gz").await.expect("read"), "first");

    clock.advance(Duration::from_secs(29 * 24 * 3600));
    put("other").await.expect_err("a day is left");
    clock.advance(Duration::from_secs(25 * 3600));
    put("other").await.expect("old enough");
    clock.advance(Duration::from_secs(31 * 24 * 3600));
    bucket.delete("a/object.gz").await.expect("old enough");
}

#[tokio::test]
async fn a_look_at_a_folder_finds_what_it_does_not_do() {
    let root = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}/bucket", root.path().display());
    let verdicts = async |settings: BucketSettings| {
        let bucket = outbound().open_bucket(&url, &settings).expect("opened");
        let checks = bucket.examine(Some("a-prefix")).await;
        checks.iter().map(|check| (check.name, check.verdict.as_str())).collect::<Vec<_>>()
    };
    let plain = verdicts(BucketSettings::default()).await;
    let (done, left) = ("Passed", "Skipped");
    let expected =
        [("Reachable", done), ("Writable", done), ("Encryption", left), ("Retention", left), ("Deletable", done)];
    assert_eq!(plain, expected);
    let kept = BucketSettings { retention_days: Some(1), ..BucketSettings::default() };
    let expected =
        [("Reachable", done), ("Writable", done), ("Encryption", left), ("Retention", done), ("Deletable", left)];
    assert_eq!(verdicts(kept).await, expected);
    let encrypted = BucketSettings { server_side_encryption: Some(Encryption::Aes256), ..BucketSettings::default() };
    assert_eq!(verdicts(encrypted).await[2], ("Encryption", "Failed"));
    std::fs::remove_dir_all(root.path()).expect("gone");
    #[allow(clippy::disallowed_methods, reason = "the test puts a file in the way")]
    std::fs::write(root.path(), b"a file").expect("written");
    assert_eq!(verdicts(BucketSettings::default()).await, [("Reachable", "Failed")]);
}
