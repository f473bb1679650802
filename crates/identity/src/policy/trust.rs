//! Trust policies: who may become a role.
//!
//! A document is `{"Version": "1", "Statement": [...]}`. A statement has an `Effect`, an `Action` that covers
//! `sts:AssumeRole`, a `Principal` and perhaps a `Condition`. A principal is of this shape:
//!
//! ```text
//! {"RAM": ["acs:ram::<account>:root", "acs:ram::<account>:user/<name>", "acs:ram::<account>:role/<name>"],
//!  "Service": ["actiontrail.aliyuncs.com", "<account>@actiontrail.aliyuncs.com"]}
//! ```
//!
//! A service named alone may act for the role's own account only; for another account it must be named with that
//! account, else everybody could use the role through the service.

use model::AccountId;
use serde_json::{Map, Value};

use super::condition::Condition;
use super::document::{self, PolicyError, error, only, texts};
use super::{Circumstances, Patterns, Verdict, applies};

/// RAM's own limit for a trust policy.
const DOCUMENT_BYTES_MAX: usize = 2048;
/// The one thing a trust policy is about.
const ASSUME_ROLE: &str = "sts:assumerole";

/// A trust policy that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    is_deny: bool,
    actions: Patterns,
    principals: Vec<Trusted>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Trusted {
    /// Everybody in the account whom its own policies allow it.
    Account(AccountId),
    User(AccountId, String),
    Role(AccountId, String),
    /// A service; with an account, acting for that one.
    Service(String, Option<AccountId>),
    /// Signs in elsewhere; nobody here is one.
    Federated,
}

