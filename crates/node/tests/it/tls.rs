//! HTTPS, and a certificate that is renewed while the node runs.

use std::path::Path;
use std::sync::Arc;

use node::{Node, TlsError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::http::{config, get_over};

// Made for these tests, valid for a hundred years: two authorities, each with a certificate for 127.0.0.1.
const FIRST: Pair = Pair {
    authority: include_bytes!("tls/first-authority.pem"),
    certificate: include_bytes!("tls/first.pem"),
    key: include_bytes!("tls/first.key"),
};
const SECOND: Pair = Pair {
    authority: include_bytes!("tls/second-authority.pem"),
    certificate: include_bytes!("tls/second.pem"),
    key: include_bytes!("tls/second.key"),
};

struct Pair {
    authority: &'static [u8],
    certificate: &'static [u8],
    key: &'static [u8],
}

impl Pair {
    #[allow(clippy::disallowed_methods, reason = "a test writes its files")]
    fn install(&self, folder: &Path) {
        std::fs::write(folder.join("tls.pem"), self.certificate).expect("written");
        std::fs::write(folder.join("tls.key"), self.key).expect("written");
    }

    /// Status of `/healthz` for a client that trusts this pair's authority only.
    async fn healthy(&self, address: std::net::SocketAddr) -> Result<u16, std::io::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority).expect("a certificate")).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider's own versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let stream = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        Ok(get_over(stream, "/healthz").await.0)
    }
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::disallowed_methods, reason = "a test writes its files")]
async fn a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    FIRST.install(folder.path());
    let (certificate, key) = (path("tls.pem"), path("tls.key"));
    let variables = [("CAIRN_TLS_CERTIFICATE", certificate.as_str()), ("CAIRN_TLS_KEY", key.as_str())];
    let node = Node::start(&config(&folder.path().join("data"), &variables)).await.expect("starts");
    assert!(node.endpoint().starts_with("https://127.0.0.1:"));
    assert_eq!(FIRST.healthy(node.address()).await.expect("trusted"), 200);
    assert!(SECOND.healthy(node.address()).await.is_err());

    SECOND.install(folder.path());
    node.reload_certificate().await.expect("readable");
    assert_eq!(SECOND.healthy(node.address()).await.expect("trusted"), 200);

    std::fs::write(folder.path().join("tls.pem"), "not a certificate").expect("written");
    assert!(matches!(node.reload_certificate().await, Err(TlsError::NoCertificate { .. })));
    std::fs::write(folder.path().join("tls.pem"), FIRST.certificate).expect("written");
    assert!(matches!(node.reload_certificate().await, Err(TlsError::Unusable { .. })), "it has another key");
    assert_eq!(SECOND.healthy(node.address()).await.expect("the last good one stays"), 200);
    node.stop().await;
}
