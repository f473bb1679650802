//! What an event must have for a search to hold: the keys a search is filed under.
//!
//! The keys of a search are alternatives: every event it holds for has at least one of them. Of `and` the part that is
//! expected most rarely is taken, of `or` every part, and `not` is pushed down to the conditions. Absence cannot be looked up: a
//! search that only excludes has no keys. What else an event must have is known besides, and spares most comparisons.

use query::search::{Search, Test, Word, Words};

/// As many further keys are looked at; more tell little.
const ALSO_MAX: usize = 8;

/// One thing an event may have. Paths and words are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A word, or with `is_prefix` the beginning of one, of the value at the path, or anywhere.
    Word { path: Option<Box<[u8]>>, text: Box<[u8]>, is_prefix: bool },
    /// Any value at the path.
    Present(Box<[u8]>),
}

/// Where a search is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filing {
    /// An event must have one of these.
    pub(super) keys: Vec<Key>,
    /// And all of these.
    pub(super) also: Vec<Key>,
}

/// Where to file a search; `None` if there is nothing an event must have.
pub(super) fn filing(search: &Search) -> Option<Filing> {
    let required = required(search, false)?;
    let mut also = required.also;
    also.truncate(ALSO_MAX);
    Some(Filing { keys: required.keys, also })
}

struct Required {
    keys: Vec<Key>,
    also: Vec<Key>,
    /// The part of events that is expected to have one of them.
    share: f64,
}

fn required(search: &Search, is_negated: bool) -> Option<Required> {
    let never = || Some(Required { keys: Vec::new(), also: Vec::new(), share: 0.0 });
    match (search, is_negated) {
        (Search::Not(inner), _) => required(inner, !is_negated),
        (Search::All, false) => None,
        (Search::All, true) => never(),
        (Search::And(parts), false) | (Search::Or(parts), true) => all_of(parts, is_negated),
        (Search::Or(parts), false) | (Search::And(parts), true) => {
            let mut all = Required { keys: Vec::new(), also: Vec::new(), share: 0.0 };
            for part in parts {
                let part = required(part, is_negated)?;
                all.keys.extend(part.keys);
                all.share += part.share;
            }
            Some(all)
        }
        // Every event's topic is the same.
        (Search::Topic(_), _) if search.holds(b"{}") == is_negated => never(),
        (Search::Topic(_) | Search::Anywhere(_) | Search::Field(..), true) | (Search::Topic(_), false) => None,
        (Search::Anywhere(words), false) => rarest(words, None),
        (Search::Field(path, test), false) => {
            let path = path.to_string().to_ascii_lowercase().into_bytes().into_boxed_slice();
            let word = if let Test::Has(words) = test { rarest(words, Some(&path)) } else { None };
            let share = share_of_presence(&path);
            word.or_else(|| Some(Required { keys: vec![Key::Present(path)], also: Vec::new(), share }))
        }
    }
}

/// The rarest part decides; what the others require without alternatives is required besides.
fn all_of(parts: &[Search], is_negated: bool) -> Option<Required> {
    let mut parts: Vec<Required> = parts.iter().filter_map(|part| required(part, is_negated)).collect();
    parts.sort_by(|one, other| one.share.total_cmp(&other.share));
    let mut parts = parts.into_iter();
    let mut first = parts.next()?;
    for part in parts {
        if part.keys.len() == 1 {
            first.also.extend(part.keys);
        }
        first.also.extend(part.also);
    }
    Some(first)
}

