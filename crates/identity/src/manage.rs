//! Making and removing accounts, users, groups, roles, keys, policies and tokens.
//!
//! Every change goes to the catalog and then into the table in memory before the call returns, so the next request
//! already meets it. Names follow RAM's rules.

mod groups;
mod logins;
mod mfa;
pub(crate) mod names;
mod organization;
mod roles;
mod versions;

use catalog::{AccessKey, Account, Attachment, CatalogError, Holder, HolderKind, IngestToken, Policy};
use catalog::{PolicyKind, PolicyRef, User};
use host::Secret;
use model::{AccountId, Timestamp};
use sha2::{Digest, Sha256};

pub use logins::LoginChange;
pub use mfa::mfa_serial;
pub use roles::RoleChange;

use crate::policy::{Policy as Parsed, system};
use crate::{Identity, ManageError};

/// RAM's own limits.
const KEYS_PER_USER_MAX: usize = 2;
/// The account itself may have a few more, so that a key can be exchanged without a gap.
const KEYS_PER_ACCOUNT_MAX: usize = 5;
pub(crate) const DIGITS: &[u8] = b"0123456789";
pub(crate) const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// An id that is taken is drawn again; with 16 digits even one repetition is unlikely.
const DRAWS_MAX: usize = 5;

/// A key whose secret is shown this once.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Whose.
    pub account: AccountId,
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub access_key_secret: Secret<String>,
    /// Created.
    pub created: Timestamp,
}

impl Identity {
    /// Makes the management account and its key, unless they are there. An account without any key, of its own or of
    /// a user, gets one: a first start may have ended between the two.
    pub async fn initialise(&self) -> Result<Option<NewKey>, ManageError> {
        let management = self.directory().accounts.values().find(|account| account.is_management).map(|each| each.id);
        let id = match management {
            Some(id) if self.directory().keys.values().any(|key| key.caller.account == id) => return Ok(None),
            Some(id) => id,
            None => self.draw_account("management", true).await?.id,
        };
        self.create_access_key(id, None).await.map(Some)
    }

    /// Makes an account, with the id given or a new one, and its key.
    pub async fn create_account(&self, name: &str, id: Option<AccountId>) -> Result<(Account, NewKey), ManageError> {
        names::check_display("Name", name)?;
        let account = match id {
            Some(id) => self.insert_account(id, name, false).await?,
            None => self.draw_account(name, false).await?,
        };
        let key = self.create_access_key(account.id, None).await?;
        Ok((account, key))
    }

    /// Makes an account without a key, unless it is there. For events that name it.
    pub async fn ensure_account(&self, id: AccountId) -> Result<(), ManageError> {
        if self.account_exists(id) {
            return Ok(());
        }
        match self.insert_account(id, id.as_str(), false).await {
            // Another request was faster.
            Err(ManageError::AlreadyExists { .. }) => self.refresh().await,
            other => other.map(|_| ()),
        }
    }

    /// Every account, by id.
    pub async fn list_accounts(&self) -> Result<Vec<Account>, ManageError> {
        self.catalog.account_list().await.map_err(ManageError::Catalog)
    }

    async fn draw_account(&self, name: &str, is_management: bool) -> Result<Account, ManageError> {
        for _ in 1..DRAWS_MAX {
            match self.insert_account(self.draw_account_id(), name, is_management).await {
                Err(ManageError::AlreadyExists { .. }) => {}
                other => return other,
            }
        }
        self.insert_account(self.draw_account_id(), name, is_management).await
    }

    fn draw_account_id(&self) -> AccountId {
        // Sixteen digits that begin with 1, as Alibaba Cloud's do.
        let digits = format!("1{}", self.random.text(15, DIGITS));
        digits.parse().expect("sixteen digits are an account id")
    }

    async fn insert_account(&self, id: AccountId, name: &str, is_management: bool) -> Result<Account, ManageError> {
        let created = self.catalog.account_create(id, name, is_management, self.clock.now()).await;
        let account = created.map_err(|error| on_catalog(error, "Account", id.as_str()))?;
        self.refresh().await?;
        Ok(account)
    }

