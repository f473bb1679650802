//! Moves events in time: old samples, shifted so that the newest happens now.
//!
//! Only the text of the top level's `eventTime` is replaced; every other byte stays. Fractions of a second are lost.

use std::borrow::Cow;
use std::fmt;

use model::Timestamp;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The event's time; `None` when it has none that can be read.
pub(crate) fn time_of(event: &[u8]) -> Option<Timestamp> {
    let (start, end) = time_span(event)?;
    let text: String = serde_json::from_slice(&event[start..end]).ok()?;
    Timestamp::parse(&text).ok()
}

/// The event moved by this many milliseconds. One without a time is left for the node to refuse.
pub(crate) fn moved(event: Vec<u8>, by_milliseconds: i64) -> Vec<u8> {
    let (Some(time), Some((start, end))) = (time_of(&event), time_span(&event)) else { return event };
    let time = Timestamp(time.0.saturating_add(by_milliseconds).clamp(Timestamp::MIN.0, Timestamp::MAX.0));
    let text = format!("\"{time}\"");
    [&event[..start], text.as_bytes(), &event[end..]].concat()
}

/// Where the value of `eventTime` lies. When the key occurs twice the last one counts, as it does for a node.
fn time_span(event: &[u8]) -> Option<(usize, usize)> {
    struct TopLevel;
    impl<'de> Visitor<'de> for TopLevel {
        type Value = Option<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an event object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut time = None;
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if key == "eventTime" {
                    time = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(time)
        }
    }
    let text = std::str::from_utf8(event).ok()?;
    let time = serde_json::Deserializer::from_str(text).deserialize_map(TopLevel).ok()??;
    // The raw value borrows from the event, so its address tells its place.
    let start = time.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some((start, start + time.get().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_of_the_event_itself_is_replaced() {
        let event = r#"{ "n": 1e400, "inner": {"eventTime": "2020-01-01T00:00:00Z"},
            "eventTime" : "2026-01-15T08:30:00.250Z", "eventTime2": "x" }"#;
        let at = Timestamp::parse("2026-01-15T08:30:00.250Z").expect("a time");
        assert_eq!(time_of(event.as_bytes()), Some(at));
        let moved = moved(event.as_bytes().to_vec(), 86_400_000);
        let expected = event.replace("2026-01-15T08:30:00.250Z", "2026-01-16T08:30:00Z");
        assert_eq!(String::from_utf8(moved).expect("UTF-8"), expected);
    }

    #[test]
    fn the_last_of_two_counts_and_what_has_none_is_left_alone() {
        let twice = br#"{"eventTime":"2020-01-01T00:00:00Z","eventTime":"2021-01-01T00:00:00Z"}"#;
        let expected = br#"{"eventTime":"2020-01-01T00:00:00Z","eventTime":"2021-01-01T00:00:01Z"}"#;
        assert_eq!(moved(twice.to_vec(), 1000), expected);
        for none in [&b"{}"[..], b"{broken", b"[1]", br#"{"eventTime":5}"#, br#"{"eventTime":"soon"}"#] {
            assert_eq!(moved(none.to_vec(), 1000), none);
        }
    }
}