/// The word that is expected most rarely, and the others besides; `None` if there are none.
fn rarest(words: &Words, path: Option<&[u8]>) -> Option<Required> {
    let share = |word: &Word| {
        let (length, factor) = match word {
            Word::Exact(text) => (text.len(), 1.0),
            Word::Like { prefix, .. } => (prefix.len(), 4.0),
        };
        // Of several words the longer is the rarer.
        factor * share_of_word(path) / (1.0 + length as f64 / 100.0)
    };
    let key = |word: &Word| {
        let (text, is_prefix) = match word {
            Word::Exact(text) => (text, false),
            Word::Like { prefix, .. } => (prefix, true),
        };
        let text = text.to_ascii_lowercase().into_bytes().into_boxed_slice();
        Key::Word { path: path.map(Into::into), text, is_prefix }
    };
    let mut words: Vec<&Word> = words.words.iter().collect();
    words.sort_by(|one, other| share(one).total_cmp(&share(other)));
    let (first, others) = words.split_first()?;
    let also = others.iter().map(|word| key(word)).collect();
    Some(Required { keys: vec![key(first)], also, share: share(first) })
}

/// The part of events that is expected to have one word there. These are ranks rather than figures: who, which key and from where
/// tell more than what was called, that more than the service, and that more than read or write.
fn share_of_word(path: Option<&[u8]>) -> f64 {
    match path {
        None => 0.02,
        Some(
            b"eventrw" | b"eventtype" | b"eventcategory" | b"eventversion" | b"useridentity.type" | b"apiversion"
            | b"isglobal",
        ) => 0.5,
        Some(b"acsregion" | b"recipientaccountid" | b"useridentity.accountid" | b"useridentity.rootaccountid") => 0.4,
        Some(b"servicename" | b"eventsource" | b"resourcetype" | b"useragent") => 0.1,
        Some(b"eventname" | b"errorcode") => 0.01,
        Some(_) => 0.005,
    }
}

/// The part of events that is expected to have a value there at all.
fn share_of_presence(path: &[u8]) -> f64 {
    match path {
        b"errorcode" | b"errormessage" => 0.2,
        _ => 0.9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(keys: &[Key]) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let shown = |key: &Key| match key {
            Key::Present(path) => format!("{}:*", text(path)),
            Key::Word { path, text: word, is_prefix } => {
                let path = path.as_deref().map_or(String::new(), |path| text(path) + ":");
                format!("{path}{}{}", text(word), if *is_prefix { "..." } else { "" })
            }
        };
        keys.iter().map(shown).collect()
    }

    #[test]
    fn a_search_is_filed_under_what_is_rarest() {
        for (search, keys, also) in [
            (
                "event.serviceName: Ecs and event.eventName: DeleteDisk",
                &["eventname:deletedisk"][..],
                &["servicename:ecs"][..],
            ),
            (
                "eventName: DeleteDisk and userIdentity.userName: Bob and not errorCode: x",
                &["useridentity.username:bob"],
                &["eventname:deletedisk"],
            ),
            ("eventName: a or eventName: B*", &["eventname:a", "eventname:b..."], &[]),
            ("(eventName: a or eventName: b) and eventRW: Write", &["eventname:a", "eventname:b"], &["eventrw:write"]),
            ("(eventName: a or eventName: b) and userIdentity.userName: Bob", &["useridentity.username:bob"], &[]),
            ("alice eventRW: Read", &["alice"], &["eventrw:read"]),
            (r#"resourceName: "one three""#, &["resourcename:three"], &["resourcename:one"]),
            ("errorCode: *", &["errorcode:*"], &[]),
            ("size > 5 and not eventRW: Read", &["size:*"], &[]),
            ("not (not eventName: x or eventRW: Read)", &["eventname:x"], &[]),
            ("not (not eventName: x and not eventName: y)", &["eventname:x", "eventname:y"], &[]),
            ("__topic__: other", &[], &[]),
            ("__topic__: actiontrail_audit_event and eventName: x", &["eventname:x"], &[]),
            ("not __topic__: actiontrail_audit_event", &[], &[]),
        ] {
            let filing = filing(&query::parse(search).unwrap().search).expect(search);
            assert_eq!((shown(&filing.keys), shown(&filing.also)), (shown_as(keys), shown_as(also)), "{search}");
        }
        for search in ["*", "not eventRW: Read", "eventName: x or not eventRW: Read"] {
            assert_eq!(filing(&query::parse(search).unwrap().search), None, "{search}");
        }
    }

    fn shown_as(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }
}
