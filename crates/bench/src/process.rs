//! What the kernel says about a process and the machine: CPU time, memory, processor.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

/// The kernel counts CPU time in hundredths of a second on every Linux there is.
const TICKS_PER_SECOND: u64 = 100;

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) resident: u64,
    /// Of that, pages of mapped files: the kernel takes them back when it needs them.
    pub(crate) mapped: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

/// User and system time since the process began.
pub(crate) fn cpu_time(id: u32) -> Result<Duration> {
    let stat = read(&format!("/proc/{id}/stat"))?;
    parse_cpu_time(&stat).with_context(|| format!("/proc/{id}/stat has no CPU times"))
}

pub(crate) fn memory(id: u32) -> Result<Memory> {
    let status = read(&format!("/proc/{id}/status"))?;
    let field = |name: &str| parse_kibibytes(&status, name).with_context(|| format!("/proc/{id}/status has no {name}"));
    Ok(Memory { resident: field("VmRSS:")?, mapped: field("RssFile:")?, peak: field("VmHWM:")? })
}

/// Bytes the process has caused to be read from the disk.
pub(crate) fn read_bytes(id: u32) -> Result<u64> {
    let io = read(&format!("/proc/{id}/io"))?;
    let field = io.lines().find_map(|line| line.strip_prefix("read_bytes:"));
    let bytes = field.and_then(|field| field.trim().parse().ok());
    bytes.with_context(|| format!("/proc/{id}/io has no read_bytes"))
}

/// Processor, cores, memory and kernel, for the head of the report.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = read("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let memory = read("/proc/meminfo").ok().and_then(|info| parse_kibibytes(&info, "MemTotal:")).unwrap_or(0);
    let release = read("/proc/sys/kernel/osrelease").unwrap_or_default();
    let (model, gibibytes) = (model.trim_start_matches([' ', '\t', ':']), memory as f64 / f64::from(1 << 30));
    format!("{cores} cores of {model}, {gibibytes:.0} GiB of memory, Linux {}", release.trim())
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read {path}"))
}

/// The name of the program stands in parentheses and may hold anything, so fields are counted from the last one.
fn parse_cpu_time(stat: &str) -> Option<Duration> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

fn parse_kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let stat = "4242 (a (strange) name) S 1 4242 4242 0 -1 4194560 1 2 3 4 150 25 0 0 20 0 9 0 100 1 2";
        assert_eq!(parse_cpu_time(stat), Some(Duration::from_millis(1750)));
        assert_eq!(parse_kibibytes("VmPeak:\t 9 kB\nVmHWM:\t   2048 kB\n", "VmHWM:"), Some(2 << 20));
        let own = std::process::id();
        assert!(memory(own).expect("readable").peak > 0 && cpu_time(own).is_ok() && read_bytes(own).is_ok());
    }
}
