//! Write roles: whether the owner of a bucket, a project or a table lets Cairn write to it for somebody's trail.
//!
//! Asked when a trail is pointed there, and again before each plan is carried out: a role can be revoked at any
//! time. Without a role the trail's own account is meant, as with the service-linked role, and nothing is asked.

use std::sync::Arc;

use host::Clock;
use identity::{Context, Identity};
use model::AccountId;
use model::trail::{BucketTarget, LogTarget, TableTarget};

use crate::DeliveryError;

/// Whom a role must trust, alone or as `<account>@` this.
pub const SERVICE: &str = "actiontrail.aliyuncs.com";
/// What a role must allow to write to a bucket, a Logstore, a table.
const PUT_OBJECT: &str = "oss:PutObject";
const POST_LOGS: &str = "log:PostLogStoreLogs";
const UPDATE_TABLE: &str = "odps:Update";

/// Decides about roles. A trait so that tests can grant and revoke.
pub trait Roles: Send + Sync {
    /// Whether the role may be used for this account to do that; else why not, as one fact.
    fn may(&self, role_arn: &str, on_behalf_of: AccountId, action: &str, resource: &str) -> Result<(), String>;
}

/// The roles of a node's identities.
#[derive(Clone)]
pub struct IdentityRoles {
    identity: Identity,
    clock: Arc<dyn Clock>,
}

impl IdentityRoles {
    /// Roles as `identity` has them.
    pub fn new(identity: Identity, clock: Arc<dyn Clock>) -> IdentityRoles {
        IdentityRoles { identity, clock }
    }
}

impl Roles for IdentityRoles {
    fn may(&self, role_arn: &str, on_behalf_of: AccountId, action: &str, resource: &str) -> Result<(), String> {
        let context = Context { source_ip: None, now: self.clock.now(), secure_transport: true };
        let decided = self.identity.service_may(role_arn, SERVICE, on_behalf_of, action, resource, &context);
        decided.map_err(|refusal| refusal.to_string())
    }
}

/// Whether a trail of `account` may write to its bucket.
pub fn check_role(roles: &dyn Roles, account: AccountId, target: &BucketTarget) -> Result<(), DeliveryError> {
    check(roles, account, None, target.write_role_arn.as_deref(), PUT_OBJECT, &resource(account, target))
}

/// Whether a trail of `account` may write to this Logstore. Another account's needs a role of that account.
pub fn check_log_role(
    roles: &dyn Roles,
    account: AccountId,
    target: &LogTarget,
    logstore: &str,
) -> Result<(), DeliveryError> {
    let resource = format!("acs:log:{}:{}:project/{}/logstore/{logstore}", target.region, target.owner, target.project);
    check(roles, account, Some(target.owner), target.write_role_arn.as_deref(), POST_LOGS, &resource)
}

/// Whether a trail of `account` may write to this table. Another account's needs a role of that account.
pub fn check_table_role(
    roles: &dyn Roles,
    account: AccountId,
    target: &TableTarget,
    table: &str,
) -> Result<(), DeliveryError> {
    let resource = format!("acs:odps:{}:{}:projects/{}/tables/{table}", target.region, target.owner, target.project);
    check(roles, account, Some(target.owner), target.write_role_arn.as_deref(), UPDATE_TABLE, &resource)
}

/// `owner`: whose the destination is, when something else than the role says so.
fn check(
    roles: &dyn Roles,
    account: AccountId,
    owner: Option<AccountId>,
    role: Option<&str>,
    action: &str,
    resource: &str,
) -> Result<(), DeliveryError> {
    let refused = |role: &str, reason: String| DeliveryError::Role { role: role.to_owned(), reason };
    let Some(role) = role else {
        return match owner {
            Some(owner) if owner != account => Err(DeliveryError::NoRole { owner }),
            _ => Ok(()),
        };
    };
    if let Some(owner) = owner.filter(|owner| !role.starts_with(&format!("acs:ram::{owner}:role/"))) {
        return Err(refused(role, format!("it is no role of account {owner}, whose the destination is")));
    }
    roles.may(role, account, action, resource).map_err(|reason| refused(role, reason))
}

/// What is written to, as a policy names it. An object of every trail lies below it.
fn resource(account: AccountId, target: &BucketTarget) -> String {
    let prefix = target.prefix.as_deref().map(|prefix| format!("{prefix}/")).unwrap_or_default();
    format!("acs:oss:*:{}:{}/{prefix}AliyunLogs/Actiontrail/object", target.owner(account), target.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Asked(parking_lot::Mutex<Vec<String>>);

    impl Roles for Asked {
        fn may(&self, role_arn: &str, on_behalf_of: AccountId, action: &str, resource: &str) -> Result<(), String> {
            self.0.lock().push(format!("{role_arn} {on_behalf_of} {action} {resource}"));
            Err("it does not exist".into())
        }
    }

    #[test]
    fn the_bucket_of_the_roles_account_is_asked_for_and_none_without_a_role() {
        let asked = Asked(parking_lot::Mutex::default());
        let account: AccountId = "100".parse().expect("an id");
        let mut target = BucketTarget { name: "audit".into(), prefix: Some("of-100".into()), write_role_arn: None };
        assert!(check_role(&asked, account, &target).is_ok());
        assert_eq!(*asked.0.lock(), Vec::<String>::new());
        target.write_role_arn = Some("acs:ram::200:role/writer".into());
        let refused = check_role(&asked, account, &target).expect_err("refused");
        assert_eq!(refused.to_string(), "the role acs:ram::200:role/writer cannot be used: it does not exist");
        let expected =
            "acs:ram::200:role/writer 100 oss:PutObject acs:oss:*:200:audit/of-100/AliyunLogs/Actiontrail/object";
        assert_eq!(*asked.0.lock(), [expected]);
    }

    #[test]
    fn another_accounts_project_needs_a_role_of_that_account() {
        let asked = Asked(parking_lot::Mutex::default());
        let account: AccountId = "100".parse().expect("an id");
        let mut target = LogTarget::parse("acs:log:cn-hangzhou:200:project/audit").expect("an ARN");
        let check = |target: &LogTarget| check_log_role(&asked, account, target, "actiontrail_main");
        assert!(matches!(check(&target), Err(DeliveryError::NoRole { .. })));
        target.write_role_arn = Some("acs:ram::300:role/writer".into());
        assert!(matches!(check(&target), Err(DeliveryError::Role { .. })));
        assert_eq!(*asked.0.lock(), Vec::<String>::new(), "a third one's role is nobody's to ask");
        target.write_role_arn = Some("acs:ram::200:role/writer".into());
        assert!(check(&target).is_err());
        let resource = "acs:log:cn-hangzhou:200:project/audit/logstore/actiontrail_main";
        assert_eq!(*asked.0.lock(), [format!("acs:ram::200:role/writer 100 log:PostLogStoreLogs {resource}")]);
        target.owner = account;
        target.write_role_arn = None;
        assert!(check(&target).is_ok());
    }
}
