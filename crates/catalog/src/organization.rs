//! Resource directories and who belongs to them.
//!
//! A membership is a stretch of the journal: an account's events within it are the organization's. It begins and ends behind
//! whatever the organization's trail has planned or delivered, so that a plan never changes its meaning. An account that
//! left stays in the history.

mod delegations;
mod folders;
mod handshakes;

use model::organization::DirectoryId;
use model::{AccountId, Seq, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::database::{Columns, seq_number};
use crate::logstores::stretches;
use crate::{Catalog, CatalogError};

pub use delegations::Delegation;
pub use folders::Folder;
pub use handshakes::{Handshake, HandshakeStatus};

/// A resource directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its id.
    pub id: DirectoryId,
    /// The account that enabled it.
    pub management: AccountId,
    /// The folder everything lies in.
    pub root_folder: String,
    /// Created.
    pub created: Timestamp,
}

/// What sort of member an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// The management account.
    Master,
    /// It was there before and was invited.
    Cloud,
    /// It was made within the directory.
    Resource,
}

impl MemberKind {
    /// The wire's spelling, and the catalog's.
    pub fn as_str(self) -> &'static str {
        match self {
            MemberKind::Master => "MasterAccount",
            MemberKind::Cloud => "CloudAccount",
            MemberKind::Resource => "ResourceAccount",
        }
    }
}

impl std::str::FromStr for MemberKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [MemberKind::Master, MemberKind::Cloud, MemberKind::Resource]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}

/// How an account came into a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinMethod {
    /// It accepted an invitation, or enabled the directory itself.
    Invited,
    /// It was made there.
    Created,
}

impl JoinMethod {
    /// The wire's spelling, and the catalog's.
    pub fn as_str(self) -> &'static str {
        match self {
            JoinMethod::Invited => "invited",
            JoinMethod::Created => "created",
        }
    }
}

impl std::str::FromStr for JoinMethod {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [JoinMethod::Invited, JoinMethod::Created].into_iter().find(|method| method.as_str() == text).ok_or(())
    }
}

/// An account that belongs to a directory now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The directory.
    pub directory: DirectoryId,
    /// The account.
    pub account: AccountId,
    /// Its account's name.
    pub account_name: String,
    /// The folder it lies in.
    pub folder: String,
    /// Its name within the directory.
    pub display_name: String,
    /// What sort of member.
    pub kind: MemberKind,
    /// How it came.
    pub join_method: JoinMethod,
    /// Its events after this one are the organization's.
    pub joined_after: Seq,
    /// When it came.
    pub joined: Timestamp,
    /// Last changed.
    pub modified: Timestamp,
}

/// A membership to be made.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// The directory.
    pub directory: DirectoryId,
    /// The account.
    pub account: AccountId,
    /// The folder; the root folder when none is given.
    pub folder: Option<String>,
    /// Its name within the directory.
    pub display_name: String,
    /// What sort of member.
    pub kind: MemberKind,
    /// How it comes.
    pub join_method: JoinMethod,
    /// When.
    pub at: Timestamp,
}

const MEMBERS: &str = "SELECT memberships.*, accounts.name AS account_name FROM memberships
     JOIN accounts ON accounts.id = memberships.account WHERE left_through IS NULL";

fn directory_from_row(row: &SqliteRow) -> Result<Directory, CatalogError> {
    Ok(Directory {
        id: row.parsed("id")?,
        management: row.account("management")?,
        root_folder: row.text("root_folder")?,
        created: row.time("created")?,
    })
}

fn member_from_row(row: &SqliteRow) -> Result<Member, CatalogError> {
    Ok(Member {
        directory: row.parsed("directory")?,
        account: row.account("account")?,
        account_name: row.text("account_name")?,
        folder: row.text("folder")?,
        display_name: row.text("display_name")?,
        kind: row.parsed("kind")?,
        join_method: row.parsed("join_method")?,
        joined_after: Seq(row.count("joined_after")?),
        joined: row.time("joined")?,
        modified: row.time("modified")?,
    })
}

