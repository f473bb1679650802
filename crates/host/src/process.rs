//! What the kernel says about this process.

use std::fs;

/// Figures of the process; 0 where the machine does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Process {
    /// Memory in use.
    pub resident_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Files and connections.
    pub open_files: u64,
    /// How many of them there may be.
    pub open_files_max: u64,
}

/// Reads the figures from `/proc`.
pub fn read() -> Process {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (status, limits) = (text("/proc/self/status"), text("/proc/self/limits"));
    Process {
        resident_bytes: number_after(&status, "VmRSS:").unwrap_or(0) * 1024,
        threads: number_after(&status, "Threads:").unwrap_or(0),
        open_files: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
        open_files_max: number_after(&limits, "Max open files").unwrap_or(0),
    }
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_behind_their_names() {
        let text =
            "Name:\tcairn\nVmRSS:\t  2048 kB\nThreads:\t12\nMax open files            1024       4096     files\n";
        assert_eq!(number_after(text, "VmRSS:"), Some(2048));
        assert_eq!(number_after(text, "Max open files"), Some(1024));
        assert_eq!(number_after(text, "VmHWM:"), None);
    }

    #[test]
    fn a_process_has_memory_threads_and_files() {
        let process = read();
        assert!(process.resident_bytes > 1 << 20 && process.threads >= 1, "{process:?}");
        assert!(process.open_files >= 3 && process.open_files_max >= process.open_files, "{process:?}");
    }
}
