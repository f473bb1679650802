//! Segments and the store's cursor change in one step.

use catalog::{Catalog, Manifest, Segment};
use model::{ErrorKind, Seq, Timestamp};

fn segment(first: u64, last: u64) -> Segment {
    Segment {
        id: 0,
        file: format!("{first}-{last}"),
        first: Seq(first),
        last: Seq(last),
        rows: last - first + 1,
        min_time: Timestamp(-5),
        max_time: Timestamp(1_768_465_800_000),
        bytes: 1 << 40,
        level: 3,
        oldest_received: Timestamp(1),
    }
}

#[tokio::test]
async fn published_segments_come_back_with_numbers() {
    let catalog = Catalog::in_memory().await.unwrap();
    assert_eq!(catalog.manifest().await.unwrap(), Manifest { segments: Vec::new(), cursor: Seq(0) });
    let added = catalog.manifest_publish(&[segment(11, 20), segment(1, 10)], &[], Some(Seq(20))).await.unwrap();
    assert!(added.iter().all(|segment| segment.id > 0));
    assert_eq!(Segment { id: 0, ..added[0].clone() }, segment(11, 20));
    let by_first = vec![added[1].clone(), added[0].clone()];
    assert_eq!(catalog.manifest().await.unwrap(), Manifest { segments: by_first, cursor: Seq(20) });

    let merged = catalog.manifest_publish(&[segment(1, 20)], &[added[0].id, added[1].id], None).await.unwrap();
    assert_eq!(catalog.manifest().await.unwrap(), Manifest { segments: merged.clone(), cursor: Seq(20) });
    assert!(merged[0].id > added[0].id.max(added[1].id), "a number is never used again");
    catalog.manifest_publish(&[], &[], Some(Seq(5))).await.unwrap();
    assert_eq!(catalog.manifest().await.unwrap().cursor, Seq(20), "a cursor never moves back");
}

#[tokio::test]
async fn all_or_nothing() {
    let catalog = Catalog::in_memory().await.unwrap();
    let added = catalog.manifest_publish(&[segment(1, 10)], &[], Some(Seq(10))).await.unwrap();
    let before = catalog.manifest().await.unwrap();
    // The second of the removed is unknown; the second of the added has the first one's file.
    let unknown = catalog.manifest_publish(&[segment(11, 20)], &[added[0].id, 99], Some(Seq(20))).await;
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(catalog.manifest().await.unwrap(), before);
    let taken = catalog.manifest_publish(&[segment(11, 20), segment(1, 10)], &[], Some(Seq(20))).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(catalog.manifest().await.unwrap(), before);
}

#[tokio::test]
async fn what_went_beyond_the_history_is_remembered_in_few_ranges() {
    let catalog = Catalog::in_memory().await.unwrap();
    let segments: Vec<Segment> = (0..6).map(|n| segment(n * 10 + 1, n * 10 + 10)).collect();
    let added = catalog.manifest_publish(&segments, &[], Some(Seq(60))).await.unwrap();
    catalog.manifest_publish(&[segment(1, 20)], &[added[0].id, added[1].id], None).await.unwrap();
    assert_eq!(catalog.retired().await.unwrap(), [], "a merge retires nothing");
    for gone in [2, 4, 5] {
        catalog.manifest_publish(&[], &[added[gone].id], None).await.unwrap();
    }
    assert_eq!(catalog.retired().await.unwrap(), [(Seq(21), Seq(30)), (Seq(41), Seq(60))]);
    catalog.manifest_publish(&[], &[added[3].id], None).await.unwrap();
    assert_eq!(catalog.retired().await.unwrap(), [(Seq(21), Seq(60))]);
}
