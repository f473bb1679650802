use std::fs;
use std::path::PathBuf;

use journal::RecoverError;
use model::{ErrorKind, Seq};

use crate::ledger::{entries, journal_files, open};

/// A folder with two files of several frames.
async fn two_files() -> (tempfile::TempDir, Vec<PathBuf>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path(), Seq::ZERO).unwrap();
    let mut count = 0;
    while journal_files(folder.path()).len() < 2 || count % 50 != 0 {
        node.writer.append(entries(count..count + 5)).await.unwrap();
        count += 5;
    }
    node.writer.append(entries(count..count + 5)).await.unwrap();
    node.writer.stop();
    let files = journal_files(folder.path());
    (folder, files, count + 5)
}

#[tokio::test]
async fn a_torn_tail_is_cut_off_and_kept_aside_wherever_it_tore() {
    let (folder, files, count) = two_files().await;
    let last = files.last().unwrap();
    let whole = fs::read(last).unwrap();
    let frame_start = whole.windows(4).rposition(|window| window == b"FRM1").unwrap();
    for cut in [frame_start + 1, frame_start + 40, frame_start + 100, whole.len() - 1] {
        fs::write(last, &whole[..cut]).unwrap();
        let node = open(folder.path(), Seq::ZERO).unwrap();
        assert_eq!(node.writer.head(), Seq(count as u64 - 5), "cut at {cut}");
        node.writer.stop();
        let kept: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let torn = kept.iter().find(|path| path.to_string_lossy().contains("torn-")).expect("kept aside");
        assert_eq!(fs::read(torn).unwrap(), &whole[frame_start..cut]);
        fs::remove_file(torn).unwrap();
    }
    // A power loss can leave the length without the bytes.
    let mut zeroed = whole.clone();
    zeroed[frame_start + 80..].fill(0);
    fs::write(last, zeroed).unwrap();
    let node = open(folder.path(), Seq::ZERO).unwrap();
    assert_eq!(node.writer.head(), Seq(count as u64 - 5));
    node.writer.append(entries(9000..9001)).await.unwrap();
    node.writer.stop();
}

#[tokio::test]
async fn a_flipped_bit_is_named_and_never_dropped() {
    let (folder, files, _) = two_files().await;
    for path in &files {
        let whole = fs::read(path).unwrap();
        for offset in (0..whole.len()).step_by(37) {
            let mut bad = whole.clone();
            bad[offset] ^= 0x10;
            fs::write(path, &bad).unwrap();
            let error = open(folder.path(), Seq::ZERO).err().unwrap_or_else(|| panic!("byte {offset} of {path:?}"));
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(matches!(&error, RecoverError::Damaged { path: named, .. } if named == path), "{error}");
            assert_eq!(fs::read(path).unwrap(), bad, "nothing is changed");
        }
        fs::write(path, &whole).unwrap();
    }
    open(folder.path(), Seq::ZERO).unwrap().writer.stop();
}

#[tokio::test]
async fn a_missing_file_in_the_middle_and_a_last_file_without_header() {
    let (folder, files, count) = two_files().await;
    let next = folder.path().join(format!("{:020}.journal", count + 1));
    fs::write(&next, b"CAIRN").unwrap();
    let node = open(folder.path(), Seq::ZERO).unwrap();
    assert_eq!(node.writer.head(), Seq(count as u64));
    node.writer.append(entries(9000..9001)).await.unwrap();
    node.writer.stop();
    open(folder.path(), Seq::ZERO).unwrap().writer.stop();

    fs::remove_file(&files[1]).unwrap();
    let error = open(folder.path(), Seq::ZERO).err().expect("a hole");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    fs::remove_file(&files[0]).unwrap();
    assert!(matches!(open(folder.path(), Seq::ZERO).err(), Some(RecoverError::Gap { .. })));
}
