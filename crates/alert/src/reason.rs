//! Why something was not sent: a code for machines and a sentence for people. Recorded with everything that is suppressed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Why an alert, or a recipient, gets no notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Such as `silenced`; the codes are listed in `docs/book/alert-policies.md`.
    pub code: Cow<'static, str>,
    /// The same for people, with what is particular to the case.
    pub why: String,
}

impl Reason {
    /// A code with its sentence.
    pub fn new(code: &'static str, why: impl Into<String>) -> Reason {
        Reason { code: Cow::Borrowed(code), why: why.into() }
    }
}
