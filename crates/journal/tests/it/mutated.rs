//! Files that are not what was written, in any way: an error that names the file, or the events as they were; never a
//! panic, never something else.

use std::path::{Path, PathBuf};

use host::Disk;
use host::simulated::SimulatedDisk;
use journal::RecoverError;
use model::ErrorKind;
use proptest::prelude::*;

use crate::ledger::{entries, on, simulated};

/// What is done to a file.
#[derive(Debug, Clone)]
enum Mutation {
    Set(usize, Vec<u8>),
    Cut(usize),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let within = |at: usize, bytes: &[u8]| at % (bytes.len() + 1);
        match self {
            Mutation::Set(at, new) => {
                let at = within(*at, bytes);
                let end = (at + new.len()).min(bytes.len());
                bytes[at..end].copy_from_slice(&new[..end - at]);
            }
            Mutation::Cut(at) => bytes.truncate(within(*at, bytes)),
            Mutation::Insert(at, new) => {
                let at = within(*at, bytes);
                bytes.splice(at..at, new.iter().copied());
            }
            Mutation::Remove(at, len) => {
                let at = within(*at, bytes);
                let end = (at + len).min(bytes.len());
                bytes.drain(at..end);
            }
            Mutation::Repeat(at, len) => {
                let at = within(*at, bytes);
                let end = (at + len).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(end..end, part);
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let bytes = || proptest::collection::vec(prop_oneof![Just(0), Just(255), any::<u8>()], 1..20);
    prop_oneof![
        (any::<usize>(), bytes()).prop_map(|(at, new)| Mutation::Set(at, new)),
        any::<usize>().prop_map(Mutation::Cut),
        (any::<usize>(), bytes()).prop_map(|(at, new)| Mutation::Insert(at, new)),
        (any::<usize>(), 1_usize..300).prop_map(|(at, len)| Mutation::Remove(at, len)),
        (any::<usize>(), 1_usize..300).prop_map(|(at, len)| Mutation::Repeat(at, len)),
    ]
}

fn write(disk: &SimulatedDisk, path: &Path, bytes: &[u8]) {
    if disk.exists(path) {
        disk.remove(path).unwrap();
    }
    disk.create(path).unwrap().append(bytes).unwrap();
}

/// Two files and a file of roots, and every id in them.
fn sample() -> (SimulatedDisk, Vec<PathBuf>, Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (disk, node) = simulated(1);
    runtime.block_on(async {
        for start in (0..40).step_by(4) {
            node.writer.append(entries(start..start + 4)).await.unwrap();
        }
    });
    let ids = node.ids();
    node.writer.stop();
    let mut files = disk.list(Path::new("/journal")).unwrap();
    files.sort();
    assert_eq!(files.len(), 3, "{files:?}");
    (disk, files, ids)
}

fn check(disk: &SimulatedDisk, ids: &[String]) -> Result<(), TestCaseError> {
    match on(disk) {
        Ok(node) => {
            let there = node.ids();
            node.writer.stop();
            prop_assert_eq!(&there[..], &ids[..there.len()], "events in their order, none invented");
        }
        Err(RecoverError::Damaged { path, .. }) => prop_assert!(path.starts_with("/journal")),
        Err(error) => {
            prop_assert!(
                matches!(error, RecoverError::Gap { .. }) || error.kind() == ErrorKind::Unavailable,
                "{error}"
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_mutated_file(which in 0_usize..3, mutations in proptest::collection::vec(mutation(), 1..4)) {
        let (disk, files, ids) = sample();
        let mut bytes = disk.bytes(&files[which]).unwrap();
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        write(&disk, &files[which], &bytes);
        check(&disk, &ids)?;
    }

    #[test]
    fn any_bytes(
        which in 0_usize..3,
        magic in prop_oneof![Just(&b""[..]), Just(&b"CAIRNJ01"[..]), Just(&b"FRM1"[..])],
        rest in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let (disk, files, ids) = sample();
        write(&disk, &files[which], &[magic, &rest[..]].concat());
        check(&disk, &ids)?;
    }
}
