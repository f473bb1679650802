//! Records of alerting that are credentials: sealed while they lie in the catalog.
//!
//! The address of a robot holds its token, and a webhook's headers may hold another; whoever copies the catalog must
//! not be able to speak in the name of its owner. Whoever reads or sends opens them here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{Vault, VaultError};

const PURPOSE: &[u8] = b"cairn sealed record 1";
/// No JSON text begins so.
const MARK: &str = "sealed:";
/// Resources whose records hold credentials.
const SEALED: &[&str] = &["sls.alert.action_webhook"];

impl Vault {
    /// A record's value as the catalog may hold it.
    pub fn seal_record(&self, resource: &str, value: &str) -> String {
        if !SEALED.contains(&resource) {
            return value.to_owned();
        }
        format!("{MARK}{}", STANDARD.encode(self.seal_for(PURPOSE, value.as_bytes())))
    }

    /// A record's value as it was sent.
    pub fn open_record(&self, resource: &str, kept: &str) -> Result<String, VaultError> {
        let Some(sealed) = kept.strip_prefix(MARK).filter(|_| SEALED.contains(&resource)) else {
            return Ok(kept.to_owned());
        };
        let sealed = STANDARD.decode(sealed).map_err(|_| VaultError::WrongKey)?;
        String::from_utf8(self.open_for(PURPOSE, &sealed)?).map_err(|_| VaultError::WrongKey)
    }
}

#[cfg(test)]
mod tests {
    use crate::{MasterKeySource, Vault};

    #[test]
    fn a_webhook_lies_sealed_and_comes_back_as_it_was_sent() {
        let folder = tempfile::tempdir().unwrap();
        let source = MasterKeySource { env: None, file: None, data_folder: &folder.path().join("data") };
        let (vault, _) = Vault::load(source).unwrap();
        let value = r#"{"id":"robot","url":"https://example.com/send?access_token=abc"}"#;
        let kept = vault.seal_record("sls.alert.action_webhook", value);
        assert!(kept.starts_with("sealed:") && !kept.contains("abc"), "{kept}");
        assert_eq!(vault.open_record("sls.alert.action_webhook", &kept).unwrap(), value);
        assert_eq!(vault.seal_record("sls.common.user", value), value);
        assert_eq!(vault.open_record("sls.common.user", &kept).unwrap(), kept, "not a sealed resource");
        let cut = &kept[..kept.len() - 8];
        assert!(vault.open_record("sls.alert.action_webhook", cut).is_err());
    }
}
