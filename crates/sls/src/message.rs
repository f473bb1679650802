//! Logs as protobuf: the `logs.proto` of Log Service's clients, version 2, written as derives.
//!
//! Values are bytes and not texts: they are the same on the wire, and a log's value is often the largest thing a node
//! holds, which must not be copied to be sent.

use bytes::Bytes;

/// One pair of a log.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Content {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub key: String,
    /// Its value, UTF-8.
    #[prost(bytes = "bytes", required, tag = "2")]
    pub value: Bytes,
}

/// One log.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Log {
    /// Seconds since 1970.
    #[prost(uint32, required, tag = "1")]
    pub time: u32,
    /// What it says.
    #[prost(message, repeated, tag = "2")]
    pub contents: Vec<Content>,
    /// The part of a second.
    #[prost(fixed32, optional, tag = "4")]
    pub time_ns: Option<u32>,
}

/// A pair about all logs of a group.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LogTag {
    /// Its name.
    #[prost(string, required, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(string, required, tag = "2")]
    pub value: String,
}

/// Logs of one topic from one source.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LogGroup {
    /// The logs.
    #[prost(message, repeated, tag = "1")]
    pub logs: Vec<Log>,
    /// Their topic.
    #[prost(string, optional, tag = "3")]
    pub topic: Option<String>,
    /// Where they come from.
    #[prost(string, optional, tag = "4")]
    pub source: Option<String>,
    /// What else is known of them.
    #[prost(message, repeated, tag = "6")]
    pub log_tags: Vec<LogTag>,
}

/// What PullLogs gives.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LogGroupList {
    /// The groups, oldest first.
    #[prost(message, repeated, tag = "1")]
    pub groups: Vec<LogGroup>,
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    /// The bytes are written out by hand from the published proto.
    #[test]
    fn a_group_has_the_published_bytes() {
        let group = LogGroup {
            logs: vec![Log {
                time: 1_700_000_000,
                contents: vec![Content { key: "event".into(), value: Bytes::from_static(b"{}") }],
                time_ns: Some(1),
            }],
            topic: Some("t".into()),
            source: Some("s".into()),
            log_tags: vec![LogTag { key: "k".into(), value: "v".into() }],
        };
        let log = [
            &[0x08, 0x80, 0xe2, 0xcf, 0xaa, 0x06][..],
            &[0x12, 11, 0x0a, 5],
            b"event",
            &[0x12, 2],
            b"{}",
            &[0x25, 1, 0, 0, 0],
        ]
        .concat();
        let expected = [
            &[0x0a, u8::try_from(log.len()).unwrap()][..],
            &log,
            &[0x1a, 1, b't', 0x22, 1, b's', 0x32, 6, 0x0a, 1, b'k', 0x12, 1, b'v'],
        ]
        .concat();
        assert_eq!(group.encode_to_vec(), expected);
        assert_eq!(LogGroup::decode(&*expected), Ok(group.clone()));
        let list = LogGroupList { groups: vec![group] };
        assert_eq!(LogGroupList::decode(&*list.encode_to_vec()), Ok(list));
    }
}