    /// Makes a user, who may do nothing yet.
    pub async fn create_user(
        &self,
        account: AccountId,
        name: &str,
        display_name: Option<&str>,
        comments: Option<&str>,
    ) -> Result<User, ManageError> {
        names::check_user(name)?;
        let display_name = display_name.unwrap_or(name);
        names::check_display("DisplayName", display_name)?;
        let comments = comments.unwrap_or_default();
        names::check_comments(comments)?;
        let now = self.clock.now();
        let user = User {
            user_id: format!("2{}", self.random.text(17, DIGITS)),
            account,
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            comments: comments.to_owned(),
            created: now,
            updated: now,
        };
        self.catalog.user_create(&user).await.map_err(|error| on_catalog(error, "User", name))?;
        self.refresh().await?;
        Ok(user)
    }

    /// The user of this name.
    pub async fn get_user(&self, account: AccountId, name: &str) -> Result<User, ManageError> {
        let user = self.catalog.user_find(account, name).await.map_err(ManageError::Catalog)?;
        user.ok_or_else(|| not_found("User", name))
    }

    /// The account's users, by name.
    pub async fn list_users(&self, account: AccountId) -> Result<Vec<User>, ManageError> {
        self.catalog.user_list(account).await.map_err(ManageError::Catalog)
    }

    /// Changes a user's name, display name and comments, each if it is given.
    pub async fn update_user(
        &self,
        account: AccountId,
        name: &str,
        new_name: Option<&str>,
        display_name: Option<&str>,
        comments: Option<&str>,
    ) -> Result<User, ManageError> {
        let mut user = self.get_user(account, name).await?;
        if let Some(new_name) = new_name {
            names::check_user(new_name)?;
            user.name = new_name.to_owned();
        }
        if let Some(display_name) = display_name {
            names::check_display("NewDisplayName", display_name)?;
            user.display_name = display_name.to_owned();
        }
        if let Some(comments) = comments {
            names::check_comments(comments)?;
            user.comments = comments.to_owned();
        }
        user.updated = self.clock.now();
        let updated = self.catalog.user_update(name, &user).await;
        updated.map_err(|error| on_catalog(error, "User", new_name.unwrap_or(name)))?;
        self.refresh().await?;
        Ok(user)
    }

    /// Removes a user without keys, policies, groups, password and second factor.
    pub async fn delete_user(&self, account: AccountId, name: &str) -> Result<(), ManageError> {
        self.catalog.user_delete(account, name).await.map_err(|error| on_catalog(error, "User", name))?;
        self.refresh().await
    }

    /// Makes a key of a user, or of the account itself.
    pub async fn create_access_key(&self, account: AccountId, user: Option<&str>) -> Result<NewKey, ManageError> {
        let secret = self.random.text(30, ALPHANUMERIC);
        let key = AccessKey {
            id: format!("LTAI5t{}", self.random.text(18, ALPHANUMERIC)),
            account,
            user: user.map(str::to_owned),
            sealed_secret: self.vault.seal(secret.as_bytes()),
            active: true,
            created: self.clock.now(),
        };
        let limit = if user.is_some() { KEYS_PER_USER_MAX } else { KEYS_PER_ACCOUNT_MAX };
        let created = self.catalog.key_create(&key, limit).await;
        created.map_err(|error| on_catalog(error, "User", user.unwrap_or("root")))?;
        self.refresh().await?;
        Ok(NewKey { account, access_key_id: key.id, access_key_secret: Secret::new(secret), created: key.created })
    }

    /// The keys of a user, or of the account itself, without their secrets.
    pub async fn list_keys(&self, account: AccountId, user: Option<&str>) -> Result<Vec<AccessKey>, ManageError> {
        if let Some(user) = user {
            self.get_user(account, user).await?;
        }
        self.catalog.key_list(account, user).await.map_err(ManageError::Catalog)
    }

