//! Roles that accounts make, and those that services have made for them.

use catalog::{Holder, PolicyKind, PolicyRef, Role};
use model::AccountId;

use super::{names, not_found, on_catalog};
use crate::policy::Trust;
use crate::{Identity, ManageError};

/// What a session may last when nothing else is said, which is also RAM's lower bound for the longest.
const SESSION_SECONDS: i64 = 3600;
/// RAM's upper bound.
const SESSION_SECONDS_MAX: i64 = 43_200;

/// What to change of a role; what is `None` stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoleChange<'a> {
    /// Who may become it.
    pub trust: Option<&'a str>,
    /// For people.
    pub description: Option<&'a str>,
    /// How long a session may last, in seconds.
    pub session_seconds_max: Option<i64>,
}

/// A service that has a role made for it in each account it works for.
struct LinkedRole {
    service: &'static str,
    role: &'static str,
    policy: &'static str,
}

const LINKED_ROLES: [LinkedRole; 1] = [LinkedRole {
    service: "actiontrail.aliyuncs.com",
    role: "AliyunServiceRoleForActionTrail",
    policy: "AliyunServiceRolePolicyForActionTrail",
}];

impl Identity {
    /// Makes a role, which may do nothing yet.
    pub async fn create_role(
        &self,
        account: AccountId,
        name: &str,
        trust: &str,
        wanted: RoleChange<'_>,
    ) -> Result<Role, ManageError> {
        names::check_role(name)?;
        if name.starts_with("AliyunServiceRoleFor") {
            return Err(ManageError::OfAService { what: format!("The name {name}") });
        }
        self.insert_role(account, name, RoleChange { trust: Some(trust), ..wanted }, None).await
    }

    async fn insert_role(
        &self,
        account: AccountId,
        name: &str,
        wanted: RoleChange<'_>,
        service: Option<&str>,
    ) -> Result<Role, ManageError> {
        let now = self.clock.now();
        let mut role = Role {
            role_id: format!("3{}", self.random.text(17, super::DIGITS)),
            account,
            name: name.to_owned(),
            description: String::new(),
            trust: String::new(),
            session_seconds_max: SESSION_SECONDS,
            service: service.map(str::to_owned),
            created: now,
            updated: now,
        };
        change(&mut role, wanted)?;
        self.catalog.role_create(&role).await.map_err(|error| on_catalog(error, "Role", name))?;
        self.refresh().await?;
        Ok(role)
    }

    /// The role of this name.
    pub async fn get_role(&self, account: AccountId, name: &str) -> Result<Role, ManageError> {
        let role = self.catalog.role_find(account, name).await.map_err(ManageError::Catalog)?;
        role.ok_or_else(|| not_found("Role", name))
    }

    /// The role of this name, unless it belongs to a service.
    pub(super) async fn get_changeable_role(&self, account: AccountId, name: &str) -> Result<Role, ManageError> {
        let role = self.get_role(account, name).await?;
        if role.service.is_some() {
            return Err(ManageError::OfAService { what: format!("The role {name}") });
        }
        Ok(role)
    }

    /// The account's roles, by name.
    pub async fn list_roles(&self, account: AccountId) -> Result<Vec<Role>, ManageError> {
        self.catalog.role_list(account).await.map_err(ManageError::Catalog)
    }

    /// Changes a role. Sessions that have begun go on under the same policies.
    pub async fn update_role(
        &self,
        account: AccountId,
        name: &str,
        wanted: RoleChange<'_>,
    ) -> Result<Role, ManageError> {
        let mut role = self.get_changeable_role(account, name).await?;
        change(&mut role, wanted)?;
        role.updated = self.clock.now();
        self.catalog.role_update(&role).await.map_err(|error| on_catalog(error, "Role", name))?;
        self.refresh().await?;
        Ok(role)
    }

    /// Removes a role without policies; its sessions end with it.
    pub async fn delete_role(&self, account: AccountId, name: &str) -> Result<(), ManageError> {
        self.catalog.role_delete(account, name).await.map_err(|error| on_catalog(error, "Role", name))?;
        self.refresh().await
    }

    /// Makes the role a service needs in an account, with its built-in policy. When it is there already, that is told
    /// as [`ManageError::AlreadyExists`], and a policy that a crash left out is attached.
    pub async fn create_service_linked_role(&self, account: AccountId, service: &str) -> Result<Role, ManageError> {
        let linked = LINKED_ROLES.iter().find(|linked| linked.service == service);
        let linked = linked.ok_or_else(|| not_found("Service", service))?;
        let trust = serde_json::json!({
            "Version": "1",
            "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": [service] } }],
        });
        let trust = trust.to_string();
        let description = format!("Made for {service}.");
        let wanted = RoleChange { trust: Some(&trust), description: Some(&description), session_seconds_max: None };
        let made = match self.insert_role(account, linked.role, wanted, Some(service)).await {
            Err(error @ ManageError::AlreadyExists { .. }) => Err(error),
            other => Ok(other?),
        };
        let policy = PolicyRef { kind: PolicyKind::System, name: linked.policy.to_owned() };
        match self.attach_unchecked(account, &Holder::role(linked.role), policy).await {
            Ok(()) | Err(ManageError::AlreadyExists { .. }) => made,
            Err(error) => Err(error),
        }
    }
}

fn change(role: &mut Role, wanted: RoleChange<'_>) -> Result<(), ManageError> {
    if let Some(trust) = wanted.trust {
        Trust::parse(trust).map_err(ManageError::MalformedPolicy)?;
        role.trust = trust.to_owned();
    }
    if let Some(description) = wanted.description {
        names::check_description(description)?;
        role.description = description.to_owned();
    }
    if let Some(seconds) = wanted.session_seconds_max {
        if !(SESSION_SECONDS..=SESSION_SECONDS_MAX).contains(&seconds) {
            let reason = format!("{seconds}; use {SESSION_SECONDS} to {SESSION_SECONDS_MAX} seconds.");
            return Err(ManageError::InvalidParameter { parameter: "MaxSessionDuration", reason });
        }
        role.session_seconds_max = seconds;
    }
    Ok(())
}
