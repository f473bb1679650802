//! What users, and accounts themselves, sign in with: passwords and their rules, aliases.

use catalog::LoginProfile;
use model::AccountId;

use super::{names, not_found, on_catalog};
use crate::passwords::PasswordPolicy;
use crate::{Identity, ManageError};

const NOUN: &str = "User.LoginProfile";
/// RAM's own limit on how many former passwords may be refused.
const EARLIER_MAX: usize = 24;

/// What to change of a login profile; what is `None` stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginChange<'a> {
    /// The password.
    pub password: Option<&'a str>,
    /// Whether it must be changed at the next sign-in.
    pub reset_required: Option<bool>,
    /// Whether signing in takes a second factor.
    pub mfa_required: Option<bool>,
}

impl Identity {
    /// Lets a user, or the account itself, sign in with a password.
    pub async fn create_login(
        &self,
        account: AccountId,
        user: Option<&str>,
        password: &str,
        wanted: LoginChange<'_>,
    ) -> Result<LoginProfile, ManageError> {
        if let Some(user) = user {
            self.get_user(account, user).await?;
        }
        self.password_policy(account).await?.check(password)?;
        let now = self.clock.now();
        let login = LoginProfile {
            account,
            user: user.map(str::to_owned),
            sealed_password: self.hash_password(password).await?,
            earlier: Vec::new(),
            reset_required: wanted.reset_required.unwrap_or_default(),
            mfa_required: wanted.mfa_required.unwrap_or_default(),
            created: now,
            changed: now,
        };
        let created = self.catalog.login_create(&login).await;
        created.map_err(|error| on_catalog(error, NOUN, user.unwrap_or("root")))?;
        self.refresh().await?;
        Ok(login)
    }

    /// The login profile of a user, or of the account itself.
    pub async fn get_login(&self, account: AccountId, user: Option<&str>) -> Result<LoginProfile, ManageError> {
        if let Some(user) = user {
            self.get_user(account, user).await?;
        }
        let login = self.catalog.login_find(account, user).await.map_err(ManageError::Catalog)?;
        login.ok_or_else(|| not_found(NOUN, user.unwrap_or("root")))
    }

    /// Changes a login profile. A new password ends the sessions that began with the one before.
    pub async fn update_login(
        &self,
        account: AccountId,
        user: Option<&str>,
        wanted: LoginChange<'_>,
    ) -> Result<LoginProfile, ManageError> {
        let before = self.get_login(account, user).await?;
        let mut login = before.clone();
        login.reset_required = wanted.reset_required.unwrap_or(login.reset_required);
        login.mfa_required = wanted.mfa_required.unwrap_or(login.mfa_required);
        if let Some(password) = wanted.password {
            let policy = self.password_policy(account).await?;
            policy.check(password)?;
            self.check_reuse(&before, &policy, password).await?;
            login.sealed_password = self.hash_password(password).await?;
            login.earlier.insert(0, before.sealed_password.clone());
            login.earlier.truncate(EARLIER_MAX);
            login.changed = self.clock.now();
        }
        let updated = self.catalog.login_update(&before.sealed_password, &login).await;
        updated.map_err(|error| on_catalog(error, NOUN, user.unwrap_or("root")))?;
        self.refresh().await?;
        Ok(login)
    }

    async fn check_reuse(
        &self,
        login: &LoginProfile,
        policy: &PasswordPolicy,
        password: &str,
    ) -> Result<(), ManageError> {
        let former = usize::try_from(policy.reuse_prevention).unwrap_or_default();
        let sealed = std::iter::once(&login.sealed_password).chain(&login.earlier).take(former);
        let sealed: Vec<&[u8]> = sealed.map(Vec::as_slice).collect();
        if !sealed.is_empty() && self.is_password(&sealed, password).await? {
            return Err(ManageError::WeakPassword { rule: format!("none of the last {former} passwords.") });
        }
        Ok(())
    }

    /// Exchanges a password by who knows the present one.
    pub async fn change_password(
        &self,
        account: AccountId,
        user: Option<&str>,
        present: &str,
        new: &str,
    ) -> Result<(), ManageError> {
        let login = self.get_login(account, user).await?;
        if !self.is_password(&[&login.sealed_password], present).await? {
            return Err(ManageError::WrongPassword);
        }
        let wanted = LoginChange { password: Some(new), reset_required: Some(false), mfa_required: None };
        self.update_login(account, user, wanted).await.map(|_| ())
    }

    /// Takes the password away; sessions that began with it end.
    pub async fn delete_login(&self, account: AccountId, user: Option<&str>) -> Result<(), ManageError> {
        if let Some(user) = user {
            self.get_user(account, user).await?;
        }
        let deleted = self.catalog.login_delete(account, user).await;
        deleted.map_err(|error| on_catalog(error, NOUN, user.unwrap_or("root")))?;
        self.refresh().await
    }

    /// The account's rules for passwords.
    pub async fn password_policy(&self, account: AccountId) -> Result<PasswordPolicy, ManageError> {
        let stored = self.catalog.password_policy_get(account).await.map_err(ManageError::Catalog)?;
        let Some(stored) = stored else { return Ok(PasswordPolicy::default()) };
        serde_json::from_str(&stored).map_err(|_| {
            ManageError::Catalog(catalog::CatalogError::Corrupt { what: "password policy", value: stored })
        })
    }

    /// Sets the account's rules for passwords; they count for the next ones.
    pub async fn set_password_policy(&self, account: AccountId, policy: &PasswordPolicy) -> Result<(), ManageError> {
        let stored = serde_json::to_string(policy).expect("numbers and flags");
        self.catalog.password_policy_put(account, &stored).await.map_err(ManageError::Catalog)
    }

    /// The name the account may be called by when signing in.
    pub async fn account_alias(&self, account: AccountId) -> Result<Option<String>, ManageError> {
        self.catalog.alias_get(account).await.map_err(ManageError::Catalog)
    }

    /// Gives the account a name no other has, or takes it away.
    pub async fn set_account_alias(&self, account: AccountId, alias: Option<&str>) -> Result<(), ManageError> {
        match alias {
            Some(alias) => {
                names::check_alias(alias)?;
                let put = self.catalog.alias_put(account, alias).await;
                put.map_err(|error| on_catalog(error, "AccountAlias", alias))
            }
            None => self.catalog.alias_remove(account).await.map_err(ManageError::Catalog),
        }
    }
}
