//! What is needed to reach a bucket beside its URL. Kept sealed in the catalog, because it holds a secret.

use std::fmt;
use std::str::FromStr;

use host::Secret;
use serde::{Deserialize, Serialize};

/// How to reach and write a bucket. Everything is optional: a local folder needs nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BucketSettings {
    /// The access key's id. Without a key requests are not signed.
    pub access_key_id: Option<String>,
    /// The access key's secret.
    #[serde(with = "exposed", skip_serializing_if = "Option::is_none")]
    pub access_key_secret: Option<Secret<String>>,
    /// The token of a temporary key.
    #[serde(with = "exposed", skip_serializing_if = "Option::is_none")]
    pub session_token: Option<Secret<String>>,
    /// The server, for example `https://minio.example.com:9000`, without the bucket. Default: AWS's or OSS's own for
    /// the region.
    pub endpoint: Option<String>,
    /// The region requests are signed for. Default for S3: `us-east-1`. OSS needs it unless `endpoint` is given.
    pub region: Option<String>,
    /// Whether the bucket is named in the path (`https://host/bucket/key`) and not in the host name
    /// (`https://bucket.host/key`). Default: in the path where the endpoint's host is an address or a single word such
    /// as `minio`, which have no names below them; in the host name otherwise.
    pub path_style: Option<bool>,
    /// Encryption asked of the server for each object. Default: the bucket's own setting.
    pub server_side_encryption: Option<Encryption>,
    /// The key of [`Encryption::Kms`]. Default: the account's default key.
    pub kms_key_id: Option<String>,
    /// For how many days an object must not be deleted or changed. S3: each object is locked. A local folder: the node
    /// refuses. OSS has no locks of objects: its buckets have a policy of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Whether an `http://` endpoint is acceptable.
    pub allow_http: bool,
}

/// Who holds the key a server encrypts an object with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// The object store.
    #[serde(rename = "AES256")]
    Aes256,
    /// A key management service.
    #[serde(rename = "aws:kms", alias = "KMS")]
    Kms,
}

impl Encryption {
    /// The spelling of the S3 header.
    pub fn as_str(self) -> &'static str {
        match self {
            Encryption::Aes256 => "AES256",
            Encryption::Kms => "aws:kms",
        }
    }
}

/// The text names no kind of encryption.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a server-side encryption; use AES256 or aws:kms (KMS for short)")]
pub struct UnknownEncryption {
    /// What was given, cut to 64 characters.
    pub value: String,
}

impl FromStr for Encryption {
    type Err = UnknownEncryption;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "AES256" => Ok(Encryption::Aes256),
            "aws:kms" | "KMS" => Ok(Encryption::Kms),
            other => Err(UnknownEncryption { value: other.chars().take(64).collect() }),
        }
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Secrets in the JSON that is sealed; nowhere else are they written.
pub(crate) mod exposed {
    use host::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(secret: &Option<Secret<String>>, to: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::expose).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret<String>>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::new))
    }
}

/// The same for a secret that is always there.
pub(crate) mod exposed_one {
    use host::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(secret: &Secret<String>, to: S) -> Result<S::Ok, S::Error> {
        secret.expose().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret<String>, D::Error> {
        Ok(Secret::new(String::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_sealing_and_never_prints_the_secret() {
        let settings = BucketSettings {
            access_key_id: Some("LTAI5tExample".into()),
            access_key_secret: Some(Secret::new("hush".into())),
            server_side_encryption: Some(Encryption::Kms),
            allow_http: true,
            ..BucketSettings::default()
        };
        let json = serde_json::to_string(&settings).expect("plain data");
        assert_eq!(serde_json::from_str::<BucketSettings>(&json).expect("own output"), settings);
        assert!(!format!("{settings:?}").contains("hush"));
        assert_eq!(serde_json::from_str::<BucketSettings>("{}").expect("all optional"), BucketSettings::default());
        assert!(serde_json::from_str::<BucketSettings>(r#"{"acess_key_id":"x"}"#).is_err());
    }

    #[test]
    fn encryption_has_two_spellings_of_kms_and_refuses_others() {
        assert_eq!("KMS".parse(), Ok(Encryption::Kms));
        assert_eq!("aws:kms".parse(), Ok(Encryption::Kms));
        assert_eq!("AES256".parse(), Ok(Encryption::Aes256));
        let refused = "aes".parse::<Encryption>().expect_err("unknown");
        assert_eq!(
            refused.to_string(),
            "\"aes\" is not a server-side encryption; use AES256 or aws:kms (KMS for short)"
        );
    }
}
