//! The table of identities in memory.
//!
//! It is read from the catalog at the start and again after every change: by the call that made the change, before it
//! returns, so a key that was disabled is refused by the next request; and by the follower, should that call have
//! failed or been given up half-way. Readers never wait.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use catalog::{Account, Catalog, HolderKind, PolicyKind, Role, Snapshot, User};
use host::Secret;
use model::{AccountId, Timestamp};
use tracing::error;

use crate::policy::{Policy, Trust, system};
use crate::{Caller, ManageError, Principal, Vault};

/// The table and where it is read from.
pub(crate) struct LiveDirectory {
    catalog: Catalog,
    vault: Vault,
    current: ArcSwap<Directory>,
    /// Held while the table is read anew, so that an older reading never replaces a newer one.
    refreshing: tokio::sync::Mutex<()>,
}

impl LiveDirectory {
    /// An empty table; [`LiveDirectory::refresh`] fills it.
    pub(crate) fn new(catalog: Catalog, vault: Vault) -> LiveDirectory {
        LiveDirectory { catalog, vault, current: ArcSwap::default(), refreshing: tokio::sync::Mutex::default() }
    }

    pub(crate) fn current(&self) -> Guard<Arc<Directory>> {
        self.current.load()
    }

    /// Rises with every change of what the table holds.
    pub(crate) fn version(&self) -> tokio::sync::watch::Receiver<u64> {
        self.catalog.identity_version()
    }

    /// Reads the table anew, unless another call did so after the last change.
    pub(crate) async fn refresh(&self) -> Result<(), ManageError> {
        let _refreshing = self.refreshing.lock().await;
        // Taken before the reading: a change during it is met by the next one.
        let version = Some(*self.version().borrow());
        if self.current.load().version >= version {
            return Ok(());
        }
        let snapshot = self.catalog.identity_snapshot().await.map_err(ManageError::Catalog)?;
        let directory = Directory { version, ..Directory::over(snapshot, &self.vault)? };
        self.current.store(Arc::new(directory));
        Ok(())
    }
}

/// What requests look up.
#[derive(Default)]
pub(crate) struct Directory {
    /// The catalog's version it holds at least; `None` before the first reading.
    version: Option<u64>,
    pub(crate) accounts: HashMap<AccountId, Account>,
    pub(crate) keys: HashMap<String, Key>,
    pub(crate) tokens: HashMap<[u8; 32], Caller>,
    pub(crate) users: HashMap<(AccountId, String), User>,
    /// The policies of each user, its own and those of its groups.
    pub(crate) policies: HashMap<(AccountId, String), Vec<NamedPolicy>>,
    pub(crate) roles: HashMap<(AccountId, String), LiveRole>,
    /// When the password of each user, or of an account itself, was last changed.
    pub(crate) logins: HashMap<(AccountId, Option<String>), Timestamp>,
}

/// A policy and the name a denial gives as its reason.
pub(crate) type NamedPolicy = (String, Arc<Policy>);

pub(crate) struct Key {
    pub(crate) caller: Caller,
    pub(crate) secret: Secret<String>,
    pub(crate) active: bool,
}

/// A role, who may become it, and what it may.
pub(crate) struct LiveRole {
    pub(crate) role: Role,
    /// `None` when it cannot be read: then nobody may.
    pub(crate) trust: Option<Trust>,
    pub(crate) policies: Vec<NamedPolicy>,
}

impl Directory {
    fn over(snapshot: Snapshot, vault: &Vault) -> Result<Directory, ManageError> {
        let mut directory = Directory::default();
        directory.accounts.extend(snapshot.accounts.into_iter().map(|account| (account.id, account)));
        directory.users.extend(snapshot.users.into_iter().map(|user| ((user.account, user.name.clone()), user)));
        for key in snapshot.keys {
            let Some(principal) = directory.principal(key.account, key.user.as_deref()) else { continue };
            let secret = vault.open(&key.sealed_secret).map_err(ManageError::Vault)?;
            let secret = String::from_utf8(secret).map_err(|_| ManageError::Vault(crate::VaultError::WrongKey))?;
            let caller = directory.caller(key.account, principal, Some(key.id.clone()));
            directory.keys.insert(key.id, Key { caller, secret: Secret::new(secret), active: key.active });
        }
        for token in snapshot.tokens {
            let principal = Principal::IngestToken { id: token.id, name: token.name, from_event: token.from_event };
            let caller = directory.caller(token.account, principal, None);
            directory.tokens.insert(token.sha256, caller);
        }
        directory.logins.extend(snapshot.logins.into_iter().map(|login| ((login.account, login.user), login.changed)));
        for role in snapshot.roles {
            let trust = Trust::parse(&role.trust);
            if let Err(error) = &trust {
                error!(account = %role.account, role = role.name, %error, "stored trust policy cannot be read");
            }
            let key = (role.account, role.name.clone());
            directory.roles.insert(key, LiveRole { role, trust: trust.ok(), policies: Vec::new() });
        }
        directory.take_policies(snapshot.policies, snapshot.attachments, snapshot.members);
        Ok(directory)
    }

    fn take_policies(
        &mut self,
        policies: Vec<catalog::Policy>,
        attachments: Vec<catalog::Attachment>,
        members: Vec<catalog::GroupMember>,
    ) {
        let custom: HashMap<(AccountId, String), Arc<Policy>> = policies
            .into_iter()
            .filter_map(|policy| match Policy::parse(&policy.document) {
                Ok(parsed) => Some(((policy.account, policy.name), Arc::new(parsed))),
                Err(error) => {
                    // Checked when it was created; a user of it is denied what it would have allowed.
                    error!(account = %policy.account, policy = policy.name, %error, "stored policy cannot be read");
                    None
                }
            })
            .collect();
        let mut of_groups: HashMap<(AccountId, String), Vec<NamedPolicy>> = HashMap::new();
        for attachment in attachments {
            let name = attachment.policy.name;
            let policy = match attachment.policy.kind {
                PolicyKind::System => system::find(&name),
                PolicyKind::Custom => custom.get(&(attachment.account, name.clone())).cloned(),
            };
            // A policy that cannot be read might have denied: better nothing than too much.
            let named = (name, policy.unwrap_or_else(system::deny_everything));
            let holder = (attachment.account, attachment.holder.name);
            match attachment.holder.kind {
                HolderKind::User => self.policies.entry(holder).or_default().push(named),
                HolderKind::Group => of_groups.entry(holder).or_default().push(named),
                HolderKind::Role => {
                    if let Some(live) = self.roles.get_mut(&holder) {
                        live.policies.push(named);
                    }
                }
            }
        }
        for member in members {
            if let Some(policies) = of_groups.get(&(member.account, member.group)) {
                self.policies.entry((member.account, member.user)).or_default().extend(policies.iter().cloned());
            }
        }
    }

    fn principal(&self, account: AccountId, user: Option<&str>) -> Option<Principal> {
        let Some(user) = user else { return Some(Principal::Root) };
        let user = self.users.get(&(account, user.to_owned()))?;
        Some(Principal::User { user_id: user.user_id.clone(), name: user.name.clone() })
    }

    pub(crate) fn caller(&self, account: AccountId, principal: Principal, access_key_id: Option<String>) -> Caller {
        let is_management = self.accounts.get(&account).is_some_and(|account| account.is_management);
        Caller { account, principal, access_key_id, is_management, session: None }
    }
}
