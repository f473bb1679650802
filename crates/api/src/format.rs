//! The rules a text parameter can have, each with the sentence that names it.

use std::net::IpAddr;

use model::trail::{LogTarget, TableTarget, TrailName, TrailRegions};
use model::{AccountId, Attribute, Timestamp};

/// A rule for texts.
#[derive(Clone, Copy)]
pub struct Rule {
    /// The rule in words, for messages and the reference page.
    pub words: &'static str,
    accepts: fn(&str) -> bool,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.words)
    }
}

impl Rule {
    /// Whether the text keeps the rule.
    pub fn accepts(&self, text: &str) -> bool {
        (self.accepts)(text)
    }
}

/// Bytes of a text without a tighter rule; larger than any real id, small enough for every log and event.
const TEXT_BYTES_MAX: usize = 2048;

/// Any text.
pub const ANY: Rule = Rule { words: "up to 2,048 bytes", accepts: |text| text.len() <= TEXT_BYTES_MAX };

/// A text whose own reader checks it: policy documents and paging tokens.
pub const DOCUMENT: Rule = Rule { words: "up to 64 KiB", accepts: |text| text.len() <= 64 * 1024 };

/// What makes a repeated call harmless.
pub const CLIENT_TOKEN: Rule = Rule {
    words: "1 to 64 ASCII characters",
    accepts: |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' '),
};

/// A service, as `serviceName` in events.
pub const SERVICE_NAME: Rule = Rule {
    words: "1 to 64 letters, digits, `-`, `_` and `.`",
    accepts: |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    },
};

/// A trail's name.
pub const TRAIL_NAME: Rule = Rule {
    words: "6 to 36 characters: a lower-case letter, then lower-case letters, digits, `-` and `_`",
    accepts: |text| text.parse::<TrailName>().is_ok(),
};

/// Trail names joined by commas.
pub const TRAIL_NAMES: Rule = Rule {
    words: "trail names joined by commas",
    accepts: |text| text.split(',').all(|name| name.trim().parse::<TrailName>().is_ok()),
};

/// A bucket's name.
pub const BUCKET_NAME: Rule = Rule {
    words: "3 to 63 characters: lower-case letters, digits and `-`, first and last not `-`",
    accepts: |text| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (3..=63).contains(&text.len()) && text.bytes().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
    },
};

/// A prefix of object keys.
pub const KEY_PREFIX: Rule = Rule {
    words: "6 to 32 characters: a letter, then letters, digits, `-`, `_` and `/`, no `/` at the end or twice in a row",
    accepts: |text| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/');
        (6..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(allowed)
            && !text.ends_with('/')
            && !text.contains("//")
    },
};

/// `All` or region ids.
pub const TRAIL_REGIONS: Rule = Rule {
    words: "`All`, or region ids joined by commas",
    accepts: |text| text.len() <= TEXT_BYTES_MAX && TrailRegions::parse(text).is_some(),
};

/// A role's ARN.
pub const ROLE_ARN: Rule = Rule {
    words: "`acs:ram::<account>:role/<name>`",
    accepts: |text| {
        let parts = text.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":role/"));
        parts.is_some_and(|(account, name)| {
            account.parse::<AccountId>().is_ok()
                && (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        })
    },
};

/// The ARN of a project of Log Service.
pub const LOG_PROJECT_ARN: Rule =
    Rule { words: "`acs:log:<region>:<account>:project/<name>`", accepts: |text| LogTarget::parse(text).is_some() };

/// The ARN of a project of MaxCompute.
pub const MAX_COMPUTE_PROJECT_ARN: Rule = Rule {
    words: "`acs:odps:<region>:<account>:project/<name>`, a name that starts with `actiontrail_`",
    accepts: |text| TableTarget::parse(text).is_some_and(|target| target.project.starts_with("actiontrail_")),
};

/// A place in the journal.
pub const PLACE: Rule = Rule {
    words: "a `Seq`, or `head` for the newest",
    accepts: |text| text == "head" || (text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u64>().is_ok()),
};

/// An account's id.
pub const ACCOUNT_ID: Rule = Rule { words: "1 to 20 digits", accepts: |text| text.parse::<AccountId>().is_ok() };

/// A name for people to read.
pub const DISPLAY_NAME: Rule = Rule {
    words: "1 to 128 characters, none a control character",
    accepts: |text| (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control),
};

/// A day.
pub const DATE: Rule = Rule {
    words: "a day written YYYY-MM-DD",
    accepts: |text| text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_ok(),
};

