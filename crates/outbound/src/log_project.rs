//! Projects of Log Service outside this node: logs are written through PutLogs, one attempt a call.
//!
//! A group is protobuf, compressed with LZ4, signed with version 4 when the settings name a region and with version 1
//! otherwise. The answer is a status, a code and a message; there is nothing that tells whether logs of a call without an
//! answer arrived.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use host::{Clock, Secret};
use model::Timestamp;
use prost::Message;
use serde::{Deserialize, Serialize};
use sls::{Compression, Content, Credentials, Log, LogGroup, Unsigned};

use crate::LogError;
use crate::egress::{Egress, Forbidden};
use crate::error::one_line;
use crate::origin::{Allowed, Origin};
use crate::settings::{exposed, exposed_one};

/// The topic of every event.
const TOPIC: &str = "actiontrail_audit_event";
/// The one key of every log.
const KEY: &str = "event";
/// Bytes kept of an error answer; Log Service's have some hundred.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;

/// How a project is reached. Sealed in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogProjectSettings {
    /// `cn-hangzhou.log.aliyuncs.com`, or with `https://`; the project's name is put in front of the host.
    pub endpoint: String,
    /// For signatures of version 4.
    #[serde(default)]
    pub region: Option<String>,
    /// Who writes.
    pub access_key_id: String,
    /// That key's secret.
    #[serde(with = "exposed_one")]
    pub access_key_secret: Secret<String>,
    /// Of temporary credentials.
    #[serde(default, with = "exposed", skip_serializing_if = "Option::is_none")]
    pub session_token: Option<Secret<String>>,
    /// Whether the endpoint may be plain HTTP.
    #[serde(default)]
    pub allow_http: bool,
    /// Whether the connection goes to the endpoint's own host, and only the Host header names the project: for an
    /// endpoint that is an address.
    #[serde(default)]
    pub host_header: bool,
}

/// A project that can be written to.
#[derive(Clone)]
pub struct LogProject {
    name: String,
    settings: Arc<LogProjectSettings>,
    /// Where connections go, without a path.
    origin: String,
    /// The Host header.
    host: String,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for LogProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogProject({} at {})", self.name, self.origin)
    }
}

impl LogProject {
    pub(crate) fn new(
        name: &str,
        settings: &LogProjectSettings,
        egress: Egress,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Result<LogProject, LogError> {
        let invalid = |reason: String| LogError::Invalid { project: name.to_owned(), reason };
        let (origin, host) = address(name, settings, egress).map_err(invalid)?;
        let in_header = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let token = settings.session_token.as_ref().map(|token| token.expose().as_str());
        if !in_header(&settings.access_key_id) || token.is_some_and(|token| !in_header(token)) {
            return Err(invalid("the access key id and token must be printable ASCII without spaces".to_owned()));
        }
        Ok(LogProject { name: name.to_owned(), settings: Arc::new(settings.clone()), origin, host, http, clock })
    }

    /// Writes events, each with its time and JSON, to a Logstore. At most 4,096 and 3 MiB at once. After an error they may be
    /// there or not.
    pub async fn put(&self, logstore: &str, events: Vec<(Timestamp, Bytes)>) -> Result<(), LogError> {
        let request = self.request(logstore, events)?;
        let url = format!("{}{}", self.origin, request.path);
        let mut sent = self.http.post(url);
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        let answer = sent.body(request.body).send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let body = answer.bytes().await.unwrap_or_default();
        Err(self.refused(status.as_u16(), &body[..body.len().min(REFUSAL_BYTES_MAX)]))
    }

    fn request(&self, logstore: &str, events: Vec<(Timestamp, Bytes)>) -> Result<Unsigned, LogError> {
        let log = |(time, json): (Timestamp, Bytes)| Log {
            time: u32::try_from(time.0.div_euclid(1000)).unwrap_or_default(),
            contents: vec![Content { key: KEY.to_owned(), value: json }],
            time_ns: Some(u32::try_from(time.0.rem_euclid(1000) * 1_000_000).unwrap_or_default()),
        };
        let group = LogGroup {
            logs: events.into_iter().map(log).collect(),
            topic: Some(TOPIC.to_owned()),
            source: None,
            log_tags: Vec::new(),
        };
        let plain = group.encode_to_vec();
        let body = Compression::Lz4.compress(&plain).map_err(|error| LogError::Invalid {
            project: self.name.clone(),
            reason: format!("the logs could not be compressed: {error}"),
        })?;
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut request = Unsigned {
            method: "POST",
            path: format!("/logstores/{logstore}/shards/lb"),
            query: Vec::new(),
            headers: vec![
                header("host", &self.host),
                header("content-type", "application/x-protobuf"),
                header("x-log-apiversion", "0.6.0"),
                header("x-log-bodyrawsize", &plain.len().to_string()),
                header("x-log-compresstype", Compression::Lz4.name()),
            ],
            body: body.into(),
        };
        let credentials = Credentials {
            access_key_id: &self.settings.access_key_id,
            access_key_secret: self.settings.access_key_secret.expose(),
            security_token: self.settings.session_token.as_ref().map(|token| token.expose().as_str()),
        };
        let now = self.clock.now();
        match &self.settings.region {
            Some(region) => sls::signature::v4::sign(&mut request, &credentials, region, now),
            None => sls::signature::v1::sign(&mut request, &credentials, now),
        }
        Ok(request)
    }

    fn unreachable(&self, error: &reqwest::Error) -> LogError {
        let project = self.name.clone();
        let mut innermost: &dyn std::error::Error = error;
        while let Some(cause) = innermost.source() {
            if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
                return LogError::Invalid { project, reason: forbidden.to_string() };
            }
            innermost = cause;
        }
        let cause = if error.is_timeout() { "no answer in time".to_owned() } else { one_line(&innermost.to_string()) };
        LogError::Unreachable { project, cause }
    }

    fn refused(&self, status: u16, body: &[u8]) -> LogError {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            error_code: String,
            error_message: String,
        }
        let (code, message) = match serde_json::from_slice::<Answer>(body) {
            Ok(answer) => (one_line(&answer.error_code), one_line(&answer.error_message)),
            Err(_) => (format!("HTTP status {status}"), one_line(&String::from_utf8_lossy(body))),
        };
        LogError::Refused { project: self.name.clone(), status, code, message }
    }
}

/// Where connections go and what the Host header says.
fn address(name: &str, settings: &LogProjectSettings, egress: Egress) -> Result<(String, String), String> {
    let given = &settings.endpoint;
    let allowed = Allowed {
        example: "cn-hangzhou.log.aliyuncs.com or https://host:port",
        plain_http: settings.allow_http,
        plain_http_setting: "AllowHttp",
        egress,
    };
    let endpoint = Origin::parse(given, &allowed)?;
    if settings.host_header {
        return Ok((endpoint.text(), format!("{name}.{}", endpoint.host_and_port())));
    }
    if endpoint.address.is_some() {
        return Err(format!("endpoint {given:?} is an address; set HostHeader to true"));
    }
    let named = endpoint.below(name)?;
    Ok((named.text(), named.host_and_port()))
}

#[cfg(test)]
mod tests;
