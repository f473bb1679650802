//! Secrets at rest: sealed with AES-256-GCM under a master key that is not in the data folder.
//!
//! ```text
//! sealed: version u8 = 1, nonce 12 bytes, ciphertext, tag 16 bytes
//! ```

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use host::{OsRandom, Random};
use model::ErrorKind;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

const VERSION: u8 = 1;
const CONTEXT: &[u8] = b"cairn sealed secret 1";
const KEY_BYTES: usize = 32;
/// What holds the sealed secrets. Where it is and the key is not, a new key would open nothing.
const SEALED_WITH_IT: &str = "catalog.sqlite";

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    key: Arc<LessSafeKey>,
}

/// Where the master key may come from, in this order.
#[derive(Debug, Clone, Copy)]
pub struct MasterKeySource<'s> {
    /// 32 bytes in Base64, from the environment.
    pub env: Option<&'s str>,
    /// A file that holds the same.
    pub file: Option<&'s Path>,
    /// With neither of both: `<data folder>.master-key`, made when absent.
    pub data_folder: &'s Path,
}

/// The master key is missing or wrong.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key's file failed.
    #[error("could not use the master key file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: io::Error,
    },
    /// The data folder was used with a key that is not here.
    #[error(
        "the master key {} is missing, and the data folder was used with one; put it back from its backup, or name it \
         with CAIRN_MASTER_KEY or a key file",
        path.display()
    )]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// Not 32 bytes in Base64.
    #[error("the master key in {place} is not 32 bytes in Base64; make one with: head -c 32 /dev/urandom | base64")]
    NotAKey {
        /// Where it was found.
        place: String,
    },
    /// Sealed with another key, or changed.
    #[error("a stored secret cannot be opened with this master key; use the key the data folder was made with")]
    WrongKey,
}

impl VaultError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            VaultError::File { .. } => ErrorKind::Unavailable,
            VaultError::NotAKey { .. } | VaultError::Missing { .. } => ErrorKind::Invalid,
            VaultError::WrongKey => ErrorKind::Corrupt,
        }
    }
}

impl Vault {
    /// Finds or makes the master key. The text, if any, is a warning the operator should see.
    pub fn load(source: MasterKeySource<'_>) -> Result<(Vault, Option<String>), VaultError> {
        if let Some(text) = source.env {
            return Ok((Vault::from_text(text, "CAIRN_MASTER_KEY")?, None));
        }
        let generated = generated_path(source.data_folder);
        let path = source.file.unwrap_or(&generated);
        match read(path) {
            Ok(text) => Ok((Vault::from_text(&text, &path.display().to_string())?, None)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && source.file.is_none() => {
                if source.data_folder.join(SEALED_WITH_IT).exists() {
                    return Err(VaultError::Missing { path: generated });
                }
                let vault = Vault::generate(&generated)?;
                let warning = format!(
                    "made a master key in {}; without it the secrets in the data folder cannot be read, so back it up, \
                     but apart from the data folder",
                    generated.display()
                );
                Ok((vault, Some(warning)))
            }
            Err(source) => Err(VaultError::File { path: path.to_owned(), source }),
        }
    }

    fn generate(path: &Path) -> Result<Vault, VaultError> {
        let mut key = [0; KEY_BYTES];
        OsRandom.fill(&mut key);
        let text = STANDARD.encode(key);
        write(path, &text).map_err(|source| VaultError::File { path: path.to_owned(), source })?;
        Vault::from_text(&text, &path.display().to_string())
    }

    fn from_text(text: &str, place: &str) -> Result<Vault, VaultError> {
        let not_a_key = || VaultError::NotAKey { place: place.to_owned() };
        let bytes = STANDARD.decode(text.trim()).map_err(|_| not_a_key())?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| not_a_key())?;
        Ok(Vault { key: Arc::new(LessSafeKey::new(key)) })
    }

    /// Seals a secret.
    pub fn seal(&self, secret: &[u8]) -> Vec<u8> {
        self.seal_for(CONTEXT, secret)
    }

