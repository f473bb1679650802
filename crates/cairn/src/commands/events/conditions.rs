//! `Key=Value` conditions, and which of them LookupEvents takes.

use std::str::FromStr;

use model::Attribute;

/// An attribute must have exactly this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) attribute: Attribute,
    pub(super) value: String,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write Key=Value, for example User=alice")?;
        // Nobody should have to remember which letters are capitals.
        let attribute = Attribute::ALL.into_iter().find(|each| each.as_str().eq_ignore_ascii_case(name));
        let attribute = attribute.ok_or_else(|| format!("there is no attribute {name:?}; {}", names()))?;
        if value.is_empty() {
            return Err(format!("{name} has no value; write {name}=VALUE"));
        }
        Ok(Condition { attribute, value: value.to_owned() })
    }
}

/// The attributes there are.
pub(super) fn names() -> String {
    let names: Vec<&str> = Attribute::ALL.iter().map(|attribute| attribute.as_str()).collect();
    format!("there are {}", names.join(", "))
}

/// Whether LookupEvents answers this: no condition, one, or two of its pairs. Its other rules (of more than two the
/// first two count) would answer another question than the one asked.
pub(super) fn fit_lookup_events(conditions: &[Condition]) -> bool {
    match conditions {
        [] => true,
        [one] => is_key(one.attribute) && one.attribute != Attribute::PrincipalId && fits_value(one),
        [one, other] => {
            let together = |first, second| SECONDS.iter().any(|(key, with)| *key == first && with.contains(&second));
            (together(one.attribute, other.attribute) || together(other.attribute, one.attribute))
                && fits_value(one)
                && fits_value(other)
        }
        _ => false,
    }
}

/// Keys that go together, as ActionTrail documents them.
const SECONDS: &[(Attribute, &[Attribute])] = &[
    (
        Attribute::ServiceName,
        &[
            Attribute::EventName,
            Attribute::User,
            Attribute::PrincipalId,
            Attribute::RoleName,
            Attribute::ResourceName,
            Attribute::EventRw,
            Attribute::SensitiveAction,
            Attribute::EventType,
        ],
    ),
    (Attribute::ResourceName, &[Attribute::ResourceType, Attribute::EventName, Attribute::User, Attribute::RoleName]),
    (Attribute::EventType, &[Attribute::EventName]),
];

/// The attributes LookupEvents knows; the rest are Cairn's own.
fn is_key(attribute: Attribute) -> bool {
    attribute as u8 <= Attribute::PrincipalId as u8
}

/// LookupEvents takes values of up to 2,048 bytes.
fn fits_value(condition: &Condition) -> bool {
    condition.value.len() <= 2048
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(texts: &[&str]) -> bool {
        let conditions: Vec<Condition> = texts.iter().map(|text| text.parse().expect(text)).collect();
        fit_lookup_events(&conditions)
    }

    #[test]
    fn keys_are_found_in_any_case_and_mistakes_are_named() {
        let condition: Condition = "eventrw=Write".parse().expect("a condition");
        assert_eq!(condition, Condition { attribute: Attribute::EventRw, value: "Write".into() });
        let with_equals: Condition = "ResourceName=a=b".parse().expect("a condition");
        assert_eq!(with_equals.value, "a=b");
        for bad in ["User", "Usr=alice", "User="] {
            assert!(bad.parse::<Condition>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lookup_events_is_asked_what_it_can_answer() {
        for yes in [
            &[][..],
            &["User=alice"],
            &["EventId=1"],
            &["ServiceName=Ecs", "EventName=RunInstances"],
            &["EventName=RunInstances", "ServiceName=Ecs"],
            &["ResourceName=i-1", "User=alice"],
            &["EventType=ApiCall", "EventName=RunInstances"],
        ] {
            assert!(fits(yes), "{yes:?}");
        }
        for no in [
            &["ErrorCode=Forbidden"][..],
            &["PrincipalId=1"],
            &["User=alice", "EventName=RunInstances"],
            &["User=alice", "User=bob"],
            &["ServiceName=Ecs", "EventName=RunInstances", "User=alice"],
        ] {
            assert!(!fits(no), "{no:?}");
        }
    }
}
