//! Everything that decides who a caller is and what it may do, read at once.

use crate::{
    AccessKey, Account, Attachment, Catalog, CatalogError, GroupMember, IngestToken, LoginProfile, Policy, Role, User,
};
use crate::{accounts, groups, keys, logins, policies, roles, tokens, users};

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Every account.
    pub accounts: Vec<Account>,
    /// Every user.
    pub users: Vec<User>,
    /// Every access key.
    pub keys: Vec<AccessKey>,
    /// Every custom policy.
    pub policies: Vec<Policy>,
    /// Every attachment.
    pub attachments: Vec<Attachment>,
    /// Every ingest token.
    pub tokens: Vec<IngestToken>,
    /// Every user's groups.
    pub members: Vec<GroupMember>,
    /// Every role.
    pub roles: Vec<Role>,
    /// Every login profile.
    pub logins: Vec<LoginProfile>,
}

impl Catalog {
    /// Reads it in one transaction.
    pub async fn identity_snapshot(&self) -> Result<Snapshot, CatalogError> {
        let mut transaction = self.reader().begin().await?;
        let accounts = sqlx::query("SELECT * FROM accounts").fetch_all(&mut *transaction).await?;
        let users = sqlx::query("SELECT * FROM users").fetch_all(&mut *transaction).await?;
        let keys = sqlx::query("SELECT * FROM access_keys").fetch_all(&mut *transaction).await?;
        let policies = sqlx::query("SELECT * FROM policies").fetch_all(&mut *transaction).await?;
        let attachments = sqlx::query("SELECT * FROM policy_attachments").fetch_all(&mut *transaction).await?;
        let tokens = sqlx::query("SELECT * FROM ingest_tokens").fetch_all(&mut *transaction).await?;
        let members = sqlx::query("SELECT * FROM group_members").fetch_all(&mut *transaction).await?;
        let roles = sqlx::query("SELECT * FROM roles").fetch_all(&mut *transaction).await?;
        let logins = sqlx::query("SELECT * FROM login_profiles").fetch_all(&mut *transaction).await?;
        Ok(Snapshot {
            accounts: accounts.iter().map(accounts::from_row).collect::<Result<_, _>>()?,
            users: users.iter().map(users::from_row).collect::<Result<_, _>>()?,
            keys: keys.iter().map(keys::from_row).collect::<Result<_, _>>()?,
            policies: policies.iter().map(policies::policy_from_row).collect::<Result<_, _>>()?,
            attachments: attachments.iter().map(policies::attachment_from_row).collect::<Result<_, _>>()?,
            tokens: tokens.iter().map(tokens::from_row).collect::<Result<_, _>>()?,
            members: members.iter().map(groups::member_from_row).collect::<Result<_, _>>()?,
            logins: logins.iter().map(logins::from_row).collect::<Result<_, _>>()?,
            roles: roles.iter().map(roles::from_row).collect::<Result<_, _>>()?,
        })
    }
}
