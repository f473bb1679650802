//! What an account set about insights: which kinds are on, and which addresses are known to be good or bad.

use std::collections::{BTreeMap, BTreeSet};

use model::{AccountId, Timestamp};

use crate::database::Columns;
use crate::{Catalog, CatalogError};

/// One of the two lists of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressList {
    /// Calls from these always make an insight.
    Black,
    /// Calls from these never do.
    White,
}

impl AddressList {
    fn as_str(self) -> &'static str {
        match self {
            AddressList::Black => "Black",
            AddressList::White => "White",
        }
    }
}

/// The lists and when something was added last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InsightAddresses {
    /// Addresses and networks in [`AddressList::Black`].
    pub black: BTreeSet<String>,
    /// Addresses and networks in [`AddressList::White`].
    pub white: BTreeSet<String>,
    /// When the newest of them was added.
    pub added: Option<Timestamp>,
}

impl Catalog {
    /// The kinds of insights that are on, and since when.
    pub async fn insight_types(&self, account: AccountId) -> Result<BTreeMap<String, Timestamp>, CatalogError> {
        let query = sqlx::query("SELECT name, enabled FROM insight_types WHERE account = ?").bind(account.as_str());
        let rows = query.fetch_all(self.reader()).await?;
        rows.iter().map(|row| Ok((row.text("name")?, row.time("enabled")?))).collect()
    }

    /// Puts a kind on. No effect when it is on.
    pub async fn insight_type_enable(&self, account: AccountId, name: &str, at: Timestamp) -> Result<(), CatalogError> {
        let query =
            sqlx::query("INSERT INTO insight_types (account, name, enabled) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
        query.bind(account.as_str()).bind(name).bind(at.0).execute(self.writer()).await?;
        Ok(())
    }

    /// Puts a kind off. No effect when it is off.
    pub async fn insight_type_disable(&self, account: AccountId, name: &str) -> Result<(), CatalogError> {
        let query = sqlx::query("DELETE FROM insight_types WHERE account = ? AND name = ?");
        query.bind(account.as_str()).bind(name).execute(self.writer()).await?;
        Ok(())
    }

    /// Both lists.
    pub async fn insight_addresses(&self, account: AccountId) -> Result<InsightAddresses, CatalogError> {
        let query = sqlx::query("SELECT list, address, added FROM insight_addresses WHERE account = ?");
        let mut addresses = InsightAddresses::default();
        for row in query.bind(account.as_str()).fetch_all(self.reader()).await? {
            let list = match row.text("list")?.as_str() {
                "Black" => &mut addresses.black,
                _ => &mut addresses.white,
            };
            list.insert(row.text("address")?);
            addresses.added = addresses.added.max(Some(row.time("added")?));
        }
        Ok(addresses)
    }

    /// Writes whole lists in place of those there are; a list that is not given stays.
    pub async fn insight_addresses_put(
        &self,
        account: AccountId,
        lists: &[(AddressList, BTreeSet<String>)],
        at: Timestamp,
    ) -> Result<(), CatalogError> {
        let mut transaction = self.begin().await?;
        for (list, addresses) in lists {
            let kept = serde_json::to_string(addresses).expect("a set of texts is JSON");
            sqlx::query(
                "DELETE FROM insight_addresses WHERE account = ? AND list = ?
                     AND address NOT IN (SELECT value FROM json_each(?))",
            )
            .bind(account.as_str())
            .bind(list.as_str())
            .bind(kept)
            .execute(&mut *transaction)
            .await?;
            for address in addresses {
                sqlx::query(
                    "INSERT INTO insight_addresses (account, list, address, added) VALUES (?, ?, ?, ?)
                     ON CONFLICT DO NOTHING",
                )
                .bind(account.as_str())
                .bind(list.as_str())
                .bind(address)
                .bind(at.0)
                .execute(&mut *transaction)
                .await?;
            }
        }
        Ok(transaction.commit().await?)
    }
}
