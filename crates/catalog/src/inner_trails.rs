//! Inner trails: those that deliver platform events, at most one in an account.
//!
//! They are trails in everything but what finds them: the account's other trails do not show them, and an inner trail is
//! found only here. Changing, starting, stopping and deleting one is the same as for every trail.

use model::AccountId;
use model::trail::{Trail, TrailName};

use crate::trails::{TrailKind, from_row};
use crate::{Catalog, CatalogError, NewTrail};

impl Catalog {
    /// Creates the account's inner trail.
    pub async fn inner_trail_create(&self, new: NewTrail) -> Result<Trail, CatalogError> {
        if !self.inner_trail_list(new.account).await?.is_empty() {
            return Err(CatalogError::LimitReached { what: "inner trails".to_owned(), limit: 1 });
        }
        // Two at once: the index refuses the second.
        self.trail_insert(new, TrailKind::Inner, None, 1).await
    }

    /// The account's inner trail of this name.
    pub async fn inner_trail_find(&self, account: AccountId, name: &TrailName) -> Result<Option<Trail>, CatalogError> {
        let found = self.inner_trail_list(account).await?;
        Ok(found.into_iter().find(|trail| trail.name == *name))
    }

    /// The account's inner trails.
    pub async fn inner_trail_list(&self, account: AccountId) -> Result<Vec<Trail>, CatalogError> {
        let query = sqlx::query("SELECT * FROM trails WHERE account = ? AND kind = 'Inner' ORDER BY name");
        let rows = query.bind(account.as_str()).fetch_all(self.reader()).await?;
        rows.iter().map(from_row).collect()
    }
}
