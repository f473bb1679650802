//! A caller, and what was decided about its call.

use std::net::IpAddr;
use std::sync::Arc;

use model::{AccountId, Timestamp};
use serde_json::{Value, json};

use crate::policy::Policy;

/// Someone whose credentials were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account it belongs to.
    pub account: AccountId,
    /// Who within the account.
    pub principal: Principal,
    /// The access key it signed with.
    pub access_key_id: Option<String>,
    /// Whether its account is the management account.
    pub is_management: bool,
    /// The session it acts in; `None` for permanent keys and tokens.
    pub session: Option<Session>,
}

/// What temporary credentials stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// When it began.
    pub created: Timestamp,
    /// Whether it began with a second factor.
    pub mfa: bool,
    /// What it may do at most.
    pub policy: Option<Arc<Policy>>,
}

/// Who within an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The account itself.
    Root,
    /// A RAM user.
    User {
        /// Unique for ever.
        user_id: String,
        /// Unique within the account.
        name: String,
    },
    /// Somebody who became a role.
    Role {
        /// Unique for ever.
        role_id: String,
        /// Unique within the account.
        name: String,
        /// What the session was called by who began it.
        session_name: String,
    },
    /// A token that may put events.
    IngestToken {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Whether it may sort events to the accounts they name.
        from_event: bool,
    },
}

impl Caller {
    /// The `userIdentity` of an event about this caller.
    pub fn identity_json(&self) -> Value {
        let account = self.account.as_str();
        let mut identity = match &self.principal {
            Principal::Root => json!({
                "type": "root-account", "principalId": account, "accountId": account, "userName": "root",
            }),
            Principal::User { user_id, name } => json!({
                "type": "ram-user", "principalId": user_id, "accountId": account, "userName": name,
            }),
            Principal::Role { role_id, name, session_name } => json!({
                "type": "assumed-role",
                "principalId": format!("{role_id}:{session_name}"),
                "accountId": account,
                "userName": format!("{name}:{session_name}"),
                "roleName": name,
            }),
            Principal::IngestToken { id, name, .. } => json!({
                "type": "system", "principalId": id, "accountId": account, "userName": format!("ingest-token:{name}"),
            }),
        };
        if let Some(key) = &self.access_key_id {
            identity["accessKeyId"] = json!(key);
        }
        if let Some(session) = &self.session {
            identity["sessionContext"] = json!({ "attributes": {
                "creationDate": session.created.to_string(),
                "mfaAuthenticated": session.mfa.to_string(),
            }});
        }
        identity
    }
}

/// The circumstances a policy may ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Where the request came from.
    pub source_ip: Option<IpAddr>,
    /// When it arrived.
    pub now: Timestamp,
    /// Whether it came over TLS.
    pub secure_transport: bool,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not.
    Deny {
        /// Why.
        because: Denial,
    },
}

/// Why a call may not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// A policy says so.
    ExplicitDeny {
        /// The policy's name.
        policy: String,
    },
    /// No policy allows it.
    NoPolicy,
    /// The policies would allow it, the session's own does not.
    Session {
        /// Whether it says Deny, or does not say Allow.
        explicit: bool,
    },
}
