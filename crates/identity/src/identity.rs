//! The identities of a node: opened over the catalog, asked by every request.

use std::sync::Arc;

use arc_swap::Guard;
use catalog::Catalog;
use host::metrics::Metrics;
use host::{Clock, Random};
use model::AccountId;

use crate::directory::{Directory, LiveDirectory};
use crate::follower::Follower;
use crate::metrics::IdentityMetrics;
use crate::nonces::Nonces;
use crate::policy::Verdict;
use crate::{Caller, Context, Decision, Denial, ManageError, Principal, Vault};

/// The setting that holds a sealed known text: it tells whether the vault's key is the right one.
const CHECK_SETTING: &str = "vault_check";
/// What a user of the management account needs besides, to act on another account.
const MANAGE_ACCOUNTS: &str = "cairn:ManageAccounts";
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
    live: Arc<LiveDirectory>,
    /// Ends with the last clone.
    _follower: Arc<Follower>,
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
        let metrics = IdentityMetrics::register(metrics);
        let live = Arc::new(LiveDirectory::new(catalog.clone(), vault.clone()));
        live.refresh().await?;
        let follower = Arc::new(Follower::start(live.clone(), metrics.clone()));
        Ok(Identity { catalog, vault, clock, random, nonces: Arc::default(), metrics, live, _follower: follower })
    }

    pub(crate) fn directory(&self) -> Guard<Arc<Directory>> {
        self.live.current()
    }

    /// Makes what was just changed in the catalog known to the next request.
    pub(crate) async fn refresh(&self) -> Result<(), ManageError> {
        self.live.refresh().await
    }

    /// Whether the account exists.
    pub fn account_exists(&self, account: AccountId) -> bool {
        self.directory().accounts.contains_key(&account)
    }

    /// Whether the caller may do this to that.
    ///
    /// `action` is `service:Operation`, `resource` an ARN. The account itself may do everything to what is its own. A
    /// user may do what its policies allow and none denies. What belongs to another account is out of reach, except
    /// that the management account manages the node: it may do `cairn:` and `ram:` actions to others, its users where a
    /// policy also allows `cairn:ManageAccounts` on `acs:cairn:*:<their account>:account/<the other one>`. So a policy
    /// that says "put events" on `*` does not reach beyond its account by accident.
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
            Principal::User { name, .. } => {
                let decide =
                    |action, resource: &str| self.decide_by_policies(caller.account, name, action, resource, context);
                let reach = match owner.filter(|_| !is_own) {
                    Some(owner) => decide(MANAGE_ACCOUNTS, &format!("acs:cairn:*:{}:account/{owner}", caller.account)),
                    None => Decision::Allow,
                };
                if reach == Decision::Allow { decide(action, resource) } else { reach }
            }
        };
        if let Decision::Deny { .. } = decision {
            self.metrics.call_denied();
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
