//! Callers of connections: who signs in once and then asks many things.
//!
//! A connection keeps its [`Standing`], not its caller: what it may is looked up at each statement, so that a disabled
//! key or a changed password ends it. Secrets do not leave this crate; the exchange of SCRAM-SHA-256 (RFC 7677) gets what
//! it derives from them.

use std::num::NonZeroU32;

use model::AccountId;
use ring::pbkdf2;
use sha2::{Digest, Sha256};

use crate::{AuthError, Caller, Context, Decision, Identity, ManageError, SessionKey};

/// Iterations of SCRAM-SHA-256: what RFC 7677 asks for at least. Access key secrets are 30 random characters, which no
/// number of iterations needs to protect.
pub const SCRAM_ITERATIONS: u32 = 4096;
const SALT_BYTES: usize = 16;

/// Credentials that were shown once and stand for a caller as long as they are good.
#[derive(Clone)]
pub enum Standing {
    /// An access key.
    Key {
        /// Its id.
        access_key_id: String,
    },
    /// A session that began with a password.
    Session(SessionKey),
}

/// What the server's side of SCRAM-SHA-256 needs to know. It has no `Debug`: it would do instead of the secret.
pub struct ScramSecret {
    /// The same for each exchange of one user.
    pub salt: Vec<u8>,
    /// RFC 5802's SaltedPassword.
    pub salted_password: Vec<u8>,
}

impl Identity {
    /// What an exchange with this access key needs. For keys that are not there it is one that nobody can answer, so
    /// that the exchange does not tell which ones are.
    pub fn scram(&self, access_key_id: &str) -> ScramSecret {
        let salt = Sha256::digest(format!("cairn scram salt {access_key_id}"))[..SALT_BYTES].to_vec();
        let directory = self.directory();
        let known = directory.keys.get(access_key_id).filter(|key| key.active);
        let mut nobodys = [0; 32];
        self.random.fill(&mut nobodys);
        let secret = known.map_or(nobodys.as_slice(), |key| key.secret.expose().as_bytes());
        let iterations = NonZeroU32::new(SCRAM_ITERATIONS).expect("it is not zero");
        let mut salted_password = vec![0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, secret, &mut salted_password);
        ScramSecret { salt, salted_password }
    }

    /// Who somebody is now.
    pub fn caller_now(&self, standing: &Standing) -> Result<Caller, AuthError> {
        match standing {
            Standing::Key { access_key_id } => {
                let directory = self.directory();
                let unknown = || AuthError::UnknownKey { key: access_key_id.chars().take(64).collect() };
                let key = directory.keys.get(access_key_id).ok_or_else(unknown)?;
                let account = key.caller.account;
                match key.active {
                    true => Ok(key.caller.clone()),
                    false => Err(AuthError::DisabledKey { key: access_key_id.clone(), account }),
                }
            }
            Standing::Session(session) => {
                let opened = self.open_session(&session.access_key_id, session.security_token.expose())?;
                opened.caller(&self.directory(), self.clock.now())
            }
        }
    }

    /// Whether a caller may read a table in SQL: `events` as LookupEvents does, a Logstore (`<project>`, `<logstore>`) as
    /// GetLogs does, a table of the schema `warehouse` with a permission of its own.
    pub fn may_read_table(&self, caller: &Caller, schema: &str, table: &str, context: &Context) -> bool {
        let account = caller.account.as_str();
        let (permission, arn) = match (schema, table) {
            ("public", "events") => ("actiontrail:LookupEvents", format!("acs:actiontrail:*:{account}:*")),
            ("warehouse", table) => ("cairn:QueryWarehouse", format!("acs:cairn:*:{account}:warehouse/{table}")),
            (project, logstore) => {
                ("log:GetLogStoreLogs", format!("acs:log:*:{account}:project/{project}/logstore/{logstore}"))
            }
        };
        self.decide(caller, permission, &arn, context) == Decision::Allow
    }

    /// Counts a login of a connection: `None` for a good one, or why not.
    pub fn connection_authenticated(&self, refused: Option<&'static str>) {
        self.metrics.authenticated(refused);
    }

    /// The account of this id or alias.
    pub async fn account_named(&self, called: &str) -> Result<Option<AccountId>, ManageError> {
        self.account_called(called).await
    }
}
