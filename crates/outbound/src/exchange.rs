//! One request and its answer, with a server's refusal kept as what it is: a status, a code and a message.
//!
//! `object_store` turns an error answer into prose. It lets us bring the HTTP client, so the answer is read here first
//! and travels through its errors as a [`Refusal`], which [`classify`] finds again.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use futures::StreamExt;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use model::Timestamp;
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use parking_lot::Mutex;

use crate::egress::Forbidden;
use crate::error::one_line;
use crate::{BucketError, BucketSettings};

/// Bytes read of an error answer; S3's have some hundred.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;

/// The server's answer is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code} {message}")]
pub(crate) struct Refusal {
    status: StatusCode,
    /// The `Code` of S3's error document, empty when there is none.
    code: String,
    message: String,
}

/// The HTTP client under an object store.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) http: reqwest::Client,
    /// `None`: requests are not signed.
    pub(crate) signer: Option<Signer>,
    /// Whether an answer that is an ordinary one for whoever writes tables travels as it is: there is no such object, there
    /// is one already. The library tells these apart by their status.
    pub(crate) is_for_tables: bool,
}

/// Asks for an object to be locked until then. Travels with the request, because the library has no words for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptUntil(pub(crate) Timestamp);

/// Takes the headers of the answer to the request it travels with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<HeaderMap>>);

impl Seen {
    pub(crate) fn headers(&self) -> HeaderMap {
        self.0.lock().clone()
    }
}

/// Signs a request again after headers were added to it: S3 takes no `x-amz-` header that is not signed.
#[derive(Clone)]
pub(crate) struct Signer {
    credential: Arc<AwsCredential>,
    region: Arc<str>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} in {})", self.credential.key_id, self.region)
    }
}

impl Signer {
    pub(crate) fn of(settings: &BucketSettings, region: &str) -> Option<Signer> {
        let credential = AwsCredential {
            key_id: settings.access_key_id.clone()?,
            secret_key: settings.access_key_secret.as_ref()?.expose().clone(),
            token: settings.session_token.as_ref().map(|token| token.expose().clone()),
        };
        Some(Signer { credential: Arc::new(credential), region: region.into() })
    }

    fn sign(&self, request: &mut HttpRequest) {
        let digest = request.headers().get("x-amz-content-sha256").and_then(|value| hex::decode(value).ok());
        request.headers_mut().remove(AUTHORIZATION);
        let authorizer = AwsAuthorizer::new(&self.credential, "s3", &self.region);
        authorizer.authorize(request, digest.as_deref());
    }
}

/// Adds the lock a put was asked to have.
fn lock(request: &mut HttpRequest, until: Timestamp, signer: Option<&Signer>) {
    let headers = request.headers_mut();
    headers.insert("x-amz-object-lock-mode", HeaderValue::from_static("COMPLIANCE"));
    let until = HeaderValue::from_str(&until.to_string()).expect("a time is plain ASCII");
    headers.insert("x-amz-object-lock-retain-until-date", until);
    if let Some(signer) = signer {
        signer.sign(request);
    }
}

impl HttpConnector for Exchange {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl HttpService for Exchange {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if let Some(KeptUntil(until)) = request.extensions().get().copied() {
            lock(&mut request, until, self.signer.as_ref());
        }
        let seen = request.extensions().get::<Seen>().cloned();
        let response = HttpService::call(&self.http, request).await?;
        let status = response.status();
        if status.is_success() {
            if let Some(seen) = seen {
                *seen.0.lock() = response.headers().clone();
            }
            return Ok(response);
        }
        if self.is_for_tables && matches!(status.as_u16(), 304 | 404 | 409 | 412) {
            return Ok(response);
        }
        let refusal = Refusal::read(status, response.into_body()).await;
        Err(HttpError::new(HttpErrorKind::Unknown, refusal))
    }
}

