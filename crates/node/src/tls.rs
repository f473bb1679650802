//! HTTPS: the certificate chain and its key, which can be read again while the node runs.

mod expiry;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use model::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file is not there, or may not be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The disk's words.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no private key.
    #[error("{} holds no private key in PEM (-----BEGIN PRIVATE KEY-----)", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The two do not go together, or are of a kind that is not supported.
    #[error("the certificate {} cannot be used with the key {}", certificate.display(), key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// The library's words.
        #[source]
        source: rustls::Error,
    },
}

/// The certificate in use. New connections get the one read last.
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    in_use: RwLock<InUse>,
}

#[derive(Clone)]
struct InUse {
    config: Arc<ServerConfig>,
    /// The end of the first certificate of the chain.
    expires: Option<Timestamp>,
}

impl Tls {
    pub(crate) async fn read(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        let in_use = RwLock::new(read_both(certificate, key).await?);
        Ok(Tls { certificate: certificate.to_owned(), key: key.to_owned(), in_use })
    }

    /// Reads the files again. When they cannot be used, the certificate in use stays.
    pub(crate) async fn reload(&self) -> Result<(), TlsError> {
        let fresh = read_both(&self.certificate, &self.key).await?;
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).config.clone().into()
    }

    /// The same certificate for PostgreSQL clients, which name another protocol in the handshake.
    #[cfg(feature = "sql")]
    pub(crate) fn postgres_acceptor(&self) -> TlsAcceptor {
        let mut config = ServerConfig::clone(&self.in_use.read().unwrap_or_else(PoisonError::into_inner).config);
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Arc::new(config).into()
    }

    /// When the certificate in use expires, if it could be read.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        self.in_use.read().unwrap_or_else(PoisonError::into_inner).expires
    }
}

async fn read_both(certificate: &Path, key: &Path) -> Result<InUse, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read(certificate).await?)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::NoCertificate { path: certificate.to_owned() })?;
    let Some(first) = chain.first() else { return Err(TlsError::NoCertificate { path: certificate.to_owned() }) };
    let expires = expiry::not_after(first);
    let private =
        PrivateKeyDer::from_pem_slice(&read(key).await?).map_err(|_| TlsError::NoKey { path: key.to_owned() })?;
    let unusable = |source| TlsError::Unusable { certificate: certificate.to_owned(), key: key.to_owned(), source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(unusable)?.with_no_client_auth();
    let mut config = builder.with_single_cert(chain, private).map_err(unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(InUse { config: Arc::new(config), expires })
}

async fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    tokio::fs::read(path).await.map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
