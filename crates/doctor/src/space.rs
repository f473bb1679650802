//! Room on the disk: a full one stops the node from taking events.

use host::disk_space::{DiskSpace, disk_space};

use crate::report::{Finding, Part, Report, Verdict};

/// A merge writes its events a second time before it removes the first, and the journal grows meanwhile.
const FREE_BYTES_MIN: u64 = 2 << 30;
/// Below this part of the whole, file systems become slow and the night becomes short.
const FREE_PART_MIN: u64 = 20;

pub(crate) fn check(report: &mut Report) {
    let summary = match disk_space(&report.data) {
        Ok(space) => {
            if is_short(space) {
                let what = format!("{} free of {}", gib(space.free), gib(space.total));
                report.findings.push(
                    Finding::new(Part::Space, Verdict::Warning, what)
                        .means("When the disk is full the node refuses events until there is room again.")
                        .advice("Make room, move the folder to a larger disk, or set a shorter [history] days."),
                );
            }
            format!("{} free of {}", gib(space.free), gib(space.total))
        }
        Err(error) => {
            let what = format!("the disk does not say how much room it has: {error}");
            report.findings.push(Finding::new(Part::Space, Verdict::Warning, what));
            "unknown".to_owned()
        }
    };
    report.part(Part::Space, summary);
}

fn is_short(space: DiskSpace) -> bool {
    space.free < FREE_BYTES_MIN || space.free < space.total / FREE_PART_MIN
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_noticed_on_small_and_large_disks() {
        let space = |free: u64, total: u64| DiskSpace { free: free << 30, total: total << 30 };
        assert!(is_short(space(1, 10)) && is_short(space(40, 1000)));
        assert!(!is_short(space(3, 20)) && !is_short(space(60, 1000)));
        assert!(disk_space(std::path::Path::new("/")).is_ok_and(|space| space.free <= space.total));
    }
}
