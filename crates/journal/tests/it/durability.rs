use std::sync::atomic::Ordering;

use journal::{AppendError, Outcome};
use model::Seq;

use crate::ledger::{entries, entry, journal_files, open};

#[tokio::test]
async fn acknowledged_events_come_back_in_order_with_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let open_first = open(folder.path(), Seq::ZERO).unwrap();
    for batch in 0..20 {
        let outcomes = open_first.writer.append(entries(batch * 10..batch * 10 + 10)).await.unwrap();
        assert_eq!(outcomes[0], Outcome::Stored(Seq(batch as u64 * 10 + 1)));
    }
    assert_eq!(open_first.writer.head(), Seq(200));
    let written = open_first.ledger.events();
    open_first.writer.stop();
    assert!(journal_files(folder.path()).len() > 3, "small files rotate");

    let again = open(folder.path(), Seq::ZERO).unwrap();
    assert_eq!(again.ledger.events(), written);
    assert_eq!(again.writer.append(entries(200..201)).await.unwrap(), [Outcome::Stored(Seq(201))]);
    again.writer.stop();

    let from_the_middle = open(folder.path(), Seq(123)).unwrap();
    assert_eq!(from_the_middle.ledger.events()[..], [&written[123..], &again.ledger.events()[200..]].concat());
    from_the_middle.writer.stop();
}

#[tokio::test]
async fn the_same_id_is_stored_once_per_account_also_within_one_group() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path(), Seq::ZERO).unwrap();
    let twice = vec![entry("1", "a"), entry("1", "a"), entry("2", "a")];
    let outcomes = node.writer.append(twice).await.unwrap();
    assert_eq!(outcomes, [Outcome::Stored(Seq(1)), Outcome::Duplicate, Outcome::Stored(Seq(2))]);
    let (left, right) = tokio::join!(node.writer.append(entries(0..50)), node.writer.append(entries(0..50)));
    let stored = [left.unwrap(), right.unwrap()].concat().into_iter().filter(|outcome| *outcome != Outcome::Duplicate);
    assert_eq!(stored.count(), 50);
    node.writer.stop();
}

#[tokio::test]
async fn files_the_store_has_consumed_are_trimmed_and_a_gap_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path(), Seq::ZERO).unwrap();
    for batch in 0..40 {
        node.writer.append(entries(batch * 10..batch * 10 + 10)).await.unwrap();
    }
    let before = journal_files(folder.path()).len();
    node.writer.trim(Seq(300));
    node.writer.stop();
    let after = journal_files(folder.path()).len();
    assert!(after < before && after > 1, "{before} files before, {after} after");

    let node = open(folder.path(), Seq(300)).unwrap();
    assert_eq!(node.ledger.events().first().unwrap().0, 301);
    assert_eq!(node.writer.append(entries(400..401)).await.unwrap(), [Outcome::Stored(Seq(401))]);
    node.writer.stop();
    let error = open(folder.path(), Seq(10)).err().expect("events 11.. are gone");
    assert!(error.to_string().contains("the store ends at 10"), "{error}");
}

#[tokio::test]
async fn a_full_store_throttles_at_the_door_and_a_stopped_journal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path(), Seq::ZERO).unwrap();
    node.ledger.full.store(true, Ordering::SeqCst);
    assert!(matches!(node.writer.append(entries(0..1)).await, Err(AppendError::Throttled { .. })));
    node.ledger.full.store(false, Ordering::SeqCst);
    node.writer.append(entries(0..1)).await.unwrap();
    node.writer.stop();
    assert!(matches!(node.writer.append(entries(1..2)).await, Err(AppendError::Stopped { .. })));
}
