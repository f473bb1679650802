//! Places in a shard.
//!
//! On the wire a cursor is the base64 of a decimal number; clients compare cursors as texts, so one number has one text.
//! Ours is the journal's number after which to read.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Seq;

/// Reading goes on after this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub Seq);

/// The text is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The cursor is invalid: it is not one that GetCursor gave.")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.0.to_string()))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Cursor, CursorError> {
        let decoded = STANDARD.decode(text).map_err(|_| CursorError)?;
        let digits = std::str::from_utf8(&decoded).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok()).ok_or(CursorError)?;
        Ok(Cursor(Seq(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_the_base64_of_a_decimal_number() {
        // The sample of Log Service's documentation.
        assert_eq!("MTQ0NzI5OTYwNjg5NjYzMjM1Ng==".parse(), Ok(Cursor(Seq(1_447_299_606_896_632_356))));
        for number in [0, 1, u64::MAX] {
            assert_eq!(Cursor(Seq(number)).to_string().parse(), Ok(Cursor(Seq(number))));
        }
        for text in ["", "1", "!", "LTE=", "KzE=", "MTg0NDY3NDQwNzM3MDk1NTE2MTY=", "/w=="] {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text}");
        }
    }
}
