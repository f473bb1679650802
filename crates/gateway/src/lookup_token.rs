//! The token that goes on with a lookup on its next page.
//!
//! Base64 of JSON with the fields ActionTrail publishes (`account`, `eventId`, `logId`, `time` in milliseconds) and what
//! makes paging exact: the last event's number, the window as it was on the first page (a default window moves with
//! the clock) and a digest of the other parameters. It is no secret and no permission: the account is always the
//! caller's, and a token that does not fit the request is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{AccountId, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Found, Position};

/// The window of a lookup, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) through: Timestamp,
}

/// Where the next page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Continuation {
    pub(crate) after: Position,
    pub(crate) window: Window,
}

/// Why a token cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenFault {
    #[error("NextToken is not one of ours; take it from the page before as it is, or leave it out to start again.")]
    Unreadable,
    #[error("NextToken belongs to another account.")]
    OtherAccount,
    #[error(
        "NextToken belongs to a lookup with other parameters; between pages only NextToken may change. Leave it out to \
         start again."
    )]
    OtherParameters,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    account: &'a str,
    #[serde(rename = "eventId")]
    event_id: std::borrow::Cow<'a, str>,
    #[serde(rename = "logId")]
    log_id: std::borrow::Cow<'a, str>,
    time: i64,
    seq: u64,
    from: i64,
    through: i64,
    parameters: std::borrow::Cow<'a, str>,
}

/// A short digest of the parameters that must not change between pages.
pub(crate) fn digest<'a>(lookup: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut sorted: Vec<_> = parameters.filter(|(_, value)| !value.is_empty()).collect();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    for text in std::iter::once(lookup).chain(sorted.into_iter().flat_map(|(name, value)| [name, value])) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The token behind the last event of a page.
pub(crate) fn encode(account: AccountId, last: &Found, window: Window, parameters: &str) -> String {
    let position = last.position();
    let wire = Wire {
        account: account.as_str(),
        event_id: last.event.id().into(),
        log_id: format!("82-{account}").into(),
        time: position.time.0,
        seq: position.seq.0,
        from: window.from.0,
        through: window.through.0,
        parameters: parameters.into(),
    };
    STANDARD.encode(serde_json::to_string(&wire).expect("texts and numbers are always JSON"))
}

/// Reads a token back, for this account and these parameters.
pub(crate) fn decode(token: &str, account: AccountId, parameters: &str) -> Result<Continuation, TokenFault> {
    let json = STANDARD.decode(token).map_err(|_| TokenFault::Unreadable)?;
    let wire: Wire<'_> = serde_json::from_slice(&json).map_err(|_| TokenFault::Unreadable)?;
    if wire.account != account.as_str() {
        return Err(TokenFault::OtherAccount);
    }
    if wire.parameters != parameters {
        return Err(TokenFault::OtherParameters);
    }
    Ok(Continuation {
        after: Position { time: Timestamp(wire.time), seq: Seq(wire.seq) },
        window: Window { from: Timestamp(wire.from), through: Timestamp(wire.through) },
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::Event;

    use super::*;

    const WINDOW: Window = Window { from: Timestamp(1), through: Timestamp(2) };

    fn account(id: &str) -> AccountId {
        id.parse().expect("an id")
    }

    fn token() -> String {
        let event = Event::parse(Bytes::from_static(br#"{"eventId":"e\"1","eventTime":"2026-01-01T00:00:00Z"}"#));
        let found = Found { seq: Seq(7), received: Timestamp(0), event: event.expect("an event") };
        encode(account("100"), &found, WINDOW, "abcd")
    }

    #[test]
    fn a_token_has_the_published_fields_and_comes_back() {
        let json = STANDARD.decode(token()).expect("base64");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!((&json["account"], &json["logId"]), (&"100".into(), &"82-100".into()));
        assert_eq!((&json["eventId"], &json["time"]), (&"e\"1".into(), &1_767_225_600_000_i64.into()));
        let place = decode(&token(), account("100"), "abcd").expect("our own token");
        let after = Position { time: Timestamp(1_767_225_600_000), seq: Seq(7) };
        assert_eq!(place, Continuation { after, window: WINDOW });
    }

    #[test]
    fn a_token_that_does_not_fit_is_refused() {
        let fault = |token: &str, id, parameters| decode(token, account(id), parameters).expect_err("refused");
        assert_eq!(fault(&token(), "200", "abcd"), TokenFault::OtherAccount);
        assert_eq!(fault(&token(), "100", "efgh"), TokenFault::OtherParameters);
        for broken in ["", "***", "e30=", &token()[4..]] {
            assert_eq!(fault(broken, "100", "abcd"), TokenFault::Unreadable, "{broken:?}");
        }
    }

    #[test]
    fn the_digest_depends_on_names_and_values_and_not_on_their_order() {
        let one = digest("L", [("a", "1"), ("b", "2"), ("c", "")].into_iter());
        assert_eq!(one, digest("L", [("b", "2"), ("a", "1")].into_iter()));
        for other in [[("a", "2"), ("b", "1")], [("a", "12"), ("b", "")], [("ab", "1"), ("", "2")]] {
            assert_ne!(one, digest("L", other.into_iter()), "{other:?}");
        }
    }
}
