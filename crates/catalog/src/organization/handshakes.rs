//! Invitations into a directory. Accepting one and becoming a member is one step.

use model::organization::DirectoryId;
use model::{AccountId, Seq, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use super::{JoinMethod, MemberKind, NewMember, join};
use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// How an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeStatus {
    /// Not answered.
    Pending,
    /// The account is a member.
    Accepted,
    /// Taken back by the directory.
    Cancelled,
    /// Turned down by the account.
    Declined,
}

impl HandshakeStatus {
    /// The wire's spelling, and the catalog's.
    pub fn as_str(self) -> &'static str {
        match self {
            HandshakeStatus::Pending => "Pending",
            HandshakeStatus::Accepted => "Accepted",
            HandshakeStatus::Cancelled => "Cancelled",
            HandshakeStatus::Declined => "Declined",
        }
    }
}

impl std::str::FromStr for HandshakeStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [
            HandshakeStatus::Pending,
            HandshakeStatus::Accepted,
            HandshakeStatus::Cancelled,
            HandshakeStatus::Declined,
        ];
        all.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// Its id.
    pub id: String,
    /// Into which directory.
    pub directory: DirectoryId,
    /// Who is invited.
    pub target: AccountId,
    /// The folder it will lie in.
    pub folder: String,
    /// A remark.
    pub note: String,
    /// How it stands.
    pub status: HandshakeStatus,
    /// Created.
    pub created: Timestamp,
    /// Last changed.
    pub modified: Timestamp,
    /// Not to be accepted after this.
    pub expires: Timestamp,
}

fn from_row(row: &SqliteRow) -> Result<Handshake, CatalogError> {
    Ok(Handshake {
        id: row.text("id")?,
        directory: row.parsed("directory")?,
        target: row.account("target")?,
        folder: row.text("folder")?,
        note: row.text("note")?,
        status: row.parsed("status")?,
        created: row.time("created")?,
        modified: row.time("modified")?,
        expires: row.time("expires")?,
    })
}

impl Catalog {
    /// Invites an account that is no member of any directory and has no open invitation of this one.
    pub async fn handshake_create(&self, new: &Handshake) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        super::folders::must_exist(&mut transaction, &new.directory, &new.folder).await?;
        let query = sqlx::query("SELECT 1 FROM memberships WHERE account = ? AND left_through IS NULL");
        if query.bind(new.target.as_str()).fetch_optional(&mut *transaction).await?.is_some() {
            return Err(CatalogError::AlreadyExists { what: format!("a membership of account {}", new.target) });
        }
        let query = sqlx::query(
            "SELECT 1 FROM handshakes WHERE directory = ? AND target = ? AND status = 'Pending' AND expires > ?",
        );
        let query = query.bind(new.directory.as_str()).bind(new.target.as_str()).bind(new.created.0);
        if query.fetch_optional(&mut *transaction).await?.is_some() {
            return Err(CatalogError::AlreadyExists { what: format!("an invitation of account {}", new.target) });
        }
        sqlx::query(
            "INSERT INTO handshakes (id, directory, target, folder, note, status, created, modified, expires)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&new.id)
        .bind(new.directory.as_str())
        .bind(new.target.as_str())
        .bind(&new.folder)
        .bind(&new.note)
        .bind(new.status.as_str())
        .bind(new.created.0)
        .bind(new.modified.0)
        .bind(new.expires.0)
        .execute(&mut *transaction)
        .await
        .map_err(|error| CatalogError::on_insert(error, || format!("invitation {}", new.id)))?;
        transaction.commit().await?;
        Ok(())
    }

    /// An invitation, for the account invited or the directory that invites.
    pub async fn handshake_find(&self, id: &str) -> Result<Option<Handshake>, CatalogError> {
        let row = sqlx::query("SELECT * FROM handshakes WHERE id = ?").bind(id).fetch_optional(self.reader()).await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The invitations an account was sent, newest first.
    pub async fn handshake_list_for(&self, target: AccountId) -> Result<Vec<Handshake>, CatalogError> {
        let query = sqlx::query("SELECT * FROM handshakes WHERE target = ? ORDER BY created DESC, id");
        query.bind(target.as_str()).fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// The invitations a directory has sent, newest first.
    pub async fn handshake_list_of(&self, directory: &DirectoryId) -> Result<Vec<Handshake>, CatalogError> {
        let query = sqlx::query("SELECT * FROM handshakes WHERE directory = ? ORDER BY created DESC, id");
        query.bind(directory.as_str()).fetch_all(self.reader()).await?.iter().map(from_row).collect()
    }

    /// The invited account becomes a member; its events after `head` are the organization's.
    pub async fn handshake_accept(&self, id: &str, at: Timestamp, head: Seq) -> Result<Handshake, CatalogError> {
        let mut transaction = self.begin().await?;
        let handshake = pending(&mut transaction, id, at).await?;
        let member = NewMember {
            directory: handshake.directory.clone(),
            account: handshake.target,
            folder: Some(handshake.folder.clone()),
            display_name: handshake.target.to_string(),
            kind: MemberKind::Cloud,
            join_method: JoinMethod::Invited,
            at,
        };
        join(&mut transaction, &member, head).await?;
        let accepted = set_status(&mut transaction, id, HandshakeStatus::Accepted, at).await?;
        transaction.commit().await?;
        self.trails_changed();
        Ok(accepted)
    }

    /// Ends an open invitation without a membership.
    pub async fn handshake_end(
        &self,
        id: &str,
        status: HandshakeStatus,
        at: Timestamp,
    ) -> Result<Handshake, CatalogError> {
        let mut transaction = self.begin().await?;
        pending(&mut transaction, id, at).await?;
        let ended = set_status(&mut transaction, id, status, at).await?;
        transaction.commit().await?;
        Ok(ended)
    }
}

/// The invitation, if it can still be answered.
async fn pending(
    transaction: &mut Transaction<'_, Sqlite>,
    id: &str,
    now: Timestamp,
) -> Result<Handshake, CatalogError> {
    let row = sqlx::query("SELECT * FROM handshakes WHERE id = ?").bind(id).fetch_optional(&mut **transaction).await?;
    let handshake = from_row(&row.ok_or_else(|| CatalogError::not_found(format!("invitation {id}")))?)?;
    let in_use = |by: String| CatalogError::InUse { what: format!("invitation {id}"), by };
    match handshake.status {
        HandshakeStatus::Pending if handshake.expires > now => Ok(handshake),
        HandshakeStatus::Pending => Err(in_use("its end: it has expired".to_owned())),
        status => Err(in_use(format!("its status {}", status.as_str()))),
    }
}

async fn set_status(
    transaction: &mut Transaction<'_, Sqlite>,
    id: &str,
    status: HandshakeStatus,
    at: Timestamp,
) -> Result<Handshake, CatalogError> {
    let query = sqlx::query("UPDATE handshakes SET status = ?, modified = ? WHERE id = ? RETURNING *");
    let row = query.bind(status.as_str()).bind(at.0).bind(id).fetch_one(&mut **transaction).await?;
    from_row(&row)
}
