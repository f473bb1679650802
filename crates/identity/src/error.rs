//! Why a caller was not recognised, and why identities could not be changed.

use catalog::CatalogError;
use model::limits::REQUEST_TIME_WINDOW;
use model::{AccountId, ErrorKind, Timestamp};

/// Credentials that were not accepted. The text is for the caller; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Neither a signature nor a token.
    #[error("The request is not signed. Sign it with an access key (ACS3-HMAC-SHA256 or HMAC-SHA1).")]
    Unsigned,
    /// A part of the signature is missing or cannot be read.
    #[error("The request signature does not conform to Alibaba Cloud standards: {reason}")]
    Incomplete {
        /// What is wrong.
        reason: String,
    },
    /// A parameter the signature needs is missing.
    #[error("The parameter {name} is mandatory for a signed request.")]
    MissingParameter {
        /// Which.
        name: &'static str,
    },
    /// An algorithm we do not speak.
    #[error("The signature method {method} is not supported. Use ACS3-HMAC-SHA256 or HMAC-SHA1.")]
    Unsupported {
        /// What was asked for.
        method: String,
    },
    /// The time is not a time.
    #[error("The timestamp {value} cannot be read. Use YYYY-MM-DDThh:mm:ssZ (UTC).")]
    IllegalTimestamp {
        /// What was given, cut.
        value: String,
    },
    /// The time lies outside the window.
    #[error("The timestamp {given} is more than {} minutes from the server's time {now}. Check the client's clock.", REQUEST_TIME_WINDOW.as_secs() / 60)]
    Expired {
        /// What was given.
        given: Timestamp,
        /// Our time.
        now: Timestamp,
    },
    /// There is no such key.
    #[error("The access key {key} is not found. Check its id, and that this is the node it was made on.")]
    UnknownKey {
        /// Its id, cut.
        key: String,
    },
    /// The key may not be used.
    #[error("The access key {key} is disabled. Enable it with UpdateAccessKey, or use another one.")]
    DisabledKey {
        /// Its id.
        key: String,
        /// Whose.
        account: AccountId,
    },
    /// The signature is another one.
    #[error("Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}")]
    Mismatch {
        /// What should have been signed; clients compare it with theirs.
        string_to_sign: String,
        /// Whose key was named.
        account: AccountId,
    },
    /// The nonce was used before.
    #[error("The signature nonce was used already. Use a new one for each request.")]
    NonceUsed {
        /// Whose.
        account: AccountId,
    },
    /// More requests within the window than nonces can be remembered.
    #[error("Too many signed requests within {} minutes. Retry later, and put more events into each request.", REQUEST_TIME_WINDOW.as_secs() / 60)]
    TooManyNonces {
        /// Whose.
        account: AccountId,
    },
    /// A temporary key without its security token.
    #[error("The access key is temporary: send its security token with it.")]
    TokenMissing,
    /// Not a security token of this node.
    #[error("The security token is not valid. Check that it is complete and of this node.")]
    TokenMalformed,
    /// The token belongs to another key.
    #[error("The security token does not belong to the access key.")]
    TokenOfAnotherKey,
    /// The session is over.
    #[error("The security token is not valid any more: {reason}. Begin a new session.")]
    TokenExpired {
        /// Why.
        reason: &'static str,
        /// Whose it was.
        account: AccountId,
    },
    /// No such ingest token.
    #[error("The ingest token is not valid. Create one with `cairn token create`.")]
    UnknownToken,
}

