//! From a request's credentials to a caller.

use model::limits::REQUEST_TIME_WINDOW;
use model::{AccountId, Timestamp};
use sha2::{Digest, Sha256};

use crate::encoding::equal_in_constant_time;
use crate::nonces::Use;
use crate::signature::{Claim, acs3, legacy};
use crate::{AuthError, Caller, Identity, LogServiceAuthError, Principal};

/// A request as it was received. It has no `Debug`: its headers and parameters may hold secrets.
#[derive(Clone, Copy)]
pub struct SignedRequest<'r> {
    /// `GET`, `POST`, …
    pub method: &'r str,
    /// The path, encoded as on the wire.
    pub path: &'r str,
    /// The query without `?`, encoded as on the wire.
    pub query: &'r str,
    /// Names in lower case.
    pub headers: &'r [(String, String)],
    /// The body as sent, before any decompression.
    pub body: &'r [u8],
}

impl SignedRequest<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }
}

impl Identity {
    /// Who signed this request. Its nonce is used up when this succeeds.
    pub fn authenticate(&self, request: &SignedRequest<'_>) -> Result<Caller, AuthError> {
        let result = self.check_signature(request);
        self.metrics.authenticated(result.as_ref().err().map(AuthError::code));
        result
    }

    fn check_signature(&self, request: &SignedRequest<'_>) -> Result<Caller, AuthError> {
        let claim = match request.header("authorization") {
            Some(authorization) => acs3::read(authorization, request)?,
            None => legacy::read(request).ok_or(AuthError::Unsigned)??,
        };
        let now = self.clock.now();
        let distance = now.since(claim.timestamp).max(claim.timestamp.since(now));
        if distance > REQUEST_TIME_WINDOW {
            return Err(AuthError::Expired { given: claim.timestamp, now });
        }
        let caller = match &claim.security_token {
            Some(token) => self.check_session(&claim, token, now)?,
            None => self.check_key(&claim)?,
        };
        let account = caller.account;
        match self.nonces.note(&claim.access_key_id, &claim.nonce, claim.timestamp, now) {
            Use::First => Ok(caller),
            Use::Again => Err(AuthError::NonceUsed { account }),
            Use::NoRoom => Err(AuthError::TooManyNonces { account }),
        }
    }

    fn check_key(&self, claim: &Claim) -> Result<Caller, AuthError> {
        if claim.access_key_id.starts_with("STS.") {
            return Err(AuthError::TokenMissing);
        }
        let directory = self.directory();
        let Some(key) = directory.keys.get(&claim.access_key_id) else {
            return Err(AuthError::UnknownKey { key: claim.access_key_id.chars().take(64).collect() });
        };
        let account = key.caller.account;
        check_signature_of(claim, key.secret.expose(), account)?;
        if !key.active {
            return Err(AuthError::DisabledKey { key: claim.access_key_id.clone(), account });
        }
        Ok(key.caller.clone())
    }

    fn check_session(&self, claim: &Claim, token: &str, now: Timestamp) -> Result<Caller, AuthError> {
        let session = self.open_session(&claim.access_key_id, token)?;
        check_signature_of(claim, session.secret(), session.account())?;
        session.caller(&self.directory(), now)
    }

    /// Who signed this request to Log Service. `paths` are those the client may have signed: as sent, and what follows
    /// a prefix.
    ///
    /// These signatures have no nonce, and clients send the same one again after a lost answer: within the window a
    /// request can be repeated. See decision 19.
    pub fn authenticate_log_service(
        &self,
        request: &SignedRequest<'_>,
        paths: &[&str],
    ) -> Result<Caller, LogServiceAuthError> {
        let result = self.check_log_service(request, paths);
        self.metrics.authenticated(result.as_ref().err().map(LogServiceAuthError::code));
        result
    }

    fn check_log_service(&self, request: &SignedRequest<'_>, paths: &[&str]) -> Result<Caller, LogServiceAuthError> {
        let SignedRequest { method, query, headers, body, .. } = *request;
        let claim = sls::signature::read(&sls::Signed { method, paths, query, headers, body })?;
        let now = self.clock.now();
        let distance = now.since(claim.time).max(claim.time.since(now));
        if distance > REQUEST_TIME_WINDOW {
            return Err(AuthError::Expired { given: claim.time, now }.into());
        }
        let id = &claim.access_key_id;
        let check = |secret: &str| {
            if claim.is_signed_with(secret) { Ok(()) } else { Err(LogServiceAuthError::Mismatch) }
        };
        if let Some(token) = &claim.security_token {
            let session = self.open_session(id, token)?;
            check(session.secret())?;
            return Ok(session.caller(&self.directory(), now)?);
        }
        if id.starts_with("STS.") {
            return Err(AuthError::TokenMissing.into());
        }
        let directory = self.directory();
        let Some(key) = directory.keys.get(id) else {
            return Err(AuthError::UnknownKey { key: id.chars().take(64).collect() }.into());
        };
        check(key.secret.expose())?;
        if !key.active {
            return Err(AuthError::DisabledKey { key: id.clone(), account: key.caller.account }.into());
        }
        Ok(key.caller.clone())
    }

    /// Whose ingest token this is.
    pub fn authenticate_token(&self, token: &str) -> Result<Caller, AuthError> {
        let sha256: [u8; 32] = Sha256::digest(token).into();
        let found = self.directory().tokens.get(&sha256).cloned().ok_or(AuthError::UnknownToken);
        debug_assert!(!matches!(&found, Ok(Caller { principal: Principal::Root, .. })), "a token is never the account");
        self.metrics.authenticated(found.as_ref().err().map(AuthError::code));
        found
    }
}

fn check_signature_of(claim: &Claim, secret: &str, account: AccountId) -> Result<(), AuthError> {
    if equal_in_constant_time(&claim.expected(secret), &claim.signature) {
        return Ok(());
    }
    Err(AuthError::Mismatch { string_to_sign: claim.string_to_sign.clone(), account })
}
