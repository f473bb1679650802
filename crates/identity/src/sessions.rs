//! Temporary credentials: somebody becomes a role, or signs in, for a while.
//!
//! A session is nowhere stored. Its security token holds all of it, sealed under the vault's key, so it survives a
//! restart and costs the catalog nothing; the token is opened at each request. What it stands for is looked up each
//! time: when the role, the user or its password is gone or another, the session is over.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use host::Secret;
use model::{AccountId, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::directory::Directory;
use crate::manage::ALPHANUMERIC;
use crate::policy::{Circumstances, Party, Policy, PolicyError, Verdict};
use crate::roles::{parse_role_arn, role_arn};
use crate::{AuthError, Caller, Context, Identity, Principal, Session};

/// Told apart from everything else that is sealed.
const PURPOSE: &[u8] = b"cairn security token 1";
/// STS's own lower bound.
const SECONDS_MIN: i64 = 900;
/// The longest session that begins in the session of a role, as in STS.
const CHAINED_SECONDS_MAX: i64 = 3600;

/// Credentials that end by themselves.
#[derive(Debug, Clone)]
pub struct SessionKey {
    /// The public half; it begins with `STS.`.
    pub access_key_id: String,
    /// The secret half.
    pub access_key_secret: Secret<String>,
    /// Sent with every request.
    pub security_token: Secret<String>,
    /// When it ends.
    pub expires: Timestamp,
}

/// A wish to become a role.
#[derive(Debug, Clone, Copy)]
pub struct RoleWish<'a> {
    /// The role.
    pub role_arn: &'a str,
    /// What the session is called in events.
    pub session_name: &'a str,
    /// What the session may do at most.
    pub policy: Option<&'a str>,
    /// How long it lasts.
    pub seconds: i64,
    /// What the role's trust policy may ask for.
    pub external_id: Option<&'a str>,
}

/// A session of a role.
#[derive(Debug, Clone)]
pub struct AssumedRole {
    /// Its credentials.
    pub key: SessionKey,
    /// `<role id>:<session name>`.
    pub assumed_role_id: String,
    /// `acs:ram::<account>:role/<role>/<session name>`.
    pub arn: String,
}

/// Why somebody may not become a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssumeError {
    /// An account itself cannot.
    #[error("An account itself cannot assume a role; call as a RAM user or a role.")]
    IsAccount,
    /// There is no such role in the caller's account.
    #[error("The role {arn} does not exist.")]
    NoSuchRole {
        /// Which.
        arn: String,
    },
    /// The trust policy does not name the caller; or, in another account, there is no such role.
    #[error("The trust policy of {arn} does not admit you.")]
    NotTrusted {
        /// Which role.
        arn: String,
    },
    /// Too short or too long.
    #[error("DurationSeconds must be {SECONDS_MIN} to {max} for this role; it is {given}.")]
    Duration {
        /// What was asked for.
        given: i64,
        /// What the role allows.
        max: i64,
    },
    /// The session's policy is not one.
    #[error("The policy of the session is not valid: {0}")]
    Policy(#[source] PolicyError),
}

impl AssumeError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            AssumeError::IsAccount | AssumeError::NotTrusted { .. } => ErrorKind::Denied,
            AssumeError::NoSuchRole { .. } => ErrorKind::NotFound,
            AssumeError::Duration { .. } | AssumeError::Policy(_) => ErrorKind::Invalid,
        }
    }
}

/// What a security token holds.
#[derive(Serialize, Deserialize)]
struct Token {
    id: String,
    secret: String,
    account: AccountId,
    principal: TokenPrincipal,
    policy: Option<String>,
    created: i64,
    expires: i64,
    mfa: bool,
}

#[derive(Serialize, Deserialize)]
enum TokenPrincipal {
    Root,
    User { user_id: String, name: String },
    Role { role_id: String, name: String, session_name: String },
}

/// A token that was opened and belongs to the key it came with.
pub(crate) struct Opened(Token);