/// Internet addresses and networks joined by commas.
pub const ADDRESSES: Rule = Rule {
    words: "at most 100 addresses like `10.0.0.1` or networks like `10.0.0.0/8`, joined by commas",
    accepts: |text| text.is_empty() || (text.split(',').count() <= 100 && text.split(',').all(is_address)),
};

fn is_address(text: &str) -> bool {
    let (address, bits) =
        text.trim().split_once('/').map_or((text.trim(), None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
}

/// The name of a query template.
pub const TEMPLATE_NAME: Rule = Rule {
    words: "1 to 64 characters, none a control character",
    accepts: |text| (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control),
};

/// The text of a query.
pub const QUERY: Rule = Rule { words: "up to 16 KiB", accepts: |text| text.len() <= 16 * 1024 };

/// What groups have in common.
pub const GROUPS: Rule = Rule {
    words: "one or two different keys of LookupEvents joined by a comma, none of EventId, RecipientAccountId and \
            IdentityAccountId",
    accepts: |text| {
        let keys: Vec<&str> = text.split(',').collect();
        let plain = |key: &&str| {
            use Attribute::{EventId, IdentityAccountId, RecipientAccountId};
            let attribute = Attribute::from_name(key);
            attribute.is_some_and(|attribute| ![EventId, RecipientAccountId, IdentityAccountId].contains(&attribute))
        };
        keys.len() <= 2 && keys.iter().all(plain) && (keys.len() < 2 || keys[0] != keys[1])
    },
};

/// The address of a bucket.
pub const BUCKET_URL: Rule = Rule {
    words: "`s3://bucket[/prefix]`, `oss://bucket[/prefix]` or `file:///folder`",
    accepts: |text| {
        text.len() <= TEXT_BYTES_MAX && ["s3://", "oss://", "file:///"].iter().any(|scheme| text.starts_with(scheme))
    },
};

/// What a session of a role is called.
pub const SESSION_NAME: Rule = Rule {
    words: "2 to 64 letters, digits, `.`, `@`, `-` and `_`",
    accepts: |text| {
        (2..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'@' | b'-' | b'_'))
    },
};

/// What a role's trust policy asks for.
pub const EXTERNAL_ID: Rule = Rule {
    words: "2 to 1,224 letters, digits and `=,.@:/-_`",
    accepts: |text| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"=,.@:/-_".contains(&b);
        (2..=1224).contains(&text.len()) && text.bytes().all(allowed)
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_takes_its_own_and_refuses_the_rest() {
        #[rustfmt::skip]
        let table: [(Rule, &[&str], &[&str]); 11] = [
            (TRAIL_NAME, &["trail-test", "a12345"], &["short", "Trail-test", "1trail", "trail test"]),
            (TRAIL_NAMES, &["trail-a,trail-b", "trail-a"], &["", "trail-a,", "x"]),
            (BUCKET_NAME, &["abc", "a-1"], &["ab", "-abc", "abc-", "Abc", "a_b"]),
            (KEY_PREFIX, &["audit-logs", "a/b/c-d"], &["short", "1prefix", "prefix/", "pre//fix", "prefix!"]),
            (TRAIL_REGIONS, &["All", "cn-hangzhou,cn-beijing"], &["", "all regions", "cn-hangzhou,"]),
            (ROLE_ARN, &["acs:ram::100:role/writer"], &["writer", "acs:ram::x:role/writer", "acs:ram::100:role/"]),
            (ACCOUNT_ID, &["1", "0123456789"], &["", "abc", "123456789012345678901"]),
            (DATE, &["2026-01-15", "2024-02-29"], &["2026-1-15", "2026-02-30", "2026-01-15T00:00:00Z"]),
            (ADDRESSES, &["", "10.0.0.1, ::1", "10.0.0.0/8"], &["10.0.0", "10.0.0.0/33", "a", "10.0.0.1,"]),
            (GROUPS, &["User", "User,Region"], &["", "User,User", "EventId", "user", "User,Region,EventName"]),
            (BUCKET_URL, &["file:///var/audit", "s3://b/p", "oss://b"], &["https://b", "file://relative", "b"]),
        ];
        for (rule, good, bad) in table {
            good.iter().for_each(|text| assert!(rule.accepts(text), "{} should take {text:?}", rule.words));
            bad.iter().for_each(|text| assert!(!rule.accepts(text), "{} should refuse {text:?}", rule.words));
        }
    }
}
