//! Where a server is said to be: a scheme, a host and perhaps a port, and nothing behind them.
//!
//! Endpoints of buckets and of projects are written by tenants. What is read here is encrypted unless its settings say
//! otherwise, and no address the egress rules forbid; names are checked when they are resolved.

use std::net::IpAddr;

use reqwest::Url;

use crate::egress::Egress;

/// What an endpoint may be, with the words of a refusal.
pub(crate) struct Allowed {
    /// What one looks like.
    pub(crate) example: &'static str,
    pub(crate) plain_http: bool,
    /// The setting that allows plain HTTP.
    pub(crate) plain_http_setting: &'static str,
    pub(crate) egress: Egress,
}

/// An endpoint that is allowed.
pub(crate) struct Origin {
    url: Url,
    pub(crate) host: String,
    /// The host, if it is an address and no name.
    pub(crate) address: Option<IpAddr>,
    wrong: String,
}

impl Origin {
    /// Reads an endpoint. Without a scheme it is `https`.
    pub(crate) fn parse(given: &str, allowed: &Allowed) -> Result<Origin, String> {
        let wrong = format!("endpoint {given:?} must look like {}", allowed.example);
        let full = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
        // The parser the client uses, because it has its own idea of what is an address: `0x7f.1` is one.
        let url: Url = full.parse().map_err(|_| wrong.clone())?;
        let host = url.host_str().ok_or_else(|| wrong.clone())?.to_owned();
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            return Err(wrong);
        }
        match url.scheme() {
            "https" => {}
            "http" if allowed.plain_http => {}
            "http" => {
                let setting = allowed.plain_http_setting;
                return Err(format!("endpoint {given:?} is not encrypted; use https:// or set {setting}"));
            }
            _ => return Err(wrong),
        }
        let address = allowed.egress.check_url(&url).map_err(|forbidden| forbidden.to_string())?;
        Ok(Origin { url, host, address, wrong })
    }

    /// As a URL without its last slash.
    pub(crate) fn text(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }

    /// The same with a name in front of the host.
    pub(crate) fn below(mut self, name: &str) -> Result<Origin, String> {
        self.host = format!("{name}.{}", self.host);
        self.url.set_host(Some(&self.host)).map_err(|_| self.wrong.clone())?;
        Ok(self)
    }

    /// The host, with the port if one is written.
    pub(crate) fn host_and_port(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", self.host)
    }
}
