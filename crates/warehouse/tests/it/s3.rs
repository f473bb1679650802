//! Tables in a bucket of a real S3 server.

use std::sync::Arc;

use host::{OsRandom, RealDisk, Secret};
use outbound::{BucketError, BucketSettings, Config, Outbound};

use crate::scene::{batch, name, on, range, seqs};
use crate::server::{ACCESS_KEY, S3Server, SECRET_KEY};

fn outbound() -> Outbound {
    Outbound::new(&Config::default(), Arc::new(RealDisk), Arc::new(OsRandom)).expect("certificates")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_in_a_bucket_is_appended_to_merged_and_read() {
    let server = S3Server::start();
    server.create_bucket("tables");
    let settings = BucketSettings {
        access_key_id: Some(ACCESS_KEY.into()),
        access_key_secret: Some(Secret::new(SECRET_KEY.into())),
        endpoint: Some(server.by_address()),
        allow_http: true,
        ..BucketSettings::default()
    };
    let warehouse = on(outbound().open_tables("s3://tables/lake", &settings).unwrap());
    for after in 0..9 {
        warehouse.append(&name(), batch(after, after + 1)).await.unwrap();
    }
    assert_eq!(warehouse.append(&name(), batch(5, 12)).await.unwrap().added, 3);
    let done = warehouse.look_after(&name()).await.unwrap();
    assert_eq!(done.merged_files, 10);
    assert_eq!(seqs(&warehouse).await, range(0, 12));
    assert_eq!(warehouse.tables(name().account()).await.unwrap(), [name()]);
    assert!(server.folder("tables").join(format!("lake/{}/_delta_log", name())).is_dir());

    let wrong = BucketSettings { access_key_secret: Some(Secret::new("another".into())), ..settings.clone() };
    let refused = on(outbound().open_tables("s3://tables/lake", &wrong).unwrap()).append(&name(), batch(12, 13)).await;
    assert!(refused.is_err());
    let kept = BucketSettings { retention_days: Some(1), ..settings };
    let refused = outbound().open_tables("s3://tables/lake", &kept).unwrap_err();
    assert!(matches!(refused, BucketError::Invalid { .. }), "{refused}");
}
