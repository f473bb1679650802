//! The body of `POST /v1/events`: undone from its compression, within bounds, and cut into events without copying.
//!
//! A compressed body is never decompressed beyond the limit, so a bomb costs its first 10 MiB. The whole of a JSON
//! array is checked before anything is stored; in line form each line stands for itself. Events are slices of the one
//! body in memory.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use api::{WireError, codes};
use bytes::Bytes;
use model::limits::{REQUEST_BYTES_MAX, REQUEST_EVENTS_MAX};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

/// How events lie in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A JSON array of events, or one event.
    Json,
    /// One event a line.
    Lines,
}

/// The compression a `Content-Encoding` names.
pub(crate) fn encoding(header: Option<&str>) -> Result<Encoding, WireError> {
    match header.map(str::trim).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Plain),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "zstd" => Ok(Encoding::Zstd),
        other => Err(codes::UNSUPPORTED_MEDIA_TYPE
            .because(format!("Content-Encoding {other:?} is not supported; use gzip, zstd or none."))),
    }
}

/// The shape a `Content-Type` names; without one the body is taken for JSON.
pub(crate) fn shape(header: Option<&str>) -> Result<Shape, WireError> {
    let mut parts = header.unwrap_or_default().split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if let Some(charset) = parts.find_map(other_charset) {
        let message = format!("The charset {charset:?} is not supported; send utf-8.");
        return Err(codes::UNSUPPORTED_MEDIA_TYPE.because(message));
    }
    match kind.to_ascii_lowercase().as_str() {
        "" | "application/json" => Ok(Shape::Json),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Shape::Lines),
        other => Err(codes::UNSUPPORTED_MEDIA_TYPE.because(format!(
            "Content-Type {other:?} is not supported; use application/json for an array or one event, \
             application/x-ndjson for one event a line."
        ))),
    }
}

/// The charset a parameter of a `Content-Type` names, unless it is UTF-8 or its subset ASCII.
fn other_charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    let charset = value.trim().trim_matches('"');
    let is_text_we_read = ["utf-8", "utf8", "us-ascii"].iter().any(|each| charset.eq_ignore_ascii_case(each));
    (name.trim().eq_ignore_ascii_case("charset") && !is_text_we_read).then_some(charset)
}

/// The error for a body beyond the limit.
pub(crate) fn too_large() -> WireError {
    codes::REQUEST_TOO_LARGE
        .because(format!("The body has more than {REQUEST_BYTES_MAX} bytes decompressed; send fewer events at once."))
}

fn too_many() -> WireError {
    codes::REQUEST_TOO_LARGE.because(format!("The body has more than {REQUEST_EVENTS_MAX} events; send fewer at once."))
}

/// Decompresses a body.
pub(crate) fn decoded(body: Bytes, encoding: Encoding) -> Result<Bytes, WireError> {
    match encoding {
        Encoding::Plain => Ok(body),
        Encoding::Gzip => read_bounded(flate2::read::MultiGzDecoder::new(&*body), "gzip"),
        Encoding::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(&*body);
            let decoder = decoder.map_err(|error| codes::INTERNAL_ERROR.because(error.to_string()))?;
            read_bounded(decoder, "zstd")
        }
    }
}

fn read_bounded(decoder: impl Read, name: &str) -> Result<Bytes, WireError> {
    let mut plain = Vec::new();
    let read = decoder.take(REQUEST_BYTES_MAX as u64 + 1).read_to_end(&mut plain);
    read.map_err(|error| codes::MALFORMED_BODY.because(format!("The body is not valid {name}: {error}.")))?;
    if plain.len() > REQUEST_BYTES_MAX { Err(too_large()) } else { Ok(plain.into()) }
}

/// Cuts a body into events.
pub(crate) fn events(body: &Bytes, shape: Shape) -> Result<Vec<Bytes>, WireError> {
    // Some producers on Windows start a file with a byte order mark, which is no JSON.
    let body = if body.starts_with(b"\xEF\xBB\xBF") { body.slice(3..) } else { body.clone() };
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(codes::MALFORMED_BODY.because("The body is empty; send at least one event."));
    }
    if is_utf16(&body) {
        return Err(codes::MALFORMED_BODY.because("The body is UTF-16; send UTF-8."));
    }
    let events = match shape {
        Shape::Json => json_events(&body)?,
        Shape::Lines => line_events(&body)?,
    };
    Ok(unpinned(&body, events))
}

/// UTF-16, with a byte order mark or without: JSON begins with a character of ASCII, which has a zero byte there.
fn is_utf16(body: &[u8]) -> bool {
    matches!(body, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'[' | b'{', 0, ..] | [0, b'[' | b'{', ..])
}

fn json_events(body: &Bytes) -> Result<Vec<Bytes>, WireError> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
        // One event: whatever it is, the event's own check says what is wrong with it.
        return Ok(vec![body.clone()]);
    }
    let malformed = |error: serde_json::Error| {
        codes::MALFORMED_BODY.because(format!("The body is not a JSON array of events: {error}. Nothing was stored."))
    };
    let text = str::from_utf8(body).map_or_else(|_| Cow::Owned(same_length_text(body)), Cow::Borrowed);
    let mut json = serde_json::Deserializer::from_str(&text);
    let raw = Elements.deserialize(&mut json).map_err(malformed)?.ok_or_else(too_many)?;
    json.end().map_err(malformed)?;
    let place = |event: &RawValue| event.get().as_ptr() as usize - text.as_ptr() as usize;
    Ok(raw.into_iter().map(|event| body.slice(place(event)..place(event) + event.get().len())).collect())
}

/// The body with `?` for every byte that is no UTF-8, so that it can be cut all the same: the event that has such
/// bytes is refused by its own check, and the others are not.
fn same_length_text(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    text
}

fn line_events(body: &Bytes) -> Result<Vec<Bytes>, WireError> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
    let events: Vec<Bytes> = lines.take(REQUEST_EVENTS_MAX + 1).map(|line| body.slice_ref(line)).collect();
    if events.len() > REQUEST_EVENTS_MAX { Err(too_many()) } else { Ok(events) }
}

/// A slice keeps the whole body alive. Where most of the body is white space, that would cost memory nobody counts.
fn unpinned(body: &Bytes, events: Vec<Bytes>) -> Vec<Bytes> {
    let bytes: usize = events.iter().map(Bytes::len).sum();
    if bytes * 2 >= body.len() {
        return events;
    }
    events.iter().map(|event| Bytes::copy_from_slice(event)).collect()
}

/// The elements of an array as raw text; `None` when there are more than allowed.
struct Elements;

impl<'de> DeserializeSeed<'de> for Elements {
    type Value = Option<Vec<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        let mut too_many = false;
        while let Some(element) = seq.next_element::<&RawValue>()? {
            too_many |= elements.len() == REQUEST_EVENTS_MAX;
            if !too_many {
                elements.push(element);
            }
        }
        Ok((!too_many).then_some(elements))
    }
}

#[cfg(test)]
mod tests;