impl Catalog {
    /// Makes a directory with its root folder and its management account as the first member, whose events after
    /// `head` are the organization's.
    pub async fn directory_create(&self, new: &Directory, head: Seq) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        sqlx::query("INSERT INTO directories (id, management, root_folder, created) VALUES (?, ?, ?, ?)")
            .bind(new.id.as_str())
            .bind(new.management.as_str())
            .bind(&new.root_folder)
            .bind(new.created.0)
            .execute(&mut *transaction)
            .await
            .map_err(|error| CatalogError::on_insert(error, || format!("a directory of account {}", new.management)))?;
        let root = Folder {
            id: new.root_folder.clone(),
            directory: new.id.clone(),
            parent: None,
            name: "root".to_owned(),
            created: new.created,
        };
        folders::insert(&mut transaction, &root).await?;
        let master = NewMember {
            directory: new.id.clone(),
            account: new.management,
            folder: None,
            display_name: new.management.to_string(),
            kind: MemberKind::Master,
            join_method: JoinMethod::Invited,
            at: new.created,
        };
        join(&mut transaction, &master, head).await?;
        transaction.commit().await?;
        self.trails_changed();
        Ok(())
    }

    /// The directory the account belongs to.
    pub async fn directory_of(&self, account: AccountId) -> Result<Option<Directory>, CatalogError> {
        let query = sqlx::query(
            "SELECT directories.* FROM directories JOIN memberships ON memberships.directory = directories.id
             WHERE memberships.account = ? AND left_through IS NULL",
        );
        let row = query.bind(account.as_str()).fetch_optional(self.reader()).await?;
        row.as_ref().map(directory_from_row).transpose()
    }

    /// The directory of this id.
    pub async fn directory_find(&self, id: &DirectoryId) -> Result<Option<Directory>, CatalogError> {
        let query = sqlx::query("SELECT * FROM directories WHERE id = ?").bind(id.as_str());
        query.fetch_optional(self.reader()).await?.as_ref().map(directory_from_row).transpose()
    }

    /// Removes a directory that has neither members besides its own account, nor folders, nor a trail.
    pub async fn directory_delete(&self, id: &DirectoryId) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let uses = [
            (
                "accounts",
                "SELECT 1 FROM memberships WHERE directory = ? AND left_through IS NULL AND kind != 'MasterAccount'",
            ),
            ("folders", "SELECT 1 FROM folders WHERE directory = ? AND parent IS NOT NULL"),
            ("a trail", "SELECT 1 FROM trails WHERE organization = ?"),
        ];
        for (by, query) in uses {
            if sqlx::query(query).bind(id.as_str()).fetch_optional(&mut *transaction).await?.is_some() {
                return Err(CatalogError::InUse { what: format!("directory {id}"), by: by.to_owned() });
            }
        }
        stretches::settle_directory(&mut transaction, id).await?;
        let deleted = sqlx::query("DELETE FROM directories WHERE id = ?").bind(id.as_str());
        let deleted = deleted.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        self.trails_changed();
        if deleted == 0 { Err(CatalogError::not_found(format!("directory {id}"))) } else { Ok(()) }
    }

    /// Makes an account a member: its events after `head` are the organization's.
    pub async fn member_join(&self, new: &NewMember, head: Seq) -> Result<Member, CatalogError> {
        let mut transaction = self.begin().await?;
        join(&mut transaction, new, head).await?;
        let member = member(&mut transaction, &new.directory, new.account).await?;
        transaction.commit().await?;
        self.trails_changed();
        Ok(member)
    }

    /// Ends a membership: events after `head` are not the organization's any more. Refused for the management account,
    /// and while the account is a delegated administrator.
    pub async fn member_leave(
        &self,
        directory: &DirectoryId,
        account: AccountId,
        at: Timestamp,
        head: Seq,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        let member = member(&mut transaction, directory, account).await?;
        let in_use = |by: &str| CatalogError::InUse { what: format!("account {account}"), by: by.to_owned() };
        if member.kind == MemberKind::Master {
            return Err(in_use("the directory it manages"));
        }
        let query = sqlx::query("SELECT 1 FROM delegated_administrators WHERE directory = ? AND account = ?");
        let delegated = query.bind(directory.as_str()).bind(account.as_str()).fetch_optional(&mut *transaction).await?;
        if delegated.is_some() {
            return Err(in_use("a delegated administration"));
        }
        let boundary = boundary(&mut transaction, directory, head).await?;
        sqlx::query(
            "UPDATE memberships SET left_through = max(?, joined_after), modified = ?, folder = NULL
             WHERE directory = ? AND account = ? AND left_through IS NULL",
        )
        .bind(seq_number(boundary))
        .bind(at.0)
        .bind(directory.as_str())
        .bind(account.as_str())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.trails_changed();
        Ok(())
    }

    /// Gives a member another name, or puts it into another folder of the directory.
    pub async fn member_update(
        &self,
        directory: &DirectoryId,
        account: AccountId,
        display_name: Option<&str>,
        folder: Option<&str>,
        at: Timestamp,
    ) -> Result<Member, CatalogError> {
        let mut transaction = self.begin().await?;
        if let Some(folder) = folder {
            folders::must_exist(&mut transaction, directory, folder).await?;
        }
        sqlx::query(
            "UPDATE memberships SET display_name = coalesce(?, display_name), folder = coalesce(?, folder), modified = ?
             WHERE directory = ? AND account = ? AND left_through IS NULL",
        )
        .bind(display_name)
        .bind(folder)
        .bind(at.0)
        .bind(directory.as_str())
        .bind(account.as_str())
        .execute(&mut *transaction)
        .await?;
        let member = member(&mut transaction, directory, account).await?;
        transaction.commit().await?;
        Ok(member)
    }

    /// A member of the directory.
    pub async fn member_find(
        &self,
        directory: &DirectoryId,
        account: AccountId,
    ) -> Result<Option<Member>, CatalogError> {
        let query = format!("{MEMBERS} AND directory = ? AND account = ?");
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(directory.as_str()).bind(account.as_str());
        query.fetch_optional(self.reader()).await?.as_ref().map(member_from_row).transpose()
    }

    /// The members of a directory, by account.
    pub async fn member_list(&self, directory: &DirectoryId) -> Result<Vec<Member>, CatalogError> {
        let query = format!("{MEMBERS} AND directory = ? ORDER BY account");
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(directory.as_str());
        query.fetch_all(self.reader()).await?.iter().map(member_from_row).collect()
    }
}

