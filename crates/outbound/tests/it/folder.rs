//! A local folder as a bucket.

use std::sync::Arc;

use bytes::Bytes;
use host::{OsRandom, RealDisk};
use model::ErrorKind;
use outbound::{BucketSettings, Config, Outbound};

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
