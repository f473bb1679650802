//! The table of identities in memory, and decisions over it.
//!
//! It is read from the catalog at the start and again after every change: by the call that made the change, before it
//! returns, so a key that was disabled is refused by the next request. Readers never wait.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use catalog::{Account, Catalog, PolicyKind, Snapshot, User};
use host::metrics::{Counter, Family, Metrics};
use host::{Clock, Random, Secret};
use model::AccountId;
use tracing::error;

use crate::nonces::Nonces;
use crate::policy::{Policy, Verdict, system};
use crate::{Caller, Context, Decision, Denial, ManageError, Principal, Vault};

/// The setting that holds a sealed known text: it tells whether the vault's key is the right one.
const CHECK_SETTING: &str = "vault_check";
const CHECK_TEXT: &[u8] = b"cairn";

/// Who may do what. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(crate) catalog: Catalog,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) nonces: Arc<Nonces>,
    pub(crate) metrics: IdentityMetrics,
    directory: Arc<ArcSwap<Directory>>,
    /// Held while the table is read anew, so that an older reading never replaces a newer one.
    refreshing: Arc<tokio::sync::Mutex<()>>,
}

type NamedPolicy = (String, Arc<Policy>);

/// What requests look up.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) accounts: HashMap<AccountId, Account>,
    pub(crate) keys: HashMap<String, Key>,
    pub(crate) tokens: HashMap<[u8; 32], Caller>,
    pub(crate) users: HashMap<(AccountId, String), User>,
    /// The policies of each user, with their names.
    policies: HashMap<(AccountId, String), Vec<NamedPolicy>>,
}

pub(crate) struct Key {
    pub(crate) caller: Caller,
    pub(crate) secret: Secret<String>,
    pub(crate) active: bool,
}

impl Identity {
    /// Reads the identities of the catalog. Fails when its secrets were sealed with another master key.
    pub async fn new(
        catalog: Catalog,
        vault: Vault,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        metrics: &Metrics,
    ) -> Result<Identity, ManageError> {
        check_vault(&catalog, &vault).await?;
        let identity = Identity {
            catalog,
            vault,
            clock,
            random,
            nonces: Arc::default(),
            metrics: IdentityMetrics::register(metrics),
            directory: Arc::default(),
            refreshing: Arc::default(),
        };
        identity.refresh().await?;
        Ok(identity)
    }

    pub(crate) fn directory(&self) -> Guard<Arc<Directory>> {
        self.directory.load()
    }

    /// Reads the table anew.
    pub(crate) async fn refresh(&self) -> Result<(), ManageError> {
        let _refreshing = self.refreshing.lock().await;
        let snapshot = self.catalog.identity_snapshot().await.map_err(ManageError::Catalog)?;
        self.directory.store(Arc::new(Directory::over(snapshot, &self.vault)?));
        Ok(())
    }

    /// Whether the account exists.
    pub fn account_exists(&self, account: AccountId) -> bool {
        self.directory().accounts.contains_key(&account)
    }

    /// Whether the caller may do this to that.
    ///
    /// `action` is `service:Operation`, `resource` an ARN. The account itself may do everything to what is its own. A
    /// user may do what its policies allow and none denies. What belongs to another account is out of reach, except
    /// that the management account manages the node: there `cairn:` and `ram:` actions are decided as in one's own.
    pub fn decide(&self, caller: &Caller, action: &str, resource: &str, context: &Context) -> Decision {
        let owner = resource.split(':').nth(3).filter(|owner| !owner.is_empty() && *owner != "*");
        let is_own = owner.is_none_or(|owner| owner == caller.account.as_str());
        let manages = caller.is_management && (action.starts_with("cairn:") || action.starts_with("ram:"));
        let decision = match &caller.principal {
            Principal::IngestToken { from_event, .. } if action == "cairn:PutEvents" && (is_own || *from_event) => {
                Decision::Allow
            }
            Principal::IngestToken { .. } => Decision::Deny { because: Denial::NoPolicy },
            _ if !is_own && !manages => Decision::Deny { because: Denial::NoPolicy },
            Principal::Root => Decision::Allow,
            Principal::User { name, .. } => self.decide_by_policies(caller.account, name, action, resource, context),
        };
        if let Decision::Deny { .. } = decision {
            self.metrics.denied.inc();
        }
        decision
    }

    fn decide_by_policies(
        &self,
        account: AccountId,
        user: &str,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> Decision {
        let directory = self.directory();
        let policies = directory.policies.get(&(account, user.to_owned()));
        let mut decision = Decision::Deny { because: Denial::NoPolicy };
        for (name, policy) in policies.into_iter().flatten() {
            match policy.evaluate(action, resource, context) {
                Verdict::Deny => return Decision::Deny { because: Denial::ExplicitDeny { policy: name.clone() } },
                Verdict::Allow => decision = Decision::Allow,
                Verdict::NotMentioned => {}
            }
        }
        decision
    }
}

async fn check_vault(catalog: &Catalog, vault: &Vault) -> Result<(), ManageError> {
    match catalog.setting_get(CHECK_SETTING).await.map_err(ManageError::Catalog)? {
        Some(sealed) => vault.open(&sealed).map(|_| ()).map_err(ManageError::Vault),
        None => {
            let sealed = vault.seal(CHECK_TEXT);
            catalog.setting_put(CHECK_SETTING, &sealed).await.map_err(ManageError::Catalog)
        }
    }
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
        let custom: HashMap<(AccountId, String), Arc<Policy>> = snapshot
            .policies
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
        for attachment in snapshot.attachments {
            let name = attachment.policy.name;
            let policy = match attachment.policy.kind {
                PolicyKind::System => system::find(&name),
                PolicyKind::Custom => custom.get(&(attachment.account, name.clone())).cloned(),
            };
            let of_user = directory.policies.entry((attachment.account, attachment.user)).or_default();
            // A policy that cannot be read might have denied: better nothing than too much.
            of_user.push((name, policy.unwrap_or_else(system::deny_everything)));
        }
        Ok(directory)
    }

    fn principal(&self, account: AccountId, user: Option<&str>) -> Option<Principal> {
        let Some(user) = user else { return Some(Principal::Root) };
        let user = self.users.get(&(account, user.to_owned()))?;
        Some(Principal::User { user_id: user.user_id.clone(), name: user.name.clone() })
    }

    fn caller(&self, account: AccountId, principal: Principal, access_key_id: Option<String>) -> Caller {
        let is_management = self.accounts.get(&account).is_some_and(|account| account.is_management);
        Caller { account, principal, access_key_id, is_management }
    }
}

/// What identity counts.
#[derive(Clone)]
pub(crate) struct IdentityMetrics {
    authentications: Family<[(&'static str, &'static str); 1], Counter>,
    denied: Counter,
}

impl IdentityMetrics {
    fn register(metrics: &Metrics) -> IdentityMetrics {
        IdentityMetrics {
            authentications: metrics.register(
                "identity_authentications",
                "Credentials checked, by outcome (ok, or the error's code)",
                Family::default(),
            ),
            denied: metrics.register(
                "identity_denied_calls",
                "Calls a policy denied, or none allowed",
                Counter::default(),
            ),
        }
    }

    pub(crate) fn authenticated(&self, refused: Option<&'static str>) {
        self.authentications.get_or_create(&[("outcome", refused.unwrap_or("ok"))]).inc();
    }
}
