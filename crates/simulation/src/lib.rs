//! Journal, store and delivery together, on a disk that fails, crashes and forgets, checked against a plain model.
//!
//! [`run`] tells one story from one number: accounts, trails, batches with repeated ids, sealing, merging, retention,
//! lookups and deliveries, with faults and two to five crashes among them. After each restart, and at the end, every
//! promise is checked: what was acknowledged is found once and verbatim, nothing else is, trails delivered what they
//! selected once, cursors never go back, damage is named. A [`Broken`] part must be found out.
//!
//! What is deterministic: every decision of the workload, the disk, the buckets, the clock and chance comes from the
//! seed, and only one thread touches the disk at a time: the journal's thread is held while the store seals, and a
//! burst of appends is queued before the journal may write. So the order of disk operations, and with it the crash at
//! the n-th of them, repeats. What is not: how threads interleave within memory, the names SQLite gives its files, and
//! real time, which nothing here waits for. The catalog is real and on a real disk; its commits count as durable.

mod broken;
mod buckets;
mod damage;
mod events;
mod node;
mod panics;
mod story;
mod trails;
mod workload;

pub use broken::Broken;
pub use story::Violation;

/// Lives through the story of this seed. What happened, line by line; or the promise that was broken.
pub fn run(seed: u64, broken: Option<Broken>) -> Result<Vec<String>, Violation> {
    let story = story::Story::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let panics = panics::Watch::start();
    let told = story.clone();
    let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(workload::live(seed, broken, &told))
    }));
    let outcome = lived.unwrap_or_else(|_| Err("the simulation panicked".to_owned()));
    let outcome = panics.first().map_or(outcome, |panic| Err(format!("a thread panicked: {panic}")));
    match outcome {
        Ok(()) => Ok(story.lines()),
        Err(what) => Err(Violation { seed, what, story: story.lines() }),
    }
}
