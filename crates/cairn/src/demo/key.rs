//! The demo's access key. A node shows a secret once; the demo keeps it in its folder, so that a second demo on the
//! same folder can go on.

use std::path::Path;

use anyhow::{Context, bail};
use model::AccountId;
use node::FirstKey;
use serde::{Deserialize, Serialize};

use crate::files;

const FILE: &str = "demo-key.json";

/// The management account's key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) account_id: AccountId,
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: String,
}

/// Keeps a key that was just made, or finds the one an earlier demo kept.
pub(crate) fn keep(data: &Path, first: Option<&FirstKey>) -> anyhow::Result<Key> {
    let path = data.join(FILE);
    if let Some(first) = first {
        let key = Key {
            account_id: first.account_id,
            access_key_id: first.access_key_id.clone(),
            access_key_secret: first.access_key_secret.expose().clone(),
        };
        files::write_private(&path, &serde_json::to_vec_pretty(&key)?)?;
        return Ok(key);
    }
    match files::read(&path)? {
        Some(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display())),
        None => bail!(
            "{} is the folder of a node that is no demo; use `cairn serve` on it, or another folder",
            data.display()
        ),
    }
}
