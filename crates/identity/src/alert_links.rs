//! Links to an alert's page for people who have no key: the link is its token.
//!
//! The token is sealed under the master key for this purpose alone, so nobody can make or change one, and nothing about
//! it is stored. It says whose incident may be seen and until when.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Vault;

const PURPOSE: &[u8] = b"cairn alert link 1";

/// What a link shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertLink {
    /// Whose incident.
    #[serde(rename = "a")]
    pub account: AccountId,
    /// The incident's id.
    #[serde(rename = "i")]
    pub incident: String,
    /// When the link stops working.
    #[serde(rename = "e")]
    pub expires: Timestamp,
}

impl Vault {
    /// The token of a link, to be put behind `/alerts/detail?token=`.
    pub fn alert_link(&self, link: &AlertLink) -> String {
        let plain = serde_json::to_vec(link).expect("three plain fields");
        URL_SAFE_NO_PAD.encode(self.seal_for(PURPOSE, &plain))
    }

    /// What a token shows, unless it is none of ours or over.
    pub fn open_alert_link(&self, token: &str, now: Timestamp) -> Option<AlertLink> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let plain = self.open_for(PURPOSE, &sealed).ok()?;
        let link: AlertLink = serde_json::from_slice(&plain).ok()?;
        (now < link.expires).then_some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKeySource;

    #[test]
    fn a_link_shows_one_incident_until_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let load = |name: &str| {
            let source = MasterKeySource { env: None, file: None, data_folder: &folder.path().join(name) };
            Vault::load(source).unwrap().0
        };
        let (vault, other) = (load("data"), load("other"));
        let account = "1000000000000001".parse().unwrap();
        let link = AlertLink { account, incident: "i-1".into(), expires: Timestamp(1000) };
        let token = vault.alert_link(&link);
        assert_eq!(vault.open_alert_link(&token, Timestamp(999)), Some(link));
        assert_eq!(vault.open_alert_link(&token, Timestamp(1000)), None, "it is over");
        assert_eq!(other.open_alert_link(&token, Timestamp(0)), None, "another node's");
        assert_eq!(vault.open_alert_link(&token[1..], Timestamp(0)), None);
        let sealed = URL_SAFE_NO_PAD.encode(vault.seal(b"{}"));
        assert_eq!(vault.open_alert_link(&sealed, Timestamp(0)), None, "sealed for something else");
    }
}
