//! Write roles: whether the owner of a bucket lets Cairn write to it for somebody's trail.
//!
//! Asked when a trail is pointed at a bucket, and again before each plan is carried out: a role can be revoked at any
//! time. Without a role the trail's own account is meant, as with the service-linked role, and nothing is asked.

use std::sync::Arc;

use host::Clock;
use identity::{Context, Identity};
use model::AccountId;
use model::trail::BucketTarget;

use crate::DeliveryError;

/// Whom a role must trust, alone or as `<account>@` this.
pub const SERVICE: &str = "actiontrail.aliyuncs.com";
/// What a role must allow.
pub(crate) const ACTION: &str = "oss:PutObject";

/// Decides about roles. A trait so that tests can grant and revoke.
pub trait Roles: Send + Sync {
    /// Whether the role may be used for this account to write that; else why not, as one fact.
    fn may_write(&self, role_arn: &str, on_behalf_of: AccountId, resource: &str) -> Result<(), String>;
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
    fn may_write(&self, role_arn: &str, on_behalf_of: AccountId, resource: &str) -> Result<(), String> {
        let context = Context { source_ip: None, now: self.clock.now(), secure_transport: true };
        let decided = self.identity.service_may(role_arn, SERVICE, on_behalf_of, ACTION, resource, &context);
        decided.map_err(|refusal| refusal.to_string())
    }
}

/// Whether a trail of `account` may write to its target.
pub fn check_role(roles: &dyn Roles, account: AccountId, target: &BucketTarget) -> Result<(), DeliveryError> {
    let Some(role) = &target.write_role_arn else { return Ok(()) };
    let resource = resource(account, target);
    roles.may_write(role, account, &resource).map_err(|reason| DeliveryError::Role { role: role.clone(), reason })
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
        fn may_write(&self, role_arn: &str, on_behalf_of: AccountId, resource: &str) -> Result<(), String> {
            self.0.lock().push(format!("{role_arn} {on_behalf_of} {resource}"));
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
        let expected = "acs:ram::200:role/writer 100 acs:oss:*:200:audit/of-100/AliyunLogs/Actiontrail/object";
        assert_eq!(*asked.0.lock(), [expected]);
    }
}
