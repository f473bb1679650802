//! A request as the rest of the gateway sees it: collected, decoded, placed and numbered.
//!
//! Everything that depends on HTTP ends here. The signature is checked on the raw query and body; operations read the
//! decoded parameters, query and form merged. Nothing in it is trusted: who called is decided later.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use api::{Format, Given};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use host::{Clock, Random};
use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http::request::Parts as HttpParts;
use http_body_util::BodyExt;
use identity::SignedRequest;
use model::Timestamp;
use model::region::{DEFAULT_REGION, is_region};

use crate::config::Config;

/// Who is at the other end of the connection; the server puts it into each request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

/// The region a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRegion {
    pub(crate) id: String,
    /// Whether the request named it, by host name or parameter.
    pub(crate) named: bool,
}

/// One request.
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) received: Timestamp,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) given: Given,
    pub(crate) format: Format,
    pub(crate) host: String,
    pub(crate) region: RequestRegion,
    pub(crate) source: Option<IpAddr>,
    pub(crate) secure: bool,
}

impl Request {
    /// Puts a request together. `body` is what was read of it so far; only a form is looked into.
    pub(crate) fn new(http: &HttpParts, body: Bytes, config: &Config, clock: &dyn Clock, random: &dyn Random) -> Self {
        let text = |name| http.headers.get(name).and_then(|value| value.to_str().ok());
        let query = http.uri.query().unwrap_or_default();
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if text(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            pairs.extend(form_urlencoded::parse(&body).into_owned());
        }
        let given = Given::new(pairs);
        // HTTP/2 names the host in the address and not in a header.
        let authority = http.uri.authority().map(|authority| authority.as_str());
        let host = text(HOST).or(authority).unwrap_or_default().to_owned();
        let headers = http
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let mut headers: Vec<_> = headers.collect();
        if !headers.iter().any(|(name, _)| name == "host") {
            headers.push(("host".into(), host.clone()));
        }
        let peer = http.extensions.get::<Peer>().copied();
        let (source, secure) = seen_from(peer, &headers, config);
        Request {
            id: random.uuid(),
            received: clock.now(),
            method: http.method.as_str().to_owned(),
            path: http.uri.path().to_owned(),
            query: query.to_owned(),
            body,
            format: wanted_format(&given, text(ACCEPT)),
            region: region(&host, &given),
            headers,
            given,
            host,
            source,
            secure,
        }
    }

    /// What the signature is checked on.
    pub(crate) fn signed(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// What the client calls itself.
    pub(crate) fn user_agent(&self) -> &str {
        self.header(USER_AGENT.as_str()).unwrap_or_default()
    }

    /// The operation asked for and its version. ACS3 clients name both in signed headers; legacy ones in parameters,
    /// and send headers of the same names that are not signed.
    pub(crate) fn operation(&self) -> (Option<&str>, Option<&str>) {
        let by_header = self.header("authorization").is_some_and(|value| value.starts_with("ACS3-"));
        let named = |header: &str, parameter: &str| {
            let from_header = self.header(header).filter(|_| by_header);
            from_header.or_else(|| self.given.get(parameter)).filter(|value| !value.is_empty())
        };
        (named("x-acs-action", "Action"), named("x-acs-version", "Version"))
    }
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFault {
    TooLarge,
    TooSlow,
    Broken,
}

/// Reads a body of at most `bytes_max` within `patience`.
pub(crate) async fn collect(mut body: Body, bytes_max: usize, patience: Duration) -> Result<Bytes, BodyFault> {
    let read_all = async {
        let mut first = None;
        let mut all = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyFault::Broken)?.into_data() else { continue };
            let length = data.len() + all.len() + first.as_ref().map_or(0, Bytes::len);
            if length > bytes_max {
                return Err(BodyFault::TooLarge);
            }
            // A body that comes in one piece, as small ones do, is not copied.
            match first.take() {
                None if all.is_empty() => first = Some(data),
                earlier => {
                    all.extend_from_slice(&earlier.unwrap_or_default());
                    all.extend_from_slice(&data);
                }
            }
        }
        Ok(first.unwrap_or_else(|| all.freeze()))
    };
    tokio::time::timeout(patience, read_all).await.unwrap_or(Err(BodyFault::TooSlow))
}

/// `Format`, else what the client accepts, else JSON.
fn wanted_format(given: &Given, accept: Option<&str>) -> Format {
    match given.get("Format") {
        Some(format) if format.eq_ignore_ascii_case("xml") => Format::Xml,
        Some(format) if !format.is_empty() => Format::Json,
        _ => {
            let accept = accept.unwrap_or_default();
            let xml_only = accept.contains("xml") && !accept.contains("json") && !accept.contains("*/*");
            if xml_only { Format::Xml } else { Format::Json }
        }
    }
}

/// The region in a host name like `actiontrail.<region>.…` or `actiontrail-vpc.<region>.…`, else `RegionId`.
fn region(host: &str, given: &Given) -> RequestRegion {
    let mut labels = host.split('.');
    let service = labels.next().unwrap_or_default();
    let by_host =
        labels.next().filter(|label| matches!(service, "actiontrail" | "actiontrail-vpc") && is_region(label));
    let plausible = |id: &&str| {
        (2..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    match by_host.or_else(|| given.get("RegionId").filter(plausible)) {
        Some(id) => RequestRegion { id: id.to_owned(), named: true },
        None => RequestRegion { id: DEFAULT_REGION.to_owned(), named: false },
    }
}

/// The caller's address and whether its side of the connection is encrypted: the peer's, or what trusted proxies say.
fn seen_from(peer: Option<Peer>, headers: &[(String, String)], config: &Config) -> (Option<IpAddr>, bool) {
    let Some(peer) = peer else { return (None, false) };
    let trusted = |address: &IpAddr| config.trusted_proxies.iter().any(|network| network.contains(address));
    let peer_address = peer.address.ip().to_canonical();
    if !trusted(&peer_address) {
        return (Some(peer_address), peer.secure);
    }
    let values = |wanted: &'static str| headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value);
    // Each proxy appends who it saw, so the first from the right that is none of ours is the last honest word.
    let hops: Vec<&str> = values("x-forwarded-for").flat_map(|list| list.split(',')).map(str::trim).collect();
    let mut source = peer_address;
    for hop in hops.iter().rev() {
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        source = address.to_canonical();
        if !trusted(&source) {
            break;
        }
    }
    let secure = values("x-forwarded-proto").next_back().map_or(peer.secure, |scheme| scheme.trim() == "https");
    (Some(source), secure)
}

#[cfg(test)]
mod tests;
