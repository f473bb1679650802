//! Buckets that are gone between two writes and come back: a folder whose disk is not mounted, a bucket of a real S3
//! server.

use std::path::Path;
use std::time::Duration;

use host::{Disk, RealDisk};

use crate::scene::{Scene, objects_below};
use crate::server::{ACCESS_KEY, S3Server, SECRET_KEY};

/// `is_made_anew`: the server makes a missing bucket by itself, unless something is in its place.
async fn vanishes_and_returns(mut scene: Scene, bucket: &Path, is_made_anew: bool, words: &str) {
    for _ in 0..3 {
        scene.send().await;
        scene.catches_up().await;
    }
    let away = bucket.with_extension("away");
    move_away(bucket, &away);
    if is_made_anew {
        RealDisk.create(bucket).expect("in its place");
    }
    scene.fails_with(words).await;
    assert_eq!(bucket.exists(), is_made_anew, "the node does not make it anew in secret");
    if is_made_anew {
        RealDisk.remove(bucket).expect("no longer in its place");
    }
    move_away(&away, bucket);
    scene.catches_up().await;
    scene.is_all_there_once(&objects_below(bucket));
    scene.end().await;
}

fn move_away(from: &Path, to: &Path) {
    RealDisk.rename(from, to).expect("moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder() {
    let root = tempfile::tempdir().expect("a folder");
    let bucket = root.path().join("bucket");
    std::fs::create_dir(&bucket).expect("a folder");
    let url = format!("file://{}", bucket.display());
    let scene = Scene::new(&url, "{}", Duration::from_secs(60)).await;
    vanishes_and_returns(scene, &bucket, false, &format!("bucket {url} does not exist")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_an_s3_server() {
    let server = S3Server::start();
    server.create_bucket("audit-logs");
    let settings = format!(
        r#"{{"endpoint":"{}","allow_http":true,"access_key_id":"{ACCESS_KEY}","access_key_secret":"{SECRET_KEY}"}}"#,
        server.by_address()
    );
    let scene = Scene::new("s3://audit-logs", &settings, Duration::from_secs(60)).await;
    vanishes_and_returns(scene, &server.folder("audit-logs"), true, "bucket s3://audit-logs failed: InternalError")
        .await;
}
