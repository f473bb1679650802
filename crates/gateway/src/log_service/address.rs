//! Where a request goes: the project is in the host name, or in the path for clients without wildcard DNS.

use std::net::IpAddr;

use model::region::{DEFAULT_REGION, is_region};

use crate::request::RequestRegion;

/// Paths below this name their project first.
const PREFIX: &str = "/sls/";

/// Project, region and path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// None on the bare endpoint.
    pub(super) project: Option<String>,
    /// The path behind the prefix.
    pub(super) path: String,
    /// Whether the client may have signed the path without its prefix: where the host, which version 4 signs, names no
    /// project that could be meant in its place.
    pub(super) may_leave_out_prefix: bool,
    region: Option<String>,
}

/// Whether the path names its project.
pub(super) fn is_prefixed(path: &str) -> bool {
    path.starts_with(PREFIX)
}

impl Address {
    /// `bases` are the names clients use for the bare endpoint.
    pub(super) fn of(host: &str, path: &str, bases: &[String]) -> Address {
        let host = without_port(host).to_ascii_lowercase();
        let region = host.split('.').find(|label| is_region(label)).map(str::to_owned);
        if let Some(rest) = path.strip_prefix(PREFIX) {
            let (project, path) = rest.split_once('/').unwrap_or((rest, ""));
            let project = Some(project.to_owned()).filter(|project| !project.is_empty());
            let may_leave_out_prefix = project_of(&host, bases).is_none();
            return Address { project, path: format!("/{path}"), may_leave_out_prefix, region };
        }
        Address { project: project_of(&host, bases), path: path.to_owned(), may_leave_out_prefix: false, region }
    }

    pub(super) fn region(&self) -> RequestRegion {
        let id = self.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned());
        RequestRegion { id, named: self.region.is_some() }
    }
}

fn project_of(host: &str, bases: &[String]) -> Option<String> {
    for base in bases {
        let base = base.to_ascii_lowercase();
        if host == base {
            return None;
        }
        if let Some(project) = host.strip_suffix(&base).and_then(|rest| rest.strip_suffix('.')) {
            return Some(project.to_owned()).filter(|project| !project.is_empty());
        }
    }
    let is_address = host.parse::<IpAddr>().is_ok() || host.starts_with('[');
    let (first, rest) = host.split_once('.')?;
    // `cn-hangzhou.log.aliyuncs.com`, `cn-hangzhou-intranet.log.aliyuncs.com`: the bare endpoint of a region.
    let of_region = ["", "-intranet", "-internal", "-share", "-vpc"]
        .iter()
        .any(|suffix| first.strip_suffix(suffix).is_some_and(is_region));
    (!is_address && !of_region && !rest.is_empty()).then(|| first.to_owned())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_the_first_label_or_in_the_path() {
        let bases = vec!["sls.example.com".to_owned()];
        for (host, path, project, rest, region) in [
            ("p.cn-shanghai.log.aliyuncs.com", "/logstores", Some("p"), "/logstores", "cn-shanghai"),
            ("cn-shanghai.log.aliyuncs.com", "/", None, "/", "cn-shanghai"),
            ("cn-shanghai-intranet.log.aliyuncs.com", "/", None, "/", DEFAULT_REGION),
            ("p.sls.example.com:8080", "/logs", Some("p"), "/logs", DEFAULT_REGION),
            ("sls.example.com", "/", None, "/", DEFAULT_REGION),
            ("p.127.0.0.1", "/", Some("p"), "/", DEFAULT_REGION),
            ("127.0.0.1:8080", "/", None, "/", DEFAULT_REGION),
            ("[::1]:8080", "/", None, "/", DEFAULT_REGION),
            ("localhost", "/", None, "/", DEFAULT_REGION),
            ("p.localhost:80", "/", Some("p"), "/", DEFAULT_REGION),
            ("127.0.0.1:8080", "/sls/p/logstores/a", Some("p"), "/logstores/a", DEFAULT_REGION),
            ("q.localhost", "/sls/p", Some("p"), "/", DEFAULT_REGION),
            ("q.localhost", "/sls/", None, "/", DEFAULT_REGION),
        ] {
            let address = Address::of(host, path, &bases);
            assert_eq!(address.project.as_deref(), project, "{host} {path}");
            assert_eq!((address.path.as_str(), address.region().id.as_str()), (rest, region), "{host} {path}");
        }
    }
}
