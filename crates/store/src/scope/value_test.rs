//! What a condition on a column says of each of its values.

use query::search::Test;

use crate::segment::Values;

/// Whether the condition holds, by code; nothing passes a test where there is nothing.
pub(crate) fn verdicts(test: &Test, values: &Values) -> Vec<bool> {
    let of_code = |code: u32| values.get(code).is_some_and(|text| test.holds_for(&String::from_utf8_lossy(text)));
    (0..values.codes() as u32).map(of_code).collect()
}