impl Identity {
    /// Makes the caller the role, when the role's trust policy admits it. That the caller's own policies allow
    /// `sts:AssumeRole` on the role has been decided before.
    pub fn assume_role(
        &self,
        caller: &Caller,
        wish: &RoleWish<'_>,
        context: &Context,
    ) -> Result<AssumedRole, AssumeError> {
        let party = match &caller.principal {
            Principal::User { name, .. } => Party::User(caller.account, name),
            Principal::Role { name, .. } => Party::Role(caller.account, name),
            Principal::Root | Principal::IngestToken { .. } => return Err(AssumeError::IsAccount),
        };
        let arn = || wish.role_arn.to_owned();
        let directory = self.directory();
        let live = directory.role(wish.role_arn).ok_or_else(|| match parse_role_arn(wish.role_arn) {
            // Whether another account has a role of this name is its own business.
            Some((account, _)) if account != caller.account => AssumeError::NotTrusted { arn: arn() },
            _ => AssumeError::NoSuchRole { arn: arn() },
        })?;
        let mfa = caller.session.as_ref().is_some_and(|session| session.mfa);
        let circumstances = Circumstances { context, external_id: wish.external_id, mfa_present: mfa };
        let role = &live.role;
        let trust = live.trust.as_ref().map(|trust| trust.verdict(role.account, party, &circumstances));
        if trust != Some(Verdict::Allow) {
            return Err(AssumeError::NotTrusted { arn: arn() });
        }
        let is_chained = matches!(caller.principal, Principal::Role { .. });
        let longest = role.session_seconds_max.min(if is_chained { CHAINED_SECONDS_MAX } else { i64::MAX });
        if !(SECONDS_MIN..=longest).contains(&wish.seconds) {
            return Err(AssumeError::Duration { given: wish.seconds, max: longest });
        }
        if let Some(policy) = wish.policy {
            Policy::parse_for_session(policy).map_err(AssumeError::Policy)?;
        }
        let session_name = wish.session_name.to_owned();
        let principal = TokenPrincipal::Role { role_id: role.role_id.clone(), name: role.name.clone(), session_name };
        Ok(AssumedRole {
            key: self.seal_session(role.account, principal, wish.policy, wish.seconds, mfa),
            assumed_role_id: format!("{}:{}", role.role_id, wish.session_name),
            arn: format!("{}/{}", role_arn(role.account, &role.name), wish.session_name),
        })
    }

    /// Credentials for somebody who signed in.
    pub(crate) fn sign_in_session(&self, caller: &Caller, seconds: i64, mfa: bool) -> SessionKey {
        let principal = match &caller.principal {
            Principal::User { user_id, name } => TokenPrincipal::User { user_id: user_id.clone(), name: name.clone() },
            _ => TokenPrincipal::Root,
        };
        self.seal_session(caller.account, principal, None, seconds, mfa)
    }

    fn seal_session(
        &self,
        account: AccountId,
        principal: TokenPrincipal,
        policy: Option<&str>,
        seconds: i64,
        mfa: bool,
    ) -> SessionKey {
        let now = self.clock.now();
        let expires = Timestamp(now.0 + seconds * 1000);
        let token = Token {
            id: format!("STS.{}", self.random.text(25, ALPHANUMERIC)),
            secret: self.random.text(44, ALPHANUMERIC),
            account,
            principal,
            policy: policy.map(str::to_owned),
            created: now.0,
            expires: expires.0,
            mfa,
        };
        let plain = serde_json::to_vec(&token).expect("a token has text keys and no failing parts");
        SessionKey {
            security_token: Secret::new(STANDARD.encode(self.vault.seal_for(PURPOSE, &plain))),
            access_key_id: token.id,
            access_key_secret: Secret::new(token.secret),
            expires,
        }
    }

    /// Opens the token that came with a key.
    pub(crate) fn open_session(&self, access_key_id: &str, token: &str) -> Result<Opened, AuthError> {
        let sealed = STANDARD.decode(token).map_err(|_| AuthError::TokenMalformed)?;
        let plain = self.vault.open_for(PURPOSE, &sealed).map_err(|_| AuthError::TokenMalformed)?;
        let token: Token = serde_json::from_slice(&plain).map_err(|_| AuthError::TokenMalformed)?;
        if token.id == access_key_id { Ok(Opened(token)) } else { Err(AuthError::TokenOfAnotherKey) }
    }
}

impl Opened {
    pub(crate) fn secret(&self) -> &str {
        &self.0.secret
    }

    pub(crate) fn account(&self) -> AccountId {
        self.0.account
    }

    /// Who it is, if the session is not over.
    pub(crate) fn caller(self, directory: &Directory, now: Timestamp) -> Result<Caller, AuthError> {
        let token = self.0;
        let account = token.account;
        let over = |reason| AuthError::TokenExpired { reason, account };
        if now.0 >= token.expires {
            return Err(over("its time is over"));
        }
        let signed_in = |user: Option<String>| {
            let changed = directory.logins.get(&(account, user)).copied();
            // A changed password ends what began with the one before.
            changed.filter(|changed| changed.0 <= token.created).ok_or_else(|| over("the login profile changed"))
        };
        let principal = match token.principal {
            TokenPrincipal::Root => signed_in(None).map(|_| Principal::Root)?,
            TokenPrincipal::User { user_id, name } => {
                let user = directory.users.get(&(account, name.clone())).filter(|user| user.user_id == user_id);
                user.ok_or_else(|| over("the user was removed or has another name"))?;
                signed_in(Some(name.clone()))?;
                Principal::User { user_id, name }
            }
            TokenPrincipal::Role { role_id, name, session_name } => {
                let live = directory.roles.get(&(account, name.clone())).filter(|live| live.role.role_id == role_id);
                live.ok_or_else(|| over("the role was removed"))?;
                Principal::Role { role_id, name, session_name }
            }
        };
        let policy = token.policy.as_deref().map(Policy::parse_for_session).transpose();
        let policy = policy.map_err(|_| AuthError::TokenMalformed)?.map(Arc::new);
        let mut caller = directory.caller(account, principal, Some(token.id));
        caller.session = Some(Session { created: Timestamp(token.created), mfa: token.mfa, policy });
        Ok(caller)
    }
}
