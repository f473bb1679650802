//! Events on the screen: a line each, or their JSON.

use bytes::Bytes;
use model::{Attribute, Event};

use crate::output;

/// The columns of an event. What they show is what lookups can ask for.
pub(super) const HEADER: [&str; 7] = ["TIME", "EVENT", "SERVICE", "USER", "ADDRESS", "RESOURCE", "ERROR"];

/// Characters of a resource's name that are shown; some are URLs.
const RESOURCE_CHARS_MAX: usize = 40;

/// An event's line in a table.
pub(super) fn row(raw: &str) -> [String; 7] {
    let Ok(event) = Event::parse(Bytes::copy_from_slice(raw.as_bytes())) else {
        // The node took it, so it can only be newer than this command.
        return [String::new(), raw.into(), String::new(), String::new(), String::new(), String::new(), String::new()];
    };
    let first = |attribute| event.first(attribute).unwrap_or_default().to_owned();
    let mut names = event.attributes().filter(|(attribute, _)| *attribute == Attribute::ResourceName);
    let mut resource = names.next().map(|(_, name)| shortened(name)).unwrap_or_default();
    match names.count() {
        0 => {}
        more => resource.push_str(&format!(" +{more}")),
    }
    [
        event.time().to_string(),
        first(Attribute::EventName),
        first(Attribute::ServiceName),
        first(Attribute::User),
        first(Attribute::SourceIpAddress),
        resource,
        first(Attribute::ErrorCode),
    ]
}

/// An event's JSON on one line. Line breaks inside it are white space between values, never part of one.
pub(super) fn json_line(raw: &str) {
    if raw.contains(['\n', '\r']) {
        output::line(&raw.replace(['\n', '\r'], " "));
    } else {
        output::line(raw);
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= RESOURCE_CHARS_MAX {
        return text.to_owned();
    }
    let kept: String = text.chars().take(RESOURCE_CHARS_MAX - 1).collect();
    format!("{kept}…")
}