impl AuthError {
    /// The wire's code.
    pub fn code(&self) -> &'static str {
        match self {
            AuthError::Unsigned | AuthError::Incomplete { .. } => "IncompleteSignature",
            AuthError::MissingParameter { .. } => "MissingParameter",
            AuthError::Unsupported { .. } => "UnsupportedSignatureMethod",
            AuthError::IllegalTimestamp { .. } => "IllegalTimestamp",
            AuthError::Expired { .. } => "InvalidTimeStamp.Expired",
            AuthError::UnknownKey { .. } => "InvalidAccessKeyId.NotFound",
            AuthError::DisabledKey { .. } => "InvalidAccessKeyId.Inactive",
            AuthError::Mismatch { .. } => "SignatureDoesNotMatch",
            AuthError::NonceUsed { .. } => "SignatureNonceUsed",
            AuthError::TooManyNonces { .. } => "Throttling",
            AuthError::TokenMissing => "MissingSecurityToken",
            AuthError::TokenMalformed => "InvalidSecurityToken.Malformed",
            AuthError::TokenOfAnotherKey => "InvalidSecurityToken.MismatchWithAccessKey",
            AuthError::TokenExpired { .. } => "InvalidSecurityToken.Expired",
            AuthError::UnknownToken => "InvalidIngestToken",
        }
    }

    /// The HTTP status.
    pub fn http_status(&self) -> u16 {
        match self {
            AuthError::UnknownKey { .. } => 404,
            AuthError::UnknownToken => 401,
            AuthError::TooManyNonces { .. } => 429,
            _ => 400,
        }
    }

    /// The account whose credentials were named, when that is known.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            AuthError::DisabledKey { account, .. }
            | AuthError::Mismatch { account, .. }
            | AuthError::NonceUsed { account }
            | AuthError::TokenExpired { account, .. }
            | AuthError::TooManyNonces { account } => Some(*account),
            _ => None,
        }
    }
}

/// Credentials of a request to Log Service that were not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogServiceAuthError {
    /// The signature cannot be read, or does not cover the request.
    #[error(transparent)]
    Signature(#[from] sls::SignatureFault),
    /// The signature is another one. What should have been signed is not told: Log Service's clients do not show it.
    #[error("signature is not matched with our calculation; check the secret and that nothing changed the request.")]
    Mismatch,
    /// The key or the session may not be used, or the clocks differ.
    #[error(transparent)]
    Credentials(#[from] AuthError),
}

impl LogServiceAuthError {
    /// The code, for counting.
    pub fn code(&self) -> &'static str {
        match self {
            LogServiceAuthError::Signature(_) => "IncompleteSignature",
            LogServiceAuthError::Mismatch => "SignatureDoesNotMatch",
            LogServiceAuthError::Credentials(error) => error.code(),
        }
    }

    /// The failure as Log Service's clients know it.
    pub fn fault(&self) -> sls::Fault {
        use sls::fault;
        let error = match self {
            LogServiceAuthError::Signature(fault) => return fault.fault(),
            LogServiceAuthError::Mismatch => return fault::SIGNATURE_NOT_MATCH.because(self.to_string()),
            LogServiceAuthError::Credentials(error) => error,
        };
        let code = match error {
            AuthError::Expired { .. } => fault::REQUEST_TIME_TOO_SKEWED,
            AuthError::UnknownKey { .. } | AuthError::DisabledKey { .. } => fault::INVALID_ACCESS_KEY_ID,
            AuthError::TokenExpired { .. } => fault::SECURITY_TOKEN_EXPIRED,
            AuthError::TokenMalformed | AuthError::TokenOfAnotherKey | AuthError::TokenMissing => {
                fault::SECURITY_TOKEN_INVALID
            }
            _ => fault::NOT_SIGNED,
        };
        code.because(error.to_string())
    }
}

