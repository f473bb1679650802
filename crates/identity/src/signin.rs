//! Signing in with a password: who it is, the second factor, and how often somebody may try.
//!
//! Every attempt is counted before its password is looked at, by name and by address, so that guesses sent at once are
//! counted too. Whether account, user or password was wrong is not told, nor by the time the answer takes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use catalog::{LoginProfile, MfaDevice};
use model::{AccountId, ErrorKind, Timestamp};
use parking_lot::Mutex;

use crate::manage::LoginChange;
use crate::{Caller, Identity, ManageError, Principal, SessionKey};

/// Attempts are forgotten after this long.
const WINDOW: Duration = Duration::from_secs(3600);
/// Attempts from one address, which may be the one of a whole office.
const PER_ADDRESS_MAX: i64 = 100;
/// Names and addresses remembered; when there are more, sign-ins are refused and none is forgotten.
const REMEMBERED_MAX: usize = 100_000;
/// How long a session lasts, as RAM's console.
const SESSION_SECONDS: i64 = 6 * 3600;
const DAY_MILLISECONDS: i64 = 24 * 3600 * 1000;

/// An attempt to sign in. It has no `Debug`: it holds a password.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The account's id or alias.
    pub account: &'a str,
    /// The user's name; `None` for the account itself.
    pub user: Option<&'a str>,
    /// The password.
    pub password: &'a str,
    /// The code of the second factor.
    pub code: Option<&'a str>,
    /// A password to take the present one's place.
    pub new_password: Option<&'a str>,
    /// Where it comes from.
    pub source: Option<IpAddr>,
}

/// Whose attempt it was.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// The account it was for, if there is one of this name.
    pub account: Option<AccountId>,
    /// Who it was or pretended to be, if there is such a user.
    pub principal: Option<Principal>,
    /// Whether a second factor was shown.
    pub mfa: bool,
}

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// One of the three is wrong.
    #[error("Account, user or password is wrong.")]
    Refused,
    /// The password was right; the code is missing.
    #[error("A second factor is bound to the user: give the code it shows.")]
    CodeNeeded,
    /// The password was right; the code is not.
    #[error("The code is not the one the second factor shows now, or was used before.")]
    WrongCode,
    /// The password was right; a second factor must be bound first.
    #[error("Signing in takes a second factor, and none is bound to the user.")]
    FactorNeeded,
    /// The password was right and must be changed.
    #[error("The password must be changed: give a new one.")]
    ResetNeeded,
    /// The password was right once.
    #[error("The password has expired. Whoever manages the users must set a new one.")]
    Expired,
    /// Too many attempts.
    #[error("Too many attempts. Try again later.")]
    Throttled {
        /// When the next one may succeed.
        retry_after: Duration,
        /// Whether this is the first that is refused for it. The others say nothing new: recorded, they would let
        /// anybody fill the account with events.
        is_first: bool,
    },
    /// The new password breaks the rules, or the node failed.
    #[error(transparent)]
    Manage(#[from] ManageError),
}

impl SignInError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SignInError::Throttled { .. } => ErrorKind::Throttled,
            SignInError::Manage(error) => error.kind(),
            _ => ErrorKind::Denied,
        }
    }
}

/// Attempts of the last hour by name and by address.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<String, (u32, Timestamp)>>);

/// There were as many attempts as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany {
    pub(crate) retry_after: Duration,
    is_first: bool,
}