impl Refusal {
    async fn read(status: StatusCode, body: HttpResponseBody) -> Refusal {
        let mut bytes = Vec::new();
        let mut chunks = body.bytes_stream();
        // An answer that breaks off still has its status; what was read of the text is enough.
        while let Some(Ok(chunk)) = chunks.next().await {
            let room = REFUSAL_BYTES_MAX - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if bytes.len() == REFUSAL_BYTES_MAX {
                break;
            }
        }
        Refusal::parse(status, &String::from_utf8_lossy(&bytes))
    }

    fn parse(status: StatusCode, document: &str) -> Refusal {
        let code = element(document, "Code").unwrap_or_default();
        let message = element(document, "Message").unwrap_or_default();
        Refusal { status, code: one_line(code), message: one_line(&unescaped(message)) }
    }

    fn cause(&self) -> String {
        let words = [self.code.as_str(), self.message.as_str()];
        let said: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
        if said.is_empty() { format!("HTTP status {}", self.status) } else { said.join(": ") }
    }
}

/// The text of the first element of this name. The few documents S3 answers errors with need no more.
fn element<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

/// What a failed call on an object store means for the bucket.
pub(crate) fn classify(bucket: &str, key: &str, error: &object_store::Error) -> BucketError {
    let bucket = bucket.to_owned();
    let mut at: Option<&(dyn Error + 'static)> = Some(error);
    let mut innermost = String::new();
    let mut is_timeout = false;
    while let Some(error) = at {
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return refused(bucket, key, refusal);
        }
        if let Some(forbidden) = error.downcast_ref::<Forbidden>() {
            return BucketError::Invalid { bucket, reason: forbidden.to_string() };
        }
        is_timeout |= error.downcast_ref::<HttpError>().is_some_and(|http| http.kind() == HttpErrorKind::Timeout);
        innermost = error.to_string();
        at = error.source();
    }
    let cause = if is_timeout { "no answer in time".to_owned() } else { one_line(&innermost) };
    BucketError::Unreachable { bucket, cause }
}

fn refused(bucket: String, key: &str, refusal: &Refusal) -> BucketError {
    match refusal.status {
        _ if refusal.code == "NoSuchBucket" => BucketError::BucketDoesNotExist { bucket },
        _ if refusal.code == "NoSuchKey" => BucketError::ObjectDoesNotExist { bucket, key: key.to_owned() },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            BucketError::AccessDenied { bucket, cause: refusal.cause() }
        }
        status if status.is_redirection() => BucketError::Invalid {
            bucket,
            reason: format!("the server answers with a redirect; name the bucket's region and endpoint ({status})"),
        },
        _ => BucketError::Failed { bucket, cause: refusal.cause() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, document: &str) -> BucketError {
        let status = StatusCode::from_u16(status).expect("a status");
        refused("s3://audit".into(), "a/b", &Refusal::parse(status, document))
    }

    #[test]
    fn a_servers_answer_becomes_one_of_a_few_meanings() {
        let document = |code: &str| format!("<?xml?><Error><Code>{code}</Code><Message>Because</Message></Error>");
        for (status, code, expected) in [
            (404, "NoSuchBucket", "bucket s3://audit does not exist"),
            (404, "NoSuchKey", "bucket s3://audit has no object a/b"),
            (403, "SignatureDoesNotMatch", "bucket s3://audit: access denied: SignatureDoesNotMatch: Because"),
            (503, "SlowDown", "bucket s3://audit failed: SlowDown: Because"),
        ] {
            assert_eq!(meaning(status, &document(code)).to_string(), expected);
        }
        assert_eq!(
            meaning(502, "<html>bad gateway</html>").to_string(),
            "bucket s3://audit failed: HTTP status 502 Bad Gateway"
        );
        assert_eq!(meaning(301, "").kind(), model::ErrorKind::Invalid);
        let long = format!("<Code>X</Code><Message>{}\n&lt;</Message>", "word ".repeat(1000));
        assert!(meaning(500, &long).to_string().len() < 400);
    }
}
