//! The progress bar of an import: on a terminal, and nowhere else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

const TEMPLATE: &str = "{bar:30} {percent:>3}%  {prefix}  {msg}  {elapsed_precise}, {eta_precise} left";

/// Bytes read of all files, and events put.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Counts bytes as files are read.
    pub(crate) read: Arc<AtomicU64>,
    events: u64,
}

impl Progress {
    /// A bar over this many bytes; invisible unless standard error is a terminal.
    pub(crate) fn over(bytes: u64) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(TEMPLATE).expect("the template is valid"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Progress { bar, read: Arc::default(), events: 0 }
    }

    /// The file being read.
    pub(crate) fn file(&self, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.bar.set_prefix(name.into_owned());
    }

    /// Events that were answered for.
    pub(crate) fn answered(&mut self, events: u64) {
        self.events += events;
        self.bar.set_position(self.read.load(Ordering::Relaxed));
        self.bar.set_message(format!("{} events", HumanCount(self.events)));
    }

    /// A file that needs no reading.
    pub(crate) fn skipped(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A line that stays above the bar.
    pub(crate) fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