impl Attempts {
    /// Counts an attempt, unless there were as many as may be; 0 is no limit.
    pub(crate) fn count(&self, key: &str, most: i64, now: Timestamp) -> Result<(), TooMany> {
        let most = u32::try_from(most).ok().filter(|most| *most > 0).unwrap_or(u32::MAX);
        let mut table = self.0.lock();
        if table.len() >= REMEMBERED_MAX && !table.contains_key(key) {
            table.retain(|_, (_, first)| now.since(*first) < WINDOW);
            if table.len() >= REMEMBERED_MAX {
                return Err(TooMany { retry_after: WINDOW, is_first: false });
            }
        }
        let entry = table.entry(key.to_owned()).or_insert((0, now));
        if now.since(entry.1) >= WINDOW {
            *entry = (0, now);
        }
        if entry.0 >= most {
            let is_first = entry.0 == most;
            entry.0 = most.saturating_add(1);
            return Err(TooMany { retry_after: WINDOW.saturating_sub(now.since(entry.1)), is_first });
        }
        entry.0 += 1;
        Ok(())
    }

    /// Takes one attempt back: it was a good one.
    fn take_back(&self, key: &str) {
        if let Some(entry) = self.0.lock().get_mut(key) {
            entry.0 = entry.0.saturating_sub(1);
        }
    }

    pub(crate) fn forget(&self, key: &str) {
        self.0.lock().remove(key);
    }
}

impl Identity {
    /// Signs somebody in: whose attempt it was, and the session or why there is none.
    pub async fn sign_in(&self, wish: &SignIn<'_>) -> (Attempt, Result<SessionKey, SignInError>) {
        let mut attempt = Attempt::default();
        let outcome = self.try_sign_in(wish, &mut attempt).await;
        let refused = outcome.as_ref().err().map(|error| match error {
            SignInError::Throttled { .. } => "sign-in throttled",
            _ => "sign-in refused",
        });
        self.metrics.authenticated(refused);
        (attempt, outcome)
    }

    async fn try_sign_in(&self, wish: &SignIn<'_>, attempt: &mut Attempt) -> Result<SessionKey, SignInError> {
        let account = self.account_called(wish.account).await?;
        attempt.account = account;
        attempt.principal = account.and_then(|account| self.principal_called(account, wish.user));
        let name = self.count_attempt(wish, account).await?;
        let known = account.filter(|_| attempt.principal.is_some());
        let login = match known {
            Some(account) => self.catalog.login_find(account, wish.user).await.map_err(ManageError::Catalog)?,
            None => None,
        };
        let sealed: Vec<&[u8]> = login.iter().map(|login| login.sealed_password.as_slice()).collect();
        if !self.is_password(&sealed, wish.password).await? {
            return Err(SignInError::Refused);
        }
        let (Some(login), Some(principal)) = (login, attempt.principal.clone()) else {
            return Err(SignInError::Refused);
        };
        attempt.mfa = self.check_factor(wish, &login).await?;
        self.renew(wish, &login).await?;
        self.attempts.forget(&name);
        if let Some(source) = wish.source {
            self.attempts.take_back(&network(source));
        }
        let caller = self.directory().caller(login.account, principal, None);
        Ok(self.sign_in_session(&caller, SESSION_SECONDS, attempt.mfa))
    }

    /// Counts the attempt, and returns the name it was counted under.
    async fn count_attempt(&self, wish: &SignIn<'_>, account: Option<AccountId>) -> Result<String, SignInError> {
        let throttled = |TooMany { retry_after, is_first }| SignInError::Throttled { retry_after, is_first };
        let now = self.clock.now();
        if let Some(source) = wish.source {
            self.attempts.count(&network(source), PER_ADDRESS_MAX, now).map_err(throttled)?;
        }
        let (called, most) = match account {
            Some(account) => (account.as_str().to_owned(), self.password_policy(account).await?.login_attempts_max),
            // The same for accounts that are not there: what they are called by is all that is known.
            None => (wish.account.chars().take(64).collect(), crate::PasswordPolicy::default().login_attempts_max),
        };
        let user: String = wish.user.unwrap_or_default().chars().take(64).collect();
        let name = format!("{called} {user}");
        self.attempts.count(&name, most, now).map_err(throttled)?;
        Ok(name)
    }