/// Refuses a second trail of a directory.
pub(crate) async fn check_free(
    transaction: &mut Transaction<'_, Sqlite>,
    directory: &DirectoryId,
) -> Result<(), CatalogError> {
    let query = sqlx::query("SELECT 1 FROM trails WHERE organization = ?").bind(directory.as_str());
    match query.fetch_optional(&mut **transaction).await? {
        Some(_) => Err(CatalogError::LimitReached { what: format!("trails of organization {directory}"), limit: 1 }),
        None => Ok(()),
    }
}

async fn join(transaction: &mut Transaction<'_, Sqlite>, new: &NewMember, head: Seq) -> Result<(), CatalogError> {
    let folder = match &new.folder {
        Some(folder) => {
            folders::must_exist(transaction, &new.directory, folder).await?;
            folder.clone()
        }
        None => {
            let query = sqlx::query("SELECT root_folder FROM directories WHERE id = ?").bind(new.directory.as_str());
            let row = query.fetch_optional(&mut **transaction).await?;
            row.ok_or_else(|| CatalogError::not_found(format!("directory {}", new.directory)))?.text("root_folder")?
        }
    };
    let boundary = boundary(transaction, &new.directory, head).await?;
    sqlx::query(
        "INSERT INTO memberships (directory, account, joined_after, folder, display_name, kind, join_method, joined,
             modified)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.directory.as_str())
    .bind(new.account.as_str())
    .bind(seq_number(boundary))
    .bind(folder)
    .bind(&new.display_name)
    .bind(new.kind.as_str())
    .bind(new.join_method.as_str())
    .bind(new.at.0)
    .bind(new.at.0)
    .execute(&mut **transaction)
    .await
    .map_err(|error| CatalogError::on_insert(error, || format!("a membership of account {}", new.account)))?;
    Ok(())
}

async fn member(
    transaction: &mut Transaction<'_, Sqlite>,
    directory: &DirectoryId,
    account: AccountId,
) -> Result<Member, CatalogError> {
    let query = format!("{MEMBERS} AND directory = ? AND account = ?");
    let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(directory.as_str()).bind(account.as_str());
    let row = query.fetch_optional(&mut **transaction).await?;
    member_from_row(&row.ok_or_else(|| CatalogError::not_found(format!("member {account} of {directory}")))?)
}

/// Where a membership begins or ends: at the journal's head as the caller knew it, or behind what the organization's trail
/// has planned or delivered meanwhile.
async fn boundary(
    transaction: &mut Transaction<'_, Sqlite>,
    directory: &DirectoryId,
    head: Seq,
) -> Result<Seq, CatalogError> {
    let query = sqlx::query(
        "SELECT max(?, coalesce(max(max(cursor_seq, coalesce(plan_through, 0))), 0)) AS boundary
         FROM deliveries JOIN trails ON trails.id = deliveries.trail WHERE organization = ?",
    );
    let row = query.bind(seq_number(head)).bind(directory.as_str()).fetch_one(&mut **transaction).await?;
    Ok(Seq(row.count("boundary")?))
}
