//! The conditions of a statement.

use ipnet::IpNet;
use model::Timestamp;

use super::document::{PolicyError, error};
use super::{Circumstances, fits};

const KEYS: &str = "acs:SourceIp, acs:CurrentTime, acs:SecureTransport, acs:MFAPresent, sts:ExternalId";

/// One operator on one key: it holds when one of its values does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// `acs:SourceIp` lies in one of the networks, or in none of them.
    SourceIp { networks: Vec<IpNet>, is_negated: bool },
    /// `acs:CurrentTime` compared.
    CurrentTime { comparison: Comparison, than: Vec<Timestamp> },
    /// `acs:SecureTransport`.
    SecureTransport(bool),
    /// `acs:MFAPresent`: whether the caller showed a second factor when its session began.
    MfaPresent(bool),
    /// A text operator on one of the keys above, compared as text.
    Text { key: Key, operator: TextOperator, values: Vec<String>, is_negated: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equals,
    NotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    SourceIp,
    CurrentTime,
    SecureTransport,
    MfaPresent,
    /// `sts:ExternalId`: what the caller of AssumeRole says besides.
    ExternalId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextOperator {
    Equals,
    EqualsIgnoreCase,
    Like,
}

impl Condition {
    pub(super) fn parse(operator: &str, key: &str, values: &[String], place: &str) -> Result<Condition, PolicyError> {
        let key = match key.to_ascii_lowercase().as_str() {
            "acs:sourceip" => Key::SourceIp,
            "acs:currenttime" => Key::CurrentTime,
            "acs:securetransport" => Key::SecureTransport,
            "acs:mfapresent" => Key::MfaPresent,
            "sts:externalid" => Key::ExternalId,
            _ => return Err(error(place, format!("unknown key; known are {KEYS}"))),
        };
        if let Some((operator, is_negated)) = text_operator(operator) {
            return Ok(Condition::Text { key, operator, values: values.to_vec(), is_negated });
        }
        match (key, operator) {
            (Key::SourceIp, "IpAddress" | "NotIpAddress") => {
                let networks = values.iter().map(|value| network(value, place)).collect::<Result<_, _>>()?;
                Ok(Condition::SourceIp { networks, is_negated: operator == "NotIpAddress" })
            }
            (Key::SecureTransport, "Bool") => flag(values, place).map(Condition::SecureTransport),
            (Key::MfaPresent, "Bool") => flag(values, place).map(Condition::MfaPresent),
            (Key::CurrentTime, _) => {
                let comparison = date_comparison(operator)
                    .ok_or_else(|| error(place, format!("the operator {operator} does not go with acs:CurrentTime")))?;
                let time = |value: &String| Timestamp::parse(value).map_err(|cause| error(place, cause.to_string()));
                Ok(Condition::CurrentTime { comparison, than: values.iter().map(time).collect::<Result<_, _>>()? })
            }
            _ => Err(error(place, format!("the operator {operator} is unknown or does not go with this key"))),
        }
    }

    /// Whether it holds; `None` when it is about something that is not known.
    pub(super) fn holds(&self, circumstances: &Circumstances<'_>) -> Option<bool> {
        let Circumstances { context, external_id, mfa_present } = circumstances;
        let address = context.source_ip.map(|address| address.to_canonical());
        Some(match self {
            Condition::SourceIp { networks, is_negated } => {
                let address = address?;
                networks.iter().any(|network| network.contains(&address)) != *is_negated
            }
            Condition::CurrentTime { comparison, than } => {
                let holds = |than: &Timestamp| comparison.holds(context.now, *than);
                if *comparison == Comparison::NotEquals { than.iter().all(holds) } else { than.iter().any(holds) }
            }
            Condition::SecureTransport(wanted) => context.secure_transport == *wanted,
            Condition::MfaPresent(wanted) => mfa_present == wanted,
            Condition::Text { key, operator, values, is_negated } => {
                let text = match key {
                    Key::SourceIp => address?.to_string(),
                    Key::CurrentTime => context.now.to_string(),
                    Key::SecureTransport => context.secure_transport.to_string(),
                    Key::MfaPresent => mfa_present.to_string(),
                    Key::ExternalId => (*external_id)?.to_owned(),
                };
                values.iter().any(|value| operator.holds(&text, value)) != *is_negated
            }
        })
    }
}

fn flag(values: &[String], place: &str) -> Result<bool, PolicyError> {
    match values {
        [value] if value.eq_ignore_ascii_case("true") => Ok(true),
        [value] if value.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(error(place, "it must be \"true\" or \"false\"")),
    }
}

fn network(value: &str, place: &str) -> Result<IpNet, PolicyError> {
    let address = || value.parse::<std::net::IpAddr>().map(IpNet::from);
    let network = value.parse::<IpNet>().or_else(|_| address());
    network.map_err(|_| error(place, format!("{value:?} is not an address or a network such as 192.0.2.0/24")))
}

fn date_comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        "DateEquals" => Comparison::Equals,
        "DateNotEquals" => Comparison::NotEquals,
        "DateLessThan" => Comparison::Less,
        "DateLessThanEquals" => Comparison::LessOrEqual,
        "DateGreaterThan" => Comparison::Greater,
        "DateGreaterThanEquals" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn text_operator(operator: &str) -> Option<(TextOperator, bool)> {
    Some(match operator {
        "StringEquals" => (TextOperator::Equals, false),
        "StringNotEquals" => (TextOperator::Equals, true),
        "StringEqualsIgnoreCase" => (TextOperator::EqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (TextOperator::EqualsIgnoreCase, true),
        "StringLike" => (TextOperator::Like, false),
        "StringNotLike" => (TextOperator::Like, true),
        _ => return None,
    })
}

impl Comparison {
    fn holds(self, now: Timestamp, than: Timestamp) -> bool {
        match self {
            Comparison::Equals => now == than,
            Comparison::NotEquals => now != than,
            Comparison::Less => now < than,
            Comparison::LessOrEqual => now <= than,
            Comparison::Greater => now > than,
            Comparison::GreaterOrEqual => now >= than,
        }
    }
}

impl TextOperator {
    fn holds(self, text: &str, value: &str) -> bool {
        match self {
            TextOperator::Equals => text == value,
            TextOperator::EqualsIgnoreCase => text.eq_ignore_ascii_case(value),
            TextOperator::Like => fits(value.as_bytes(), text.as_bytes()),
        }
    }
}