    pub(crate) async fn account_called(&self, called: &str) -> Result<Option<AccountId>, ManageError> {
        if let Ok(account) = called.parse::<AccountId>() {
            return Ok(Some(account).filter(|account| self.account_exists(*account)));
        }
        self.catalog.alias_find(called).await.map_err(ManageError::Catalog)
    }

    fn principal_called(&self, account: AccountId, user: Option<&str>) -> Option<Principal> {
        let Some(name) = user else { return Some(Principal::Root) };
        let directory = self.directory();
        let user = directory.users.get(&(account, name.to_owned()))?;
        Some(Principal::User { user_id: user.user_id.clone(), name: user.name.clone() })
    }

    /// Whether a second factor was shown; that one is bound and was not shown is an error.
    async fn check_factor(&self, wish: &SignIn<'_>, login: &LoginProfile) -> Result<bool, SignInError> {
        let device: Option<MfaDevice> = match wish.user {
            Some(user) => self.catalog.mfa_of_user(login.account, user).await.map_err(ManageError::Catalog)?,
            None => None,
        };
        match (device, wish.code) {
            (None, _) if login.mfa_required => Err(SignInError::FactorNeeded),
            (None, _) => Ok(false),
            (Some(_), None) => Err(SignInError::CodeNeeded),
            (Some(device), Some(code)) if self.use_mfa_code(&device, code).await? => Ok(true),
            (Some(_), Some(_)) => Err(SignInError::WrongCode),
        }
    }

    /// Exchanges the password if it must be, or if a new one is given.
    async fn renew(&self, wish: &SignIn<'_>, login: &LoginProfile) -> Result<(), SignInError> {
        let policy = self.password_policy(login.account).await?;
        let age = self.clock.now().0 - login.changed.0;
        let is_expired = policy.age_days_max > 0 && age > policy.age_days_max * DAY_MILLISECONDS;
        if is_expired && policy.hard_expiry {
            return Err(SignInError::Expired);
        }
        match wish.new_password {
            Some(new) => {
                let wanted = LoginChange { password: Some(new), reset_required: Some(false), mfa_required: None };
                self.update_login(login.account, wish.user, wanted).await?;
                Ok(())
            }
            None if is_expired || login.reset_required => Err(SignInError::ResetNeeded),
            None => Ok(()),
        }
    }

    /// Who a session of a sign-in is of; for its event.
    pub fn signed_in(&self, account: AccountId, principal: Principal) -> Caller {
        self.directory().caller(account, principal, None)
    }
}

/// What one machine can call itself: an IPv4 address, or the /64 an IPv6 address lies in.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("address {address}"),
        IpAddr::V6(address) => format!("address {}/64", std::net::Ipv6Addr::from(u128::from(address) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(1_768_465_800_000 + seconds * 1000)
    }

    #[test]
    fn attempts_are_counted_for_an_hour() {
        let attempts = Attempts::default();
        for second in 0..3 {
            attempts.count("alice", 3, at(second)).expect("among the first three");
        }
        let too_many = |is_first| TooMany { retry_after: Duration::from_secs(3000), is_first };
        assert_eq!(attempts.count("alice", 3, at(600)), Err(too_many(true)));
        assert_eq!(attempts.count("alice", 3, at(600)), Err(too_many(false)));
        attempts.count("bob", 3, at(600)).expect("another name");
        attempts.count("alice", 0, at(600)).expect("no limit");
        attempts.count("alice", 3, at(3600)).expect("an hour later");
        attempts.forget("bob");
        for second in 0..3 {
            attempts.count("bob", 3, at(700 + second)).expect("forgotten");
        }
        attempts.take_back("bob");
        attempts.count("bob", 3, at(703)).expect("one was taken back");
        assert!(attempts.count("bob", 3, at(703)).is_err());
    }

    #[test]
    fn a_machine_has_one_network() {
        let network = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(network("192.0.2.7"), "address 192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "address 192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "address 2001:db8:1:2::/64");
    }
}
