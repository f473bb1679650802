//! The client: one endpoint, one identity, any number of calls.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use api::{Access, OperationId, Service};
use bytes::{Bytes, BytesMut};
use model::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::acs3::{Signable, encoded_query, sha256_hex};
use crate::call::{Call, Encoding, EventsQuery, MediaType};
use crate::reply::{EventsPage, LookupPage, PutReply, Reply, Streamed};
use crate::retry::{Attempts, Patience};
use crate::{ClientError, Credentials, Endpoint, Refusal};

/// To reach the server's port; on a healthy network this takes milliseconds.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// For a whole attempt: the longest is a tail that waits 30 s, or 10 MiB over a slow line.
const ATTEMPT_PATIENCE: Duration = Duration::from_secs(120);
/// For the rows of a query: as long as somebody looks at them, but not for ever.
const QUERY_PATIENCE: Duration = Duration::from_secs(3600);
/// Bytes of an answer. A page of events is cut at 8 MiB; twice that leaves room for one event and its wrapping.
const REPLY_BYTES_MAX: usize = 32 << 20;
/// How much of an answer that is not Cairn's is shown.
const EXCERPT_CHARS: usize = 200;

/// Tells the time of day, which every signature carries.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a client is made from.
#[derive(Clone)]
pub struct Settings {
    /// Where the node is.
    pub endpoint: Endpoint,
    /// Who calls.
    pub credentials: Option<Credentials>,
    /// The region calls are for; the node's default when absent.
    pub region: Option<String>,
    /// A certificate authority to trust beside the usual ones, in PEM.
    pub extra_root_pem: Option<Vec<u8>>,
    /// How long to keep trying.
    pub patience: Patience,
    /// The time.
    pub now: Now,
}

/// Calls a node. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    settings: Arc<Settings>,
}

impl Client {
    /// Reads the certificates; opens no connection.
    pub fn new(settings: Settings) -> Result<Client, ClientError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("cairn/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(ATTEMPT_PATIENCE)
            // A signature is for one host and one path: what is behind a redirect would refuse it.
            .redirect(reqwest::redirect::Policy::none());
        if settings.endpoint.is_loopback() {
            builder = builder.no_proxy();
        }
        if let Some(pem) = &settings.extra_root_pem {
            for certificate in reqwest::Certificate::from_pem_bundle(pem).map_err(ClientError::SetUp)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let http = builder.build().map_err(ClientError::SetUp)?;
        Ok(Client { http, settings: Arc::new(settings) })
    }

    /// The same client with another patience.
    #[must_use]
    pub fn with_patience(&self, patience: Patience) -> Client {
        let settings = Settings { patience, ..(*self.settings).clone() };
        Client { http: self.http.clone(), settings: Arc::new(settings) }
    }

    /// Where the node is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.settings.endpoint
    }

