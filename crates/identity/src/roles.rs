//! What somebody may do through a role.
//!
//! Services ask [`Identity::service_may`] each time they act; callers become the role for a while, see `sessions`.

use model::{AccountId, ErrorKind};

use crate::directory::{Directory, LiveRole};
use crate::policy::{Circumstances, Party, Verdict};
use crate::{Context, Decision, Identity};

/// The name of a role that is unique on the node: `acs:ram::<account>:role/<name>`.
pub fn role_arn(account: AccountId, name: &str) -> String {
    format!("acs:ram::{account}:role/{name}")
}

/// The account and the name in a role's ARN.
pub fn parse_role_arn(arn: &str) -> Option<(AccountId, &str)> {
    let (account, name) = arn.strip_prefix("acs:ram::")?.split_once(":role/")?;
    Some((account.parse().ok()?, name)).filter(|(_, name)| !name.is_empty())
}

/// Why a service may not do something through a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefusal {
    /// There is no role of this ARN.
    #[error("the role does not exist")]
    NoSuchRole,
    /// Its trust policy does not name the service, or names it for another account.
    #[error("the role's trust policy does not admit the service for this account")]
    NotTrusted,
    /// Its policies do not allow the action on the resource, or deny it.
    #[error("the role's policies do not allow the action on the resource")]
    Denied,
}

impl RoleRefusal {
    /// What sort of failure it is.
    pub fn kind(self) -> ErrorKind {
        match self {
            RoleRefusal::NoSuchRole => ErrorKind::NotFound,
            RoleRefusal::NotTrusted | RoleRefusal::Denied => ErrorKind::Denied,
        }
    }
}

impl Directory {
    /// The role of this ARN.
    pub(crate) fn role(&self, arn: &str) -> Option<&LiveRole> {
        let (account, name) = parse_role_arn(arn)?;
        self.roles.get(&(account, name.to_owned()))
    }
}

impl Identity {
    /// Whether a service may do this to that through a role, acting for an account.
    ///
    /// The role must exist, its trust policy must name the service (alone when it acts for the role's own account, else
    /// as `<on_behalf_of>@<service>`), and its policies must allow the action on the resource, which must belong to the
    /// role's account. `action` is `service:Operation`, `resource` an ARN. It reads the table in memory: a role that
    /// was changed counts as changed from the next question on.
    pub fn service_may(
        &self,
        role_arn: &str,
        service: &str,
        on_behalf_of: AccountId,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> Result<(), RoleRefusal> {
        let directory = self.directory();
        let live = directory.role(role_arn).ok_or(RoleRefusal::NoSuchRole)?;
        let circumstances = Circumstances { context, external_id: None, mfa_present: false };
        let party = Party::Service { name: service, on_behalf_of };
        let trust = live.trust.as_ref().map(|trust| trust.verdict(live.role.account, party, &circumstances));
        if trust != Some(Verdict::Allow) {
            return Err(RoleRefusal::NotTrusted);
        }
        let is_own = owner_of(resource).is_none_or(|owner| owner == live.role.account.as_str());
        if !is_own || crate::identity::decide_by(&live.policies, action, resource, &circumstances) != Decision::Allow {
            return Err(RoleRefusal::Denied);
        }
        Ok(())
    }
}

/// The account a resource's ARN names, if it names one.
pub(crate) fn owner_of(resource: &str) -> Option<&str> {
    resource.split(':').nth(3).filter(|owner| !owner.is_empty() && *owner != "*")
}