    /// Opens what was sealed with the same key.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.open_for(CONTEXT, sealed)
    }

    /// Seals for one purpose: what was sealed for another does not open.
    pub(crate) fn seal_for(&self, purpose: &[u8], secret: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        // Random nonces may be used for 2^32 seals under one key: a hundred sessions a second for more than a year.
        OsRandom.fill(&mut nonce);
        let mut sealed = secret.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), &mut sealed)
            .expect("a secret is shorter than 64 GiB");
        [&[VERSION], &nonce[..], &sealed].concat()
    }

    /// Opens what was sealed for the same purpose.
    pub(crate) fn open_for(&self, purpose: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (head, ciphertext) = sealed.split_at_checked(1 + NONCE_LEN).ok_or(VaultError::WrongKey)?;
        if head[0] != VERSION {
            return Err(VaultError::WrongKey);
        }
        let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| VaultError::WrongKey)?;
        let mut secret = ciphertext.to_vec();
        let opened = self.key.open_in_place(nonce, Aad::from(purpose), &mut secret);
        Ok(opened.map_err(|_| VaultError::WrongKey)?.to_vec())
    }
}

fn generated_path(data_folder: &Path) -> PathBuf {
    let mut name = data_folder.as_os_str().to_owned();
    name.push(".master-key");
    PathBuf::from(name)
}

// The key's file is not in the data folder, so it is no business of `host::Disk`.
#[allow(clippy::disallowed_methods, reason = "the master key lies outside the data folder")]
fn read(path: &Path) -> io::Result<String> {
    String::from_utf8(std::fs::read(path)?).map_err(|_| io::Error::other("it is not text"))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    // Written under another name first: a key that is there is whole. Secrets sealed with it are durable soon, so it
    // must be durable before.
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    io::Write::write_all(&mut file, format!("{text}\n").as_bytes())?;
    file.sync_all()?;
    // Unlike a rename, a link never replaces a key that another start has just made.
    std::fs::hard_link(&unfinished, path)?;
    std::fs::remove_file(&unfinished)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        let text = STANDARD.encode([byte; KEY_BYTES]);
        Vault::from_text(&text, "a test").expect("a key")
    }

    #[test]
    fn opens_with_the_same_key_only() {
        let sealed = vault(1).seal(b"secret");
        assert_eq!(vault(1).open(&sealed).expect("same key"), b"secret");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(sealed, vault(1).seal(b"secret"), "a nonce each");
        assert!(matches!(vault(2).open(&sealed), Err(VaultError::WrongKey)));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault(1).open(&changed).is_err(), "byte {index}");
            assert!(vault(1).open(&sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn the_key_is_made_once_beside_the_folder_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let source = MasterKeySource { env: None, file: None, data_folder: &data };
        let (first, warning) = Vault::load(source).expect("made");
        assert!(warning.expect("a warning").contains("data.master-key"));
        let (second, warning) = Vault::load(source).expect("found");
        assert!(warning.is_none());
        assert_eq!(second.open(&first.seal(b"x")).expect("the same key"), b"x");
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(folder.path().join("data.master-key")).expect("it is there").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the test makes files by hand")]
    fn a_lost_key_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let key = folder.path().join("data.master-key");
        std::fs::write(folder.path().join("data.master-key.unfinished"), "half").expect("left by a crash");
        let source = MasterKeySource { env: None, file: None, data_folder: &data };
        Vault::load(source).expect("made");
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1, "only the key");
        std::fs::create_dir(&data).expect("a data folder");
        std::fs::write(data.join("catalog.sqlite"), "").expect("a catalog");
        Vault::load(source).expect("found");
        std::fs::remove_file(&key).expect("lost");
        let error = Vault::load(source).err().expect("refused");
        assert!(matches!(&error, VaultError::Missing { path } if *path == key), "{error}");
        assert!(!key.exists());
    }

    #[test]
    fn a_named_key_must_be_there_and_be_one() {
        let absent = Path::new("/nonexistent/key");
        let source = MasterKeySource { env: None, file: Some(absent), data_folder: Path::new("/nonexistent/data") };
        assert!(matches!(Vault::load(source), Err(VaultError::File { .. })));
        let source = MasterKeySource { env: Some("c2hvcnQ="), ..source };
        let error = Vault::load(source).err().expect("too short").to_string();
        assert!(error.contains("CAIRN_MASTER_KEY"), "{error}");
    }
}
