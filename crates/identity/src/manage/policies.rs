//! Custom policies, and which users, groups and roles have which policies.

use catalog::{Attachment, CatalogError, Holder, HolderKind, Policy, PolicyKind, PolicyRef};
use model::AccountId;

use super::{names, not_found, on_catalog};
use crate::policy::{Policy as Parsed, system};
use crate::{Identity, ManageError};

impl Identity {
    /// Makes a custom policy.
    pub async fn create_policy(
        &self,
        account: AccountId,
        name: &str,
        document: &str,
        description: Option<&str>,
    ) -> Result<Policy, ManageError> {
        names::check_policy(name)?;
        Parsed::parse(document).map_err(ManageError::MalformedPolicy)?;
        if system::find(name).is_some() {
            return Err(ManageError::AlreadyExists { noun: "Policy", name: name.to_owned() });
        }
        let now = self.clock.now();
        let policy = Policy {
            account,
            name: name.to_owned(),
            description: description.unwrap_or_default().to_owned(),
            document: document.to_owned(),
            default_version: 1,
            created: now,
            updated: now,
        };
        self.catalog.policy_create(&policy).await.map_err(|error| on_catalog(error, "Policy", name))?;
        self.refresh().await?;
        Ok(policy)
    }

    /// The custom policy of this name.
    pub async fn get_policy(&self, account: AccountId, name: &str) -> Result<Policy, ManageError> {
        let policy = self.catalog.policy_find(account, name).await.map_err(ManageError::Catalog)?;
        policy.ok_or_else(|| not_found("Policy", name))
    }

    /// The account's custom policies, by name. The built-in ones are [`crate::policy::system::SYSTEM_POLICIES`].
    pub async fn list_policies(&self, account: AccountId) -> Result<Vec<Policy>, ManageError> {
        self.catalog.policy_list(account).await.map_err(ManageError::Catalog)
    }

    /// Removes a custom policy nobody has.
    pub async fn delete_policy(&self, account: AccountId, name: &str) -> Result<(), ManageError> {
        self.catalog.policy_delete(account, name).await.map_err(|error| on_catalog(error, "Policy", name))?;
        self.refresh().await
    }

    /// Gives a user, group or role a policy.
    pub async fn attach(&self, account: AccountId, holder: &Holder, policy: PolicyRef) -> Result<(), ManageError> {
        self.check_holder(account, holder).await?;
        if policy.kind == PolicyKind::System && system::find(&policy.name).is_none() {
            return Err(not_found("Policy", &policy.name));
        }
        if system::is_of_a_service(&policy.name) && policy.kind == PolicyKind::System {
            return Err(ManageError::OfAService { what: format!("The policy {}", policy.name) });
        }
        self.attach_unchecked(account, holder, policy).await
    }

    pub(super) async fn attach_unchecked(
        &self,
        account: AccountId,
        holder: &Holder,
        policy: PolicyRef,
    ) -> Result<(), ManageError> {
        let name = policy.name.clone();
        let attachment = Attachment { account, holder: holder.clone(), policy, attached: self.clock.now() };
        let attached = self.catalog.attachment_add(&attachment).await;
        attached.map_err(|error| match error {
            CatalogError::AlreadyExists { .. } => {
                ManageError::AlreadyExists { noun: attached_noun(holder.kind), name: name.clone() }
            }
            other => on_catalog(other, "Policy", &name),
        })?;
        self.refresh().await
    }

    /// Takes a policy from a user, group or role.
    pub async fn detach(&self, account: AccountId, holder: &Holder, policy: &PolicyRef) -> Result<(), ManageError> {
        self.check_holder(account, holder).await?;
        let removed = self.catalog.attachment_remove(account, holder, policy).await;
        removed.map_err(|error| on_catalog(error, attached_noun(holder.kind), &policy.name))?;
        self.refresh().await
    }

    /// The policies of a user, group or role, by name.
    pub async fn list_attached(&self, account: AccountId, holder: &Holder) -> Result<Vec<Attachment>, ManageError> {
        match holder.kind {
            HolderKind::User => self.get_user(account, &holder.name).await.map(|_| ())?,
            HolderKind::Group => self.get_group(account, &holder.name).await.map(|_| ())?,
            HolderKind::Role => self.get_role(account, &holder.name).await.map(|_| ())?,
        }
        self.catalog.attachment_list(account, holder).await.map_err(ManageError::Catalog)
    }

    /// Who of the account has which policy.
    pub async fn list_attachments(&self, account: AccountId) -> Result<Vec<Attachment>, ManageError> {
        self.catalog.attachments_of_account(account).await.map_err(ManageError::Catalog)
    }

    /// Whether someone is there and its policies are the account's business.
    async fn check_holder(&self, account: AccountId, holder: &Holder) -> Result<(), ManageError> {
        match holder.kind {
            HolderKind::User => self.get_user(account, &holder.name).await.map(|_| ()),
            HolderKind::Group => self.get_group(account, &holder.name).await.map(|_| ()),
            HolderKind::Role => self.get_changeable_role(account, &holder.name).await.map(|_| ()),
        }
    }
}

fn attached_noun(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::User => "User.Policy",
        HolderKind::Group => "Group.Policy",
        HolderKind::Role => "Role.Policy",
    }
}
