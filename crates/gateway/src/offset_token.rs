//! The token that goes on with a list on its next page, for lists that are made anew for each page.
//!
//! Like a lookup's token it is no secret and no permission; it holds how far the page before reached, the window as it
//! was on the first page, and a digest of the other parameters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::lookup_token::{TokenFault, Window};

/// Where the next page starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset {
    /// Entries of the pages before.
    pub(crate) entries: usize,
    pub(crate) window: Window,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    account: String,
    entries: usize,
    from: i64,
    through: i64,
    parameters: String,
}

/// The token behind so many entries.
pub(crate) fn encode(account: AccountId, offset: Offset, parameters: &str) -> String {
    let wire = Wire {
        account: account.to_string(),
        entries: offset.entries,
        from: offset.window.from.0,
        through: offset.window.through.0,
        parameters: parameters.to_owned(),
    };
    STANDARD.encode(serde_json::to_string(&wire).expect("texts and numbers are always JSON"))
}

/// Reads a token back, for this account and these parameters.
pub(crate) fn decode(token: &str, account: AccountId, parameters: &str) -> Result<Offset, TokenFault> {
    let json = STANDARD.decode(token).map_err(|_| TokenFault::Unreadable)?;
    let wire: Wire = serde_json::from_slice(&json).map_err(|_| TokenFault::Unreadable)?;
    if wire.account != account.as_str() {
        return Err(TokenFault::OtherAccount);
    }
    if wire.parameters != parameters {
        return Err(TokenFault::OtherParameters);
    }
    let window = Window { from: Timestamp(wire.from), through: Timestamp(wire.through) };
    Ok(Offset { entries: wire.entries, window })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_and_fits_nothing_else() {
        let window = Window { from: Timestamp(1), through: Timestamp(2) };
        let (one, other): (AccountId, AccountId) = ("100".parse().expect("an id"), "200".parse().expect("an id"));
        let offset = Offset { entries: 40, window };
        let token = encode(one, offset, "abc");
        assert_eq!(decode(&token, one, "abc"), Ok(offset));
        assert_eq!(decode(&token, other, "abc"), Err(TokenFault::OtherAccount));
        assert_eq!(decode(&token, one, "other"), Err(TokenFault::OtherParameters));
        assert_eq!(decode("nonsense", one, "abc"), Err(TokenFault::Unreadable));
    }
}
