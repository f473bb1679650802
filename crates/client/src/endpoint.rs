//! Where a node is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// `http://HOST[:PORT]` or `https://HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    host: String,
    is_loopback: bool,
}

/// The text is not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not an endpoint ({reason}); write http://HOST:PORT or https://HOST:PORT")]
pub struct InvalidEndpoint {
    /// What was given, cut to 200 characters.
    pub value: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Endpoint {
    /// The value of the `Host` header, which is signed.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// A URL at this endpoint.
    pub(crate) fn url(&self, path: &str, query: &str) -> String {
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{}{path}{separator}{query}", self.base)
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let refused = |reason| InvalidEndpoint { value: text.chars().take(200).collect(), reason };
        let url = reqwest::Url::parse(text).map_err(|_| refused("not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("neither http nor https"));
        }
        // The path is part of the signature, so a proxy that takes a prefix away would break every request.
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refused("more than a host and a port"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it holds a user name; an access key goes into a profile or the environment"));
        }
        let name = url.host_str().ok_or_else(|| refused("no host"))?;
        // A port that is the scheme's own is left out by every HTTP client, so it is not signed either.
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let address: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
        let is_loopback = name == "localhost" || address.is_some_and(|address| address.is_loopback());
        Ok(Endpoint { base: format!("{}://{host}", url.scheme()), host, is_loopback })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_host_and_a_port_and_nothing_else() {
        let hosts = [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("http://127.0.0.1:80/", "127.0.0.1", true),
            ("https://Audit.example.com", "audit.example.com", false),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://localhost:1", "localhost:1", true),
        ];
        for (text, host, is_loopback) in hosts {
            let endpoint: Endpoint = text.parse().expect(text);
            assert_eq!((endpoint.host(), endpoint.is_loopback()), (host, is_loopback), "{text}");
        }
        for bad in ["127.0.0.1:8080", "ftp://host", "http://host/prefix", "http://me:pass@host", "http://host?a=b", ""]
        {
            let error = bad.parse::<Endpoint>().expect_err(bad);
            assert!(error.to_string().contains("write http://HOST:PORT"), "{error}");
        }
    }
}
