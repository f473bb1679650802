//! Percent-encoding and query strings as the two signature schemes use them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986: letters, digits, `-`, `.`, `_`, `~` stay.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes; a space becomes `%20`, `*` becomes `%2A`.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// The parameters of a query or a form: `+` and `%20` are spaces.
pub(crate) fn parameters(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// `name=value&…`, encoded, sorted by name.
pub(crate) fn canonical(mut parameters: Vec<(String, String)>) -> String {
    parameters.sort();
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub(crate) fn equal_in_constant_time(left: &str, right: &str) -> bool {
    use subtle::ConstantTimeEq;
    left.as_bytes().ct_eq(right.as_bytes()).into()
}