/// Who wants to become the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party<'a> {
    User(AccountId, &'a str),
    Role(AccountId, &'a str),
    Service { name: &'a str, on_behalf_of: AccountId },
}

impl Trust {
    /// Reads a document.
    pub fn parse(document: &str) -> Result<Trust, PolicyError> {
        document::statements(document, DOCUMENT_BYTES_MAX, statement).map(|statements| Trust { statements })
    }

    /// What it says about somebody; `owner` is the role's account.
    pub(crate) fn verdict(&self, owner: AccountId, party: Party<'_>, circumstances: &Circumstances<'_>) -> Verdict {
        let mut verdict = Verdict::NotMentioned;
        for statement in &self.statements {
            let names = statement.actions.fit(ASSUME_ROLE)
                && statement.principals.iter().any(|trusted| trusted.is(owner, party))
                && applies(&statement.conditions, statement.is_deny, circumstances);
            match (names, statement.is_deny) {
                (true, true) => return Verdict::Deny,
                (true, false) => verdict = Verdict::Allow,
                (false, _) => {}
            }
        }
        verdict
    }
}

impl Trusted {
    fn is(&self, owner: AccountId, party: Party<'_>) -> bool {
        match (self, party) {
            (Trusted::Account(account), Party::User(of, _) | Party::Role(of, _)) => *account == of,
            (Trusted::User(account, name), Party::User(of, user)) => *account == of && name == user,
            (Trusted::Role(account, name), Party::Role(of, role)) => *account == of && name == role,
            (Trusted::Service(service, account), Party::Service { name, on_behalf_of }) => {
                service == name && account.unwrap_or(owner) == on_behalf_of
            }
            _ => false,
        }
    }

    fn ram(arn: &str, place: &str) -> Result<Trusted, PolicyError> {
        let read = || {
            let (account, who) = arn.strip_prefix("acs:ram::")?.split_once(':')?;
            let account = account.parse().ok()?;
            match who.split_once('/') {
                None if who == "root" => Some(Trusted::Account(account)),
                Some(("user", name)) if !name.is_empty() => Some(Trusted::User(account, name.to_owned())),
                Some(("role", name)) if !name.is_empty() => Some(Trusted::Role(account, name.to_owned())),
                _ => None,
            }
        };
        let rule = "must be acs:ram::<account>:root, acs:ram::<account>:user/<name> or acs:ram::<account>:role/<name>";
        read().ok_or_else(|| error(place, format!("{arn:?} {rule}")))
    }

    fn service(text: &str, place: &str) -> Result<Trusted, PolicyError> {
        let (account, name) = match text.split_once('@') {
            Some((account, name)) => (Some(account.parse::<AccountId>()), name),
            None => (None, text),
        };
        let fits = name.contains('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        match account.transpose() {
            Ok(account) if fits => Ok(Trusted::Service(name.to_owned(), account)),
            _ => Err(error(
                place,
                format!("{text:?} must be like actiontrail.aliyuncs.com, with <account>@ before it or not"),
            )),
        }
    }
}

fn statement(value: &Value, place: &str) -> Result<Statement, PolicyError> {
    let object = value.as_object().ok_or_else(|| error(place, "it must be an object"))?;
    only(object, place, &["Effect", "Action", "Principal", "Condition"])?;
    let action_place = format!("{place}.Action");
    let action = object.get("Action").ok_or_else(|| error(&action_place, "it must be \"sts:AssumeRole\""))?;
    let mut patterns = texts(action, &action_place)?;
    patterns.iter_mut().for_each(|action| action.make_ascii_lowercase());
    let actions = Patterns { patterns, is_negated: false };
    if !actions.fit(ASSUME_ROLE) {
        return Err(error(action_place, "it must be \"sts:AssumeRole\""));
    }
    Ok(Statement {
        is_deny: document::is_deny(object, place)?,
        actions,
        principals: principals(object, &format!("{place}.Principal"))?,
        conditions: document::conditions_of(object, place)?,
    })
}

fn principals(statement: &Map<String, Value>, place: &str) -> Result<Vec<Trusted>, PolicyError> {
    let object = statement.get("Principal").and_then(Value::as_object).filter(|object| !object.is_empty());
    let object = object.ok_or_else(|| error(place, "it must be an object with RAM, Service or Federated"))?;
    only(object, place, &["RAM", "Service", "Federated"])?;
    let mut principals = Vec::new();
    for (kind, value) in object {
        let place = format!("{place}.{kind}");
        for text in texts(value, &place)? {
            principals.push(match kind.as_str() {
                "RAM" => Trusted::ram(&text, &place)?,
                "Service" => Trusted::service(&text, &place)?,
                _ => Trusted::Federated,
            });
        }
    }
    Ok(principals)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::Context;

    const OWNER: &str = "200";

    fn verdict(document: &str, party: Party<'_>, external_id: Option<&str>) -> Verdict {
        let trust = Trust::parse(document).expect("a trust policy");
        let context = Context { source_ip: None, now: Timestamp(0), secure_transport: true };
        let circumstances = Circumstances { context: &context, external_id, mfa_present: false };
        trust.verdict(account(OWNER), party, &circumstances)
    }

    fn account(id: &str) -> AccountId {
        id.parse().expect("an id")
    }

    fn trusting(principal: &str) -> String {
        format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}}}]}}"#
        )
    }

    #[test]
    fn ram_principals_are_an_account_a_user_or_a_role() {
        let everybody = trusting(r#"{"RAM":["acs:ram::100:root"]}"#);
        let alice = trusting(r#"{"RAM":"acs:ram::100:user/alice"}"#);
        let role = trusting(r#"{"RAM":"acs:ram::100:role/alice"}"#);
        let (one, other) = (Party::User(account("100"), "alice"), Party::User(account("100"), "bob"));
        let as_role = Party::Role(account("100"), "alice");
        let stranger = Party::User(account("101"), "alice");
        for (document, admitted) in [
            (&everybody, [true, true, true, false]),
            (&alice, [true, false, false, false]),
            (&role, [false, false, true, false]),
        ] {
            for (party, is_admitted) in [one, other, as_role, stranger].into_iter().zip(admitted) {
                assert_eq!(verdict(document, party, None) == Verdict::Allow, is_admitted, "{document} {party:?}");
            }
        }
    }

    #[test]
    fn a_service_acts_for_the_roles_account_or_the_one_named_with_it() {
        let plain = trusting(r#"{"Service":["actiontrail.aliyuncs.com"]}"#);
        let named = trusting(r#"{"Service":["100@actiontrail.aliyuncs.com"]}"#);
        let party =
            |on_behalf_of| Party::Service { name: "actiontrail.aliyuncs.com", on_behalf_of: account(on_behalf_of) };
        assert_eq!(verdict(&plain, party(OWNER), None), Verdict::Allow);
        assert_eq!(verdict(&plain, party("100"), None), Verdict::NotMentioned);
        assert_eq!(verdict(&named, party("100"), None), Verdict::Allow);
        assert_eq!(verdict(&named, party("101"), None), Verdict::NotMentioned);
        let other = Party::Service { name: "oss.aliyuncs.com", on_behalf_of: account(OWNER) };
        assert_eq!(verdict(&plain, other, None), Verdict::NotMentioned);
    }

    #[test]
    fn an_external_id_must_be_given_and_a_denial_wins() {
        let document = r#"{"Version":"1","Statement":[
            {"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":"acs:ram::100:root"},
             "Condition":{"StringEquals":{"sts:ExternalId":"agreed"}}},
            {"Effect":"Deny","Action":"sts:*","Principal":{"RAM":"acs:ram::100:user/mallory"}}]}"#;
        let alice = Party::User(account("100"), "alice");
        assert_eq!(verdict(document, alice, Some("agreed")), Verdict::Allow);
        assert_eq!(verdict(document, alice, Some("other")), Verdict::NotMentioned);
        assert_eq!(verdict(document, alice, None), Verdict::NotMentioned);
        assert_eq!(verdict(document, Party::User(account("100"), "mallory"), Some("agreed")), Verdict::Deny);
    }

    #[test]
    fn mistakes_are_named() {
        for (document, place) in [
            (trusting(r#"{"RAM":"alice"}"#), "Statement[0].Principal.RAM"),
            (trusting(r#"{"Service":"x@actiontrail.aliyuncs.com"}"#), "Statement[0].Principal.Service"),
            (trusting("{}"), "Statement[0].Principal"),
            (trusting(r#"{"RAM":"acs:ram::1:root"}"#).replace("sts:AssumeRole", "oss:*"), "Statement[0].Action"),
            (trusting(r#"{"RAM":"acs:ram::1:root"},"Resource":"*""#), "Statement[0].Resource"),
            (format!("{:2049}", "{}"), "document"),
        ] {
            assert_eq!(Trust::parse(&document).expect_err("a mistake").place, place, "{document}");
        }
    }
}
