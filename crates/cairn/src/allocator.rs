//! The memory allocator: jemalloc.
//!
//! Events come in bursts. The system's allocator keeps what a burst has taken (600 MiB after 300,000 events);
//! jemalloc gives it back within seconds, at the same CPU time. See `docs/benchmarks.md`.

use tracing::warn;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Lets a thread of the allocator return unused memory while nothing else happens. For processes that live long.
pub(crate) fn return_memory_when_idle() {
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        warn!(%error, "the allocator runs without its thread, so memory is returned later");
    }
}
