//! Addresses: parts of URLs, and IP networks. What needs a map of the world is not here.

use std::net::IpAddr;

use ipnet::IpNet;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::row_wise::{Cell, Kind, Outcome, RowFunction, function, text};

use Kind::{Boolean, Long, Text};

/// The family.
pub(crate) const FUNCTIONS: &[RowFunction] = &[
    function("url_extract_protocol", &[Text], Text, |args| part(args, |url| Some(url.protocol))),
    function("url_extract_host", &[Text], Text, |args| part(args, |url| Some(url.host))),
    function("url_extract_port", &[Text], Long, |args| {
        Ok(Url::parse(args[0].text()).and_then(|url| url.port?.parse().ok()).map(Cell::Long))
    }),
    function("url_extract_path", &[Text], Text, |args| part(args, |url| Some(url.path))),
    function("url_extract_query", &[Text], Text, |args| part(args, |url| url.query)),
    function("url_extract_fragment", &[Text], Text, |args| part(args, |url| url.fragment)),
    function("url_extract_parameter", &[Text, Text], Text, |args| {
        let Some(query) = Url::parse(args[0].text()).and_then(|url| url.query) else { return Ok(None) };
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let found = pairs.into_iter().find(|(key, _)| decoded(key) == args[1].text());
        found.map_or(Ok(None), |(_, value)| text(decoded(value)))
    }),
    function("url_encode", &[Text], Text, |args| {
        text(utf8_percent_encode(args[0].text(), ENCODED).to_string().replace("%20", "+"))
    }),
    function("url_decode", &[Text], Text, |args| text(decoded(args[0].text()))),
    function("is_subnet_of", &[Text, Text], Boolean, |args| {
        let net = network(args[0].text())?;
        Ok(args[1].text().trim().parse::<IpAddr>().ok().map(|address| Cell::Boolean(net.contains(&address))))
    }),
    function("is_prefix_subnet_of", &[Text, Text], Boolean, |args| {
        let net = network(args[0].text())?;
        Ok(args[1].text().trim().parse::<IpNet>().ok().map(|other| Cell::Boolean(net.contains(&other))))
    }),
    function("ip_prefix", &[Text, Long], Text, |args| {
        let Ok(address) = args[0].text().trim().parse::<IpAddr>() else { return Ok(None) };
        let length = u8::try_from(args[1].long()).ok().and_then(|length| IpNet::new(address, length).ok());
        let net = length.ok_or_else(|| format!("{} is not a prefix length of {address}", args[1].long()))?;
        text(net.trunc().to_string())
    }),
    function("ip_subnet_min", &[Text], Text, |args| {
        network(args[0].text()).and_then(|net| text(net.network().to_string()))
    }),
    function("ip_subnet_max", &[Text], Text, |args| {
        network(args[0].text()).and_then(|net| text(net.broadcast().to_string()))
    }),
    function("is_ip_address", &[Text], Boolean, |args| {
        Ok(Some(Cell::Boolean(args[0].text().trim().parse::<IpAddr>().is_ok())))
    }),
    function("is_private_ip", &[Text], Boolean, |args| {
        let is_private = |address: IpAddr| match address {
            IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
            IpAddr::V6(address) => {
                address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
            }
        };
        Ok(args[0].text().trim().parse().ok().map(|address| Cell::Boolean(is_private(address))))
    }),
];

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*');

fn decoded(value: &str) -> String {
    percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn network(value: &str) -> Result<IpNet, String> {
    value.trim().parse().map_err(|_| format!("{value:?} is not a network such as 192.168.0.0/16"))
}

fn part(args: &[Cell<'_>], part: impl for<'u> Fn(Url<'u>) -> Option<&'u str>) -> Outcome {
    match Url::parse(args[0].text()).and_then(part) {
        Some(found) => text(found),
        None => Ok(None),
    }
}

struct Url<'u> {
    protocol: &'u str,
    host: &'u str,
    port: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
    fragment: Option<&'u str>,
}

impl<'u> Url<'u> {
    fn parse(url: &'u str) -> Option<Url<'u>> {
        let (protocol, rest) = url.split_once("://")?;
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
            _ => (authority, None),
        };
        Some(Url { protocol, host, port, path, query, fragment })
    }
}