    /// Enables or disables a key.
    pub async fn set_key_active(
        &self,
        account: AccountId,
        user: Option<&str>,
        id: &str,
        active: bool,
    ) -> Result<(), ManageError> {
        let changed = self.catalog.key_set_active(account, user, id, active).await;
        changed.map_err(|error| on_catalog(error, "User.AccessKey", id))?;
        self.refresh().await
    }

    /// Removes a key.
    pub async fn delete_key(&self, account: AccountId, user: Option<&str>, id: &str) -> Result<(), ManageError> {
        let deleted = self.catalog.key_delete(account, user, id).await;
        deleted.map_err(|error| on_catalog(error, "User.AccessKey", id))?;
        self.refresh().await
    }

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

    async fn attach_unchecked(
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

    /// Makes an ingest token; it is shown this once.
    pub async fn create_ingest_token(
        &self,
        account: AccountId,
        name: &str,
        from_event: bool,
    ) -> Result<(IngestToken, Secret<String>), ManageError> {
        names::check_display("Name", name)?;
        let secret = format!("cairn_it_{}", self.random.text(32, ALPHANUMERIC));
        let token = IngestToken {
            id: format!("it-{}", self.random.text(12, b"abcdefghijklmnopqrstuvwxyz0123456789")),
            account,
            name: name.to_owned(),
            sha256: Sha256::digest(&secret).into(),
            from_event,
            created: self.clock.now(),
        };
        self.catalog.token_create(&token).await.map_err(|error| on_catalog(error, "IngestToken", name))?;
        self.refresh().await?;
        Ok((token, Secret::new(secret)))
    }

    /// The account's ingest tokens, by name.
    pub async fn list_ingest_tokens(&self, account: AccountId) -> Result<Vec<IngestToken>, ManageError> {
        self.catalog.token_list(account).await.map_err(ManageError::Catalog)
    }

    /// Removes an ingest token.
    pub async fn delete_ingest_token(&self, account: AccountId, id: &str) -> Result<(), ManageError> {
        self.catalog.token_delete(account, id).await.map_err(|error| on_catalog(error, "IngestToken", id))?;
        self.refresh().await
    }
}

fn attached_noun(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::User => "User.Policy",
        HolderKind::Group => "Group.Policy",
        HolderKind::Role => "Role.Policy",
    }
}

pub(crate) fn not_found(noun: &'static str, name: &str) -> ManageError {
    ManageError::NotFound { noun, name: name.to_owned() }
}

/// The catalog's refusals in RAM's words.
pub(crate) fn on_catalog(error: CatalogError, noun: &'static str, name: &str) -> ManageError {
    match error {
        CatalogError::NotFound { .. } => not_found(noun, name),
        CatalogError::AlreadyExists { .. } => ManageError::AlreadyExists { noun, name: name.to_owned() },
        CatalogError::LimitReached { limit, .. } if noun == "Policy" => ManageError::TooManyVersions { limit },
        CatalogError::LimitReached { limit, .. } => ManageError::TooManyKeys { limit },
        CatalogError::InUse { what, by } => {
            let code = match (noun, by.split(' ').next().unwrap_or_default()) {
                ("User", "access") => "DeleteConflict.User.AccessKey",
                ("User", "groups") => "DeleteConflict.User.Group",
                ("User", "an") => "DeleteConflict.User.MFADevice",
                ("User", "a") => "DeleteConflict.User.LoginProfile",
                ("User", _) => "DeleteConflict.User.Policy",
                ("Group", "users") => "DeleteConflict.Group.User",
                ("Group", _) => "DeleteConflict.Group.Policy",
                ("Role", _) => "DeleteConflict.Role.Policy",
                ("VirtualMFADevice", _) => "DeleteConflict.VirtualMFADevice.User",
                ("Policy.Version", _) => "DeleteConflict.PolicyVersion.Default",
                (_, "group") => "DeleteConflict.Policy.Group",
                (_, "role") => "DeleteConflict.Policy.Role",
                _ => "DeleteConflict.Policy.User",
            };
            ManageError::InUse { code, what, by }
        }
        other => ManageError::Catalog(other),
    }
}
