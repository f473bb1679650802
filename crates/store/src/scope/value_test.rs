//! What a condition on a column says of each of its values, by asking the search itself about a small event that has just
//! this value. Values repeat from segment to segment, so verdicts are kept.

use std::collections::HashMap;

use model::Attribute;
use parking_lot::Mutex;
use query::{Matcher, Search};

use crate::segment::Values;

/// Verdicts kept for one condition.
const VERDICTS_MAX: usize = 1 << 16;

/// A condition on a column.
pub(crate) struct ValueTest {
    matcher: Matcher,
    keys: &'static [&'static str],
    verdicts: Mutex<HashMap<Box<[u8]>, bool>>,
}

impl ValueTest {
    /// `search` is a condition on the path of the attribute.
    pub(crate) fn new(search: &Search, attribute: Attribute) -> ValueTest {
        let keys = attribute.path().expect("only attributes with a path have such conditions");
        ValueTest { matcher: Matcher::new(search), keys, verdicts: Mutex::default() }
    }

    /// Whether the condition holds where there is nothing.
    pub(crate) fn of_nothing(&self) -> bool {
        self.matcher.holds(b"{}")
    }

    /// The verdict on each code.
    pub(crate) fn of_values(&self, values: &Values) -> Vec<bool> {
        let mut verdicts = self.verdicts.lock();
        let of_code = |code: u32| match values.get(code) {
            None => self.of_nothing(),
            Some(value) => match verdicts.get(value) {
                Some(verdict) => *verdict,
                None => {
                    let verdict = self.holds(value);
                    if verdicts.len() < VERDICTS_MAX {
                        verdicts.insert(value.into(), verdict);
                    }
                    verdict
                }
            },
        };
        (0..values.codes() as u32).map(of_code).collect()
    }

    fn holds(&self, value: &[u8]) -> bool {
        let mut json = Vec::with_capacity(value.len() + 64);
        for key in self.keys {
            json.extend_from_slice(b"{\"");
            json.extend_from_slice(key.as_bytes());
            json.extend_from_slice(b"\":");
        }
        json.push(b'"');
        for byte in value {
            match byte {
                b'"' | b'\\' => json.extend_from_slice(&[b'\\', *byte]),
                0..0x20 => json.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                _ => json.push(*byte),
            }
        }
        json.push(b'"');
        json.extend(self.keys.iter().map(|_| b'}'));
        self.matcher.holds(&json)
    }
}
