//! The identities of a node: opened over the catalog, asked by every request.

use std::sync::Arc;

use arc_swap::Guard;
use catalog::Catalog;
use host::metrics::Metrics;
use host::{Clock, Random};
use model::AccountId;

use crate::directory::{Directory, LiveDirectory, NamedPolicy};
use crate::follower::Follower;
use crate::metrics::IdentityMetrics;
use crate::nonces::Nonces;
use crate::passwords::Hashing;
use crate::policy::{Circumstances, Policy, Verdict};
use crate::roles::owner_of;
use crate::{Caller, Context, Decision, Denial, ManageError, Principal, Vault};

/// The setting that holds a sealed known text: it tells whether the vault's key is the right one.
const CHECK_SETTING: &str = "vault_check";
/// What a user of the management account needs besides, to act on another account.
const MANAGE_ACCOUNTS: &str = "cairn:ManageAccounts";
/// The one action on what belongs to another account that the role's own trust policy decides.
pub(crate) const ASSUME_ROLE: &str = "sts:AssumeRole";
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
    pub(crate) hashing: Hashing,
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
        Ok(Identity {
            catalog,
            vault,
            clock,
            random,
            nonces: Arc::default(),
            metrics,
            hashing: Hashing::default(),
            live,
            _follower: follower,
        })
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
    /// user may do what its policies and those of its groups allow and none denies, a role what its policies allow and
    /// its session's policy allows as well. What belongs to another account is out of reach, with two exceptions. A
    /// role of another account may be assumed, as far as the caller's own policies are concerned: the role's trust
    /// decides. And the management account manages the node: it may do `cairn:` and `ram:` actions to others, its users
    /// where a policy also allows `cairn:ManageAccounts` on `acs:cairn:*:<their account>:account/<the other one>`. So a
    /// policy that says "put events" on `*` does not reach beyond its account by accident.
    pub fn decide(&self, caller: &Caller, action: &str, resource: &str, context: &Context) -> Decision {
        let decision = self.decided(caller, action, resource, context);
        if let Decision::Deny { .. } = decision {
            self.metrics.call_denied();
        }
        decision
    }

    fn decided(&self, caller: &Caller, action: &str, resource: &str, context: &Context) -> Decision {
        let owner = owner_of(resource);
        let is_own = owner.is_none_or(|owner| owner == caller.account.as_str());
        if let Principal::IngestToken { from_event, .. } = &caller.principal {
            let may = action == "cairn:PutEvents" && (is_own || *from_event);
            return if may { Decision::Allow } else { Decision::Deny { because: Denial::NoPolicy } };
        }
        let manages = caller.is_management && (action.starts_with("cairn:") || action.starts_with("ram:"));
        if !is_own && !manages && action != ASSUME_ROLE {
            return Decision::Deny { because: Denial::NoPolicy };
        }
        let directory = self.directory();
        let nothing = Vec::new();
        let policies = match &caller.principal {
            Principal::Root => None,
            Principal::User { name, .. } => {
                Some(directory.policies.get(&(caller.account, name.clone())).unwrap_or(&nothing))
            }
            Principal::Role { name, .. } => {
                Some(directory.roles.get(&(caller.account, name.clone())).map_or(&nothing, |live| &live.policies))
            }
            Principal::IngestToken { .. } => unreachable!("answered above"),
        };
        let session = caller.session.as_ref();
        let mfa_present = session.is_some_and(|session| session.mfa);
        let circumstances = Circumstances { context, external_id: None, mfa_present };
        let decide = |action, resource: &str| {
            let by_policies = policies.map_or(Decision::Allow, |all| decide_by(all, action, resource, &circumstances));
            match session.and_then(|session| session.policy.as_ref()).filter(|_| by_policies == Decision::Allow) {
                Some(policy) => decide_by_session(policy, action, resource, &circumstances),
                None => by_policies,
            }
        };
        if let Some(owner) = owner.filter(|_| !is_own && manages && caller.principal != Principal::Root) {
            let other = format!("acs:cairn:*:{}:account/{owner}", caller.account);
            let reach = decide(MANAGE_ACCOUNTS, &other);
            if reach != Decision::Allow {
                return reach;
            }
        }
        decide(action, resource)
    }
}

/// What policies say together: one that denies wins, else one that allows.
pub(crate) fn decide_by(
    policies: &[NamedPolicy],
    action: &str,
    resource: &str,
    circumstances: &Circumstances<'_>,
) -> Decision {
    let mut decision = Decision::Deny { because: Denial::NoPolicy };
    for (name, policy) in policies {
        match policy.evaluate_in(action, resource, circumstances) {
            Verdict::Deny => return Decision::Deny { because: Denial::ExplicitDeny { policy: name.clone() } },
            Verdict::Allow => decision = Decision::Allow,
            Verdict::NotMentioned => {}
        }
    }
    decision
}

fn decide_by_session(policy: &Policy, action: &str, resource: &str, circumstances: &Circumstances<'_>) -> Decision {
    match policy.evaluate_in(action, resource, circumstances) {
        Verdict::Allow => Decision::Allow,
        Verdict::Deny => Decision::Deny { because: Denial::Session { explicit: true } },
        Verdict::NotMentioned => Decision::Deny { because: Denial::Session { explicit: false } },
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
