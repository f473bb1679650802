//! What came of an attempt to send.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What came of one attempt. The words are for people and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The other side has it.
    Delivered {
        /// What it answered, on one line; may be empty.
        answer: String,
    },
    /// It failed in a way that may pass. The message may have arrived all the same when no answer came.
    Retry {
        /// What went wrong.
        why: String,
        /// The earliest time it makes sense again, if the other side said so.
        after: Option<Duration>,
    },
    /// It was not tried: the robot takes no more messages this minute. Not counted as an attempt.
    Wait {
        /// When there is room again.
        after: Duration,
    },
    /// The same will fail again until somebody changes something.
    Rejected {
        /// What is wrong.
        why: String,
    },
}

impl Outcome {
    pub(super) fn rejected(why: &str) -> Outcome {
        Outcome::Rejected { why: why.to_owned() }
    }

    pub(super) fn retry(why: impl Into<String>) -> Outcome {
        Outcome::Retry { why: why.into(), after: None }
    }
}
