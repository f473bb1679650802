//! The names of delivered objects: ActionTrail's layout.
//!
//! ```text
//! [prefix/]AliyunLogs/Actiontrail/[<rd id>/<account>/]<region>/<YYYY>/<MM>/<DD>/
//!     Actiontrail_<region>_<YYYYMMDDHHMMSS>_1002_<events>_<bytes>_<md5>.gz
//! ```
//!
//! The part in the middle is for trails of an organization. Insights lie under `Actiontrail-Insight` instead of
//! `Actiontrail`, the platform's events under `Inner-ActionTrail`.
//! The time is when the object's last event was received; bytes and MD5 are those of the JSON before compression. So a
//! name follows from the events and from nothing else: whoever encodes them again gets the same name.

use model::organization::DirectoryId;
use model::{AccountId, Timestamp};

/// What an object's name says about its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents<'a> {
    pub(crate) region: &'a str,
    /// Of an organization's trail: the directory and the member.
    pub(crate) member: Option<(&'a DirectoryId, AccountId)>,
    /// Of the events: `Actiontrail` for management and data events.
    pub(crate) kind: &'static str,
    /// Receipt of the last event.
    pub(crate) received: Timestamp,
    pub(crate) events: usize,
    /// Of the JSON.
    pub(crate) bytes: usize,
    /// Of the JSON, in lower-case hex.
    pub(crate) md5: &'a str,
}

/// The key of an object.
pub(crate) fn key(prefix: Option<&str>, contents: &Contents<'_>) -> String {
    let Contents { region, member, kind, received, events, bytes, md5 } = contents;
    let of_member = member.map(|(directory, account)| format!("{directory}/{account}/")).unwrap_or_default();
    let (year, month, day, hour, minute, second) = received.civil();
    let folder = format!("AliyunLogs/{kind}/{of_member}{region}/{year:04}/{month:02}/{day:02}");
    let time = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
    let name = format!("{kind}_{region}_{time}_1002_{events}_{bytes}_{md5}.gz");
    match prefix {
        Some(prefix) => format!("{prefix}/{folder}/{name}"),
        None => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_region_time_and_content() {
        let contents = Contents {
            region: "cn-hangzhou",
            member: None,
            kind: "Actiontrail",
            received: Timestamp::parse("2026-01-05T08:03:09Z").expect("a time"),
            events: 12,
            bytes: 3456,
            md5: "d41d8cd98f00b204e9800998ecf8427e",
        };
        let plain = "AliyunLogs/Actiontrail/cn-hangzhou/2026/01/05/\
                     Actiontrail_cn-hangzhou_20260105080309_1002_12_3456_d41d8cd98f00b204e9800998ecf8427e.gz";
        assert_eq!(key(None, &contents), plain);
        assert_eq!(key(Some("audit-1"), &contents), format!("audit-1/{plain}"));
        let directory = "rd-abc123".parse().expect("a directory");
        let member = "1000000000000002".parse().expect("an account");
        let of_member = Contents { member: Some((&directory, member)), ..contents.clone() };
        let expected = plain.replace("Actiontrail/cn", "Actiontrail/rd-abc123/1000000000000002/cn");
        assert_eq!(key(None, &of_member), expected);
        let insights = Contents { kind: "Actiontrail-Insight", ..contents };
        assert_eq!(key(None, &insights), plain.replace("Actiontrail", "Actiontrail-Insight"));
    }
}
