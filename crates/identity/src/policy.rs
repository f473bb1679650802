//! RAM policies: documents, and what they say about one action on one resource.
//!
//! A document is `{"Version": "1", "Statement": [...]}`. A statement has an `Effect`, an `Action` or `NotAction`, a
//! `Resource` or `NotResource`, and perhaps a `Condition`; lists may be single texts. Reading names the place of any
//! mistake; evaluating is a pure function.

mod condition;
mod document;
pub mod system;
mod trust;

pub use document::PolicyError;
pub(crate) use trust::Party;
pub use trust::Trust;

use crate::Context;
use condition::Condition;

/// RAM's own limit for a custom policy.
const DOCUMENT_BYTES_MAX: usize = 6144;
/// STS's own limit for the policy of a session.
const SESSION_DOCUMENT_BYTES_MAX: usize = 2048;

/// A policy that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    is_deny: bool,
    actions: Patterns,
    resources: Patterns,
    conditions: Vec<Condition>,
}

/// Patterns of which one must fit, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Patterns {
    patterns: Vec<String>,
    is_negated: bool,
}

/// What conditions look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    pub(crate) context: &'a Context,
    /// What the caller of AssumeRole says besides.
    pub(crate) external_id: Option<&'a str>,
    /// Whether the caller's session began with a second factor.
    pub(crate) mfa_present: bool,
}

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A statement denies it.
    Deny,
    /// A statement allows it and none denies it.
    Allow,
    /// No statement is about it.
    NotMentioned,
}

impl Policy {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Policy, PolicyError> {
        let statements = document::statements(document, DOCUMENT_BYTES_MAX, document::statement)?;
        Ok(Policy { statements })
    }

    /// Reads the policy of a session, which has to be shorter.
    pub fn parse_for_session(document: &str) -> Result<Policy, PolicyError> {
        let statements = document::statements(document, SESSION_DOCUMENT_BYTES_MAX, document::statement)?;
        Ok(Policy { statements })
    }

    /// What the policy says about an action (`service:Operation`) on a resource (an ARN).
    pub fn evaluate(&self, action: &str, resource: &str, context: &Context) -> Verdict {
        self.evaluate_in(action, resource, &Circumstances { context, external_id: None, mfa_present: false })
    }

    /// The same with everything a condition may ask about.
    pub(crate) fn evaluate_in(&self, action: &str, resource: &str, circumstances: &Circumstances<'_>) -> Verdict {
        let action = action.to_ascii_lowercase();
        let mut verdict = Verdict::NotMentioned;
        for statement in &self.statements {
            let is_meant = statement.actions.fit(&action)
                && statement.resources.fit(resource)
                && applies(&statement.conditions, statement.is_deny, circumstances);
            match (is_meant, statement.is_deny) {
                (true, true) => return Verdict::Deny,
                (true, false) => verdict = Verdict::Allow,
                (false, _) => {}
            }
        }
        verdict
    }
}

/// Whether a statement's conditions hold. What cannot be known neither allows nor saves from being denied.
fn applies(conditions: &[Condition], is_deny: bool, circumstances: &Circumstances<'_>) -> bool {
    conditions.iter().all(|condition| condition.holds(circumstances).unwrap_or(is_deny))
}

impl Patterns {
    fn fit(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern.as_bytes(), text.as_bytes())) != self.is_negated
    }
}

/// Whether a text fits a pattern: `*` is any run of characters, `?` any one. Takes time in proportion to the product
/// of the lengths at worst.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut position) = (0, 0);
    // Where the last star was, and how much of the text it takes.
    let mut star: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[position] => {
                at += 1;
                position += 1;
            }
            _ => match &mut star {
                Some((star_at, taken)) => {
                    *taken += 1;
                    at = *star_at + 1;
                    position = *taken;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests;
