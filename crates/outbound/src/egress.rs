//! Which addresses connections may go to, checked after names are resolved, so a name cannot lead around the rule.
//!
//! A bucket's URL is written by whoever may create buckets. Without this, a tenant could make the node speak to the
//! cloud's metadata service, which hands out the machine's own credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The rules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Egress {
    pub(crate) allow_loopback: bool,
    /// The setting an operator changes to allow it, told with a refusal.
    pub(crate) loopback_setting: &'static str,
}

/// An address connections may not go to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connections to {address} are not allowed ({reason})")]
pub(crate) struct Forbidden {
    address: IpAddr,
    reason: String,
}

/// Metadata services outside the link-local ranges: Alibaba Cloud's, and AWS's over IPv6.
const METADATA: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254))];

impl Egress {
    pub(crate) fn check(self, address: IpAddr) -> Result<(), Forbidden> {
        let address = address.to_canonical();
        let (is_link_local, is_broadcast) = match address {
            IpAddr::V4(v4) => (v4.is_link_local(), v4.is_broadcast()),
            IpAddr::V6(v6) => (v6.is_unicast_link_local(), false),
        };
        let reason = if is_link_local || METADATA.contains(&address) {
            "a link-local or metadata address".to_owned()
        } else if address.is_unspecified() || address.is_multicast() || is_broadcast {
            "not the address of one machine".to_owned()
        } else if address.is_loopback() && !self.allow_loopback {
            format!("this machine's own address; the operator can allow it with {}", self.loopback_setting)
        } else {
            return Ok(());
        };
        Err(Forbidden { address, reason })
    }

    /// The same of a URL; gives the address that stands in it. A name is checked when it is resolved.
    pub(crate) fn check_url(self, url: &Url) -> Result<Option<IpAddr>, Forbidden> {
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        address.map_or(Ok(()), |address| self.check(address))?;
        Ok(address)
    }
}

/// Resolves names as the machine does and drops what the rules forbid. `localhost` and the names below it are this
/// machine without asking anybody (RFC 6761, section 6.3), so `bucket.localhost` works where no resolver knows it.
#[derive(Debug)]
pub(crate) struct GuardedResolver {
    pub(crate) egress: Egress,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.egress;
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<SocketAddr> = if name == "localhost" || name.ends_with(".localhost") {
                vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()]
            } else {
                tokio::net::lookup_host((name, 0)).await?.collect()
            };
            let mut refused = None;
            let mut allowed = Vec::with_capacity(found.len());
            for address in found {
                match egress.check(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(forbidden) => refused = Some(forbidden),
                }
            }
            match refused {
                Some(forbidden) if allowed.is_empty() => Err(forbidden.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_out_of_reach_and_loopback_is_the_operators_choice() {
        let open = Egress { allow_loopback: true, loopback_setting: "outbound.allow_loopback" };
        let closed = Egress { allow_loopback: false, ..open };
        let verdict = |egress: Egress, text: &str| egress.check(text.parse().expect("an address")).is_ok();
        for never in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "100.100.100.200",
            "fd00:ec2::254",
            "fe80::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!verdict(open, never), "{never}");
        }
        for loopback in ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(verdict(open, loopback), "{loopback}");
            assert!(!verdict(closed, loopback), "{loopback}");
        }
        for usual in ["10.0.0.7", "192.168.1.1", "203.0.113.9", "2001:db8::1"] {
            assert!(verdict(closed, usual), "{usual}");
        }
    }

    #[tokio::test]
    async fn names_below_localhost_are_this_machine_unless_that_is_refused() {
        let loopback_setting = "outbound.allow_loopback";
        let resolve = |allow_loopback| GuardedResolver { egress: Egress { allow_loopback, loopback_setting } };
        let name = || "audit-logs.localhost".parse::<Name>().expect("a name");
        let found: Vec<_> = resolve(true).resolve(name()).await.map(Iterator::collect).expect("allowed");
        assert_eq!(found, [SocketAddr::from(([127, 0, 0, 1], 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))]);
        let refused = resolve(false).resolve(name()).await.err().expect("refused");
        assert!(refused.to_string().contains("outbound.allow_loopback"), "{refused}");
    }
}