/// Users, keys, policies or accounts could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// There is no such thing.
    #[error("The {noun} {name} does not exist.")]
    NotFound {
        /// What it is called in RAM's codes.
        noun: &'static str,
        /// Which.
        name: String,
    },
    /// It is there already.
    #[error("The {noun} {name} exists already.")]
    AlreadyExists {
        /// What it is called in RAM's codes.
        noun: &'static str,
        /// Which.
        name: String,
    },
    /// There are as many as may be.
    #[error("There are {limit} access keys already, which is the limit. Delete one first.")]
    TooManyKeys {
        /// How many.
        limit: usize,
    },
    /// There are as many versions of the policy as may be.
    #[error("There are {limit} versions of the policy already, which is the limit. Delete one first.")]
    TooManyVersions {
        /// How many.
        limit: usize,
    },
    /// It belongs to a service, which looks after it.
    #[error("{what} belongs to a service and cannot be changed or given away.")]
    OfAService {
        /// What was to be changed.
        what: String,
    },
    /// A password breaks the account's rules.
    #[error("The password does not keep the account's rules: {rule}")]
    WeakPassword {
        /// What is asked for.
        rule: String,
    },
    /// The codes of a second factor are not its own.
    #[error("The authentication codes are not two that follow each other on this device. Check the device's clock.")]
    WrongCode,
    /// The password that should be replaced is another one.
    #[error("The old password is not the present one.")]
    WrongPassword,
    /// Too many wrong ones.
    #[error("Too many attempts. Try again later.")]
    TooManyAttempts {
        /// When the next one may succeed.
        retry_after: std::time::Duration,
    },
    /// Something depends on it.
    #[error("{what} is still in use by {by}. Remove that first.")]
    InUse {
        /// RAM's code.
        code: &'static str,
        /// What was to be deleted.
        what: String,
        /// What depends on it.
        by: String,
    },
    /// A parameter is not what it should be.
    #[error("The parameter {parameter} is not valid: {reason}")]
    InvalidParameter {
        /// Which.
        parameter: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A policy document is not one.
    #[error("The policy document is not valid: {0}")]
    MalformedPolicy(#[source] crate::policy::PolicyError),
    /// A password could not be hashed, or a hash not be read.
    #[error("the password could not be hashed")]
    Hashing,
    /// The catalog failed.
    #[error("the identities could not be read or changed")]
    Catalog(#[source] CatalogError),
    /// The secrets cannot be read.
    #[error("the secrets could not be opened")]
    Vault(#[source] crate::VaultError),
}

impl ManageError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ManageError::NotFound { .. } => ErrorKind::NotFound,
            ManageError::AlreadyExists { .. }
            | ManageError::TooManyKeys { .. }
            | ManageError::TooManyVersions { .. }
            | ManageError::InUse { .. } => ErrorKind::Conflict,
            ManageError::OfAService { .. } | ManageError::WrongPassword => ErrorKind::Denied,
            ManageError::InvalidParameter { .. }
            | ManageError::WeakPassword { .. }
            | ManageError::WrongCode
            | ManageError::MalformedPolicy(_) => ErrorKind::Invalid,
            ManageError::TooManyAttempts { .. } => ErrorKind::Throttled,
            ManageError::Hashing => ErrorKind::Bug,
            ManageError::Catalog(error) => error.kind(),
            ManageError::Vault(error) => error.kind(),
        }
    }

    /// RAM's code.
    pub fn code(&self) -> String {
        match self {
            ManageError::NotFound { noun, .. } => format!("EntityNotExist.{noun}"),
            ManageError::AlreadyExists { noun, .. } => format!("EntityAlreadyExists.{noun}"),
            ManageError::TooManyKeys { .. } => "LimitExceeded.User.AccessKey".to_owned(),
            ManageError::TooManyVersions { .. } => "LimitExceeded.Policy.Version".to_owned(),
            ManageError::OfAService { .. } => "InvalidOperation.ServiceLinkedRole".to_owned(),
            ManageError::WeakPassword { .. } => "InvalidPassword".to_owned(),
            ManageError::WrongCode => "InvalidAuthenticationCode".to_owned(),
            ManageError::WrongPassword => "InvalidPassword.OldPassword".to_owned(),
            ManageError::TooManyAttempts { .. } => "Throttling".to_owned(),
            ManageError::InUse { code, .. } => (*code).to_owned(),
            ManageError::InvalidParameter { parameter, .. } => format!("InvalidParameter.{parameter}.Format"),
            ManageError::MalformedPolicy(_) => "MalformedPolicyDocument".to_owned(),
            ManageError::Catalog(_) => "ServiceUnavailable".to_owned(),
            ManageError::Vault(_) | ManageError::Hashing => "InternalError".to_owned(),
        }
    }

    /// The HTTP status.
    pub fn http_status(&self) -> u16 {
        match self {
            ManageError::NotFound { .. } => 404,
            ManageError::AlreadyExists { .. }
            | ManageError::TooManyKeys { .. }
            | ManageError::TooManyVersions { .. }
            | ManageError::InUse { .. } => 409,
            ManageError::OfAService { .. } | ManageError::WrongPassword => 403,
            ManageError::TooManyAttempts { .. } => 429,
            ManageError::InvalidParameter { .. }
            | ManageError::WeakPassword { .. }
            | ManageError::WrongCode
            | ManageError::MalformedPolicy(_) => 400,
            ManageError::Catalog(_) => 503,
            ManageError::Vault(_) | ManageError::Hashing => 500,
        }
    }
}
