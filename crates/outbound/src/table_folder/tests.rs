//! A folder of tables on a real and on a simulated disk.

use futures::TryStreamExt;
use host::simulated::{Outage, SimulatedDisk};
use host::{RealDisk, SystemClock};
use object_store::{ObjectStoreExt, WriteMultipart};

use super::*;

fn on(disk: Arc<dyn Disk>, root: &FilePath) -> TableFolder {
    TableFolder::new(root.to_owned(), disk, Arc::new(SystemClock), Arc::new(Semaphore::new(4)))
}

fn only_new() -> PutOptions {
    PutOptions { mode: PutMode::Create, ..PutOptions::default() }
}

async fn keys(folder: &TableFolder, below: &str) -> Vec<String> {
    let found: Vec<ObjectMeta> = folder.list(Some(&Path::from(below))).try_collect().await.unwrap();
    found.into_iter().map(|meta| meta.location.to_string()).collect()
}

#[tokio::test]
async fn objects_are_put_read_listed_copied_and_deleted() {
    let root = tempfile::tempdir().unwrap();
    let folder = on(Arc::new(RealDisk), root.path());
    let (one, two) = (Path::from("t/_delta_log/0.json"), Path::from("t/day=2026-01-02/a.parquet"));
    assert!(keys(&folder, "t").await.is_empty());
    folder.put(&one, "first".into()).await.unwrap();
    let again = folder.put_opts(&one, "second".into(), only_new()).await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    assert_eq!(folder.get(&one).await.unwrap().bytes().await.unwrap(), "first");
    folder.put(&one, "third".into()).await.unwrap();
    assert_eq!(folder.get_range(&one, 1..3).await.unwrap(), "hi");

    let mut parts = WriteMultipart::new(folder.put_multipart(&two).await.unwrap());
    parts.write(b"some ");
    parts.write(b"rows");
    parts.finish().await.unwrap();
    folder.copy(&two, &Path::from("t/day=2026-01-02/b.parquet")).await.unwrap();
    // What a crash left is no object.
    RealDisk.create(&root.path().join("t/.x.part")).unwrap();
    let all = ["t/_delta_log/0.json", "t/day=2026-01-02/a.parquet", "t/day=2026-01-02/b.parquet"];
    assert_eq!(keys(&folder, "t").await, all);
    for offset in ["t/_delta_log/0.json", "t/_delta_log/1", "t/_delta_log", "t/day=2026-01-02/a.parquet", "u"] {
        let found: Vec<ObjectMeta> = folder.list_with_offset(None, &Path::from(offset)).try_collect().await.unwrap();
        let expected: Vec<&str> = all.into_iter().filter(|key| *key > offset).collect();
        let found: Vec<&str> = found.iter().map(|meta| meta.location.as_ref()).collect();
        assert_eq!(found, expected, "after {offset}");
    }
    let level = folder.list_with_delimiter(Some(&Path::from("t"))).await.unwrap();
    assert_eq!(level.common_prefixes, [Path::from("t/_delta_log"), Path::from("t/day=2026-01-02")]);
    assert!(level.objects.is_empty());

    folder.delete(&two).await.unwrap();
    assert!(matches!(folder.get(&two).await, Err(Error::NotFound { .. })));
    assert!(matches!(folder.head(&Path::from("t")).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_put_that_returned_survives_a_power_cut_and_one_that_did_not_leaves_all_or_nothing() {
    for seed in 0..40 {
        let disk = SimulatedDisk::new(seed);
        let root = FilePath::new("/tables");
        disk.create_folder(root).unwrap();
        disk.sync_folder(FilePath::new("/")).unwrap();
        let folder = on(Arc::new(disk.clone()), root);
        let (kept, late) = (Path::from("t/_delta_log/0.json"), Path::from("t/_delta_log/1.json"));
        folder.put_opts(&kept, "kept".into(), only_new()).await.unwrap();
        disk.crash_after(Some(seed % 9));
        let put = folder.put_opts(&late, "late".into(), only_new()).await;
        disk.restart(Outage::Power);
        assert_eq!(folder.get(&kept).await.unwrap().bytes().await.unwrap(), "kept", "seed {seed}");
        match folder.get(&late).await {
            Ok(found) => assert_eq!(found.bytes().await.unwrap(), "late", "seed {seed}"),
            Err(Error::NotFound { .. }) => assert!(put.is_err(), "seed {seed}"),
            Err(error) => panic!("seed {seed}: {error}"),
        }
        let retry = folder.put_opts(&late, "late".into(), only_new()).await;
        assert!(matches!(retry, Ok(_) | Err(Error::AlreadyExists { .. })), "seed {seed}: {retry:?}");
    }
}