    /// Who calls.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.settings.credentials.as_ref()
    }

    /// Calls an operation of the table. Parameters go into the body, where no proxy writes them into its log.
    pub async fn rpc(&self, id: OperationId, params: &[(String, String)]) -> Result<Reply, ClientError> {
        let row = id.operation();
        let mut params = params.to_vec();
        if let Some(region) = &self.settings.region {
            params.push(("RegionId".into(), region.clone()));
        }
        let call = Call {
            method: reqwest::Method::POST,
            path: "/",
            query: Vec::new(),
            headers: vec![("content-type", "application/x-www-form-urlencoded".into())],
            body: encoded_query(&params).into(),
            action: row.name,
            version: row.service.version(),
            repeatable: row.access == Access::Read,
        };
        self.call(&call).await.map(Reply::new)
    }

    /// A page of LookupEvents.
    pub async fn lookup_events(&self, params: &[(String, String)]) -> Result<LookupPage, ClientError> {
        let reply = self.rpc(OperationId::LookupEvents, params).await?;
        self.parse(reply.body())
    }

    /// Puts events: into `account`, or sorted by what they say (`from-event`), or into the caller's account.
    /// Repeating it is harmless, as an `eventId` is stored once.
    pub async fn put_events(
        &self,
        account: Option<&str>,
        body: Bytes,
        media_type: MediaType,
        encoding: Encoding,
    ) -> Result<PutReply, ClientError> {
        let mut headers = vec![("content-type", media_type.as_str().to_owned())];
        headers.extend(encoding.as_str().map(|encoding| ("content-encoding", encoding.to_owned())));
        let call = Call {
            method: reqwest::Method::POST,
            path: "/v1/events",
            query: account.map(|account| ("account".to_owned(), account.to_owned())).into_iter().collect(),
            headers,
            body,
            action: "PutEvents",
            version: Service::Cairn.version(),
            repeatable: true,
        };
        self.parse(&self.call(&call).await?)
    }

    /// A page of `GET /v1/events`.
    pub async fn events(&self, query: &EventsQuery) -> Result<EventsPage, ClientError> {
        let call = Call {
            method: reqwest::Method::GET,
            path: "/v1/events",
            query: query.params.clone(),
            headers: Vec::new(),
            body: Bytes::new(),
            action: "LookupEvents",
            version: Service::Actiontrail.version(),
            repeatable: true,
        };
        self.parse(&self.call(&call).await?)
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(body).map_err(|_| self.not_cairn(200, body))
    }

    async fn call(&self, call: &Call) -> Result<Bytes, ClientError> {
        let mut attempts = Attempts::new(self.settings.patience, call.repeatable);
        loop {
            let error = match self.attempt(call).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            match attempts.pause_after(&error) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    /// Asks in SQL or in the query language (`POST /v1/query`). The answer is read as it comes.
    pub async fn query(&self, params: &[(String, String)]) -> Result<Streamed, ClientError> {
        let call = Call {
            method: reqwest::Method::POST,
            path: "/v1/query",
            query: Vec::new(),
            headers: vec![("content-type", "application/x-www-form-urlencoded".into())],
            body: encoded_query(params).into(),
            action: "LookupEvents",
            version: Service::Actiontrail.version(),
            repeatable: true,
        };
        let mut attempts = Attempts::new(self.settings.patience, call.repeatable);
        loop {
            let error = match self.send(&call, QUERY_PATIENCE).await {
                Ok(response) if response.status().as_u16() == 200 => {
                    return Ok(Streamed { response, client: self.clone() });
                }
                Ok(response) => match self.read(response).await {
                    Ok(body) => self.not_cairn(200, &body),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            match attempts.pause_after(&error) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Bytes, ClientError> {
        let response = self.send(call, ATTEMPT_PATIENCE).await?;
        self.read(response).await
    }

    async fn send(&self, call: &Call, patience: Duration) -> Result<reqwest::Response, ClientError> {
        let settings = &self.settings;
        let url = settings.endpoint.url(call.path, &encoded_query(&call.query));
        let mut request = self.http.request(call.method.clone(), url).header("accept", "application/json");
        for (name, value) in self.signed(call)? {
            // The HTTP client writes the same host header by itself.
            if name != "host" {
                request = request.header(name, value);
            }
        }
        if !call.body.is_empty() || call.method == reqwest::Method::POST {
            request = request.body(call.body.clone());
        }
        request.timeout(patience).send().await.map_err(|error| self.failed(error))
    }

    /// The whole answer, which is bounded.
    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, ClientError> {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > REPLY_BYTES_MAX {
                return Err(self.not_cairn(status, b"an endless answer"));
            }
            body.extend_from_slice(&chunk);
        }
        if status == 200 { Ok(body.freeze()) } else { Err(self.refused(status, retry_after, &body)) }
    }

    /// The call's headers with those that say and prove who calls.
    fn signed(&self, call: &Call) -> Result<Vec<(String, String)>, ClientError> {
        let mut headers: Vec<(String, String)> =
            call.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (id, secret, security_token) = match &self.settings.credentials {
            None => return Err(ClientError::NoAccessKey),
            Some(Credentials::IngestToken(_)) if call.action != "PutEvents" => return Err(ClientError::NoAccessKey),
            Some(Credentials::IngestToken(token)) => {
                headers.push(("authorization".into(), format!("Bearer {}", token.expose())));
                return Ok(headers);
            }
            Some(Credentials::AccessKey { id, secret, security_token }) => (id, secret, security_token),
        };
        let body_sha256 = sha256_hex(&call.body);
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        add("host", self.settings.endpoint.host());
        add("x-acs-action", call.action);
        add("x-acs-version", call.version);
        add("x-acs-date", &(self.settings.now)().to_string());
        add("x-acs-signature-nonce", &nonce());
        add("x-acs-content-sha256", &body_sha256);
        if let Some(token) = security_token {
            add("x-acs-accesskey-id", id);
            add("x-acs-security-token", token.expose());
        }
        let signable = Signable {
            method: call.method.as_str(),
            path: call.path,
            query: &call.query,
            headers: &headers,
            body_sha256: &body_sha256,
        };
        let authorization = signable.authorization(id, secret.expose());
        headers.push(("authorization".into(), authorization));
        Ok(headers)
    }

    pub(crate) fn failed(&self, source: reqwest::Error) -> ClientError {
        let endpoint = self.settings.endpoint.to_string();
        if source.is_connect() {
            let refused = is_connection_refused(&source);
            ClientError::Unreachable { endpoint, refused, source }
        } else if source.is_timeout() {
            ClientError::TimedOut { endpoint, source }
        } else {
            ClientError::Broken { endpoint, source }
        }
    }

    fn refused(&self, status: u16, retry_after: Option<Duration>, body: &[u8]) -> ClientError {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wire {
            code: String,
            message: String,
            #[serde(default)]
            request_id: String,
        }
        match serde_json::from_slice::<Wire>(body) {
            Ok(Wire { code, message, request_id }) => {
                ClientError::Refused(Box::new(Refusal { status, code, message, request_id, retry_after }))
            }
            Err(_) => self.not_cairn(status, body),
        }
    }

    fn not_cairn(&self, status: u16, body: &[u8]) -> ClientError {
        let printable = |c: &char| !c.is_control();
        let text = String::from_utf8_lossy(body);
        let excerpt: String = text.chars().filter(printable).take(EXCERPT_CHARS).collect();
        ClientError::NotCairn { endpoint: self.settings.endpoint.to_string(), status, excerpt }
    }
}

/// 128 random bits: a nonce is remembered by the server for half an hour and must not come twice.
fn nonce() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    hex::encode(bytes)
}

/// Seconds in `Retry-After`; its other form, a date, is not sent by a node.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn is_connection_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(each) = cause {
        if each.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = each.source();
    }
    false
}
