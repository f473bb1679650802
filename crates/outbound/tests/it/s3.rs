//! A bucket of a real S3 server, and servers that misbehave.

use std::sync::Arc;

use bytes::Bytes;
use host::{OsRandom, RealDisk, Secret};
use model::ErrorKind;
use outbound::{Bucket, BucketError, BucketSettings, Config, Encryption, Outbound, Verdict};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{ACCESS_KEY, S3Server, SECRET_KEY};

fn settings(endpoint: String) -> BucketSettings {
    BucketSettings {
        access_key_id: Some(ACCESS_KEY.into()),
        access_key_secret: Some(Secret::new(SECRET_KEY.into())),
        endpoint: Some(endpoint),
        allow_http: true,
        ..BucketSettings::default()
    }
}

fn open(url: &str, settings: &BucketSettings) -> Bucket {
    let outbound = Outbound::new(&Config::default(), Arc::new(RealDisk), Arc::new(OsRandom)).expect("set up");
    outbound.open_bucket(url, settings).expect("opened")
}

async fn put_list_get(bucket: &Bucket) {
    bucket.check(Some("prefix")).await.expect("writable");
    assert_eq!(bucket.list("", 10).await.expect("listed"), [], "the probe is gone");
    for key in ["AliyunLogs/b/2.gz", "AliyunLogs/a/1.gz"] {
        bucket.put(key, Bytes::from(key), "application/gzip").await.expect("put");
        bucket.put(key, Bytes::from(key), "application/gzip").await.expect("put again");
    }
    let listed = bucket.list("", 10).await.expect("listed");
    let keys: Vec<&str> = listed.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys, ["AliyunLogs/a/1.gz", "AliyunLogs/b/2.gz"]);
    assert_eq!(bucket.list("AliyunLogs/b", 10).await.expect("listed").len(), 1);
    assert_eq!(bucket.list("", 1).await.expect("listed").len(), 1);
    assert_eq!(bucket.get("AliyunLogs/b/2.gz").await.expect("got"), "AliyunLogs/b/2.gz");
    let missing = bucket.get("AliyunLogs/b/3.gz").await.expect_err("none");
    assert!(matches!(missing, BucketError::ObjectDoesNotExist { .. }), "{missing}");
    bucket.delete("AliyunLogs/b/2.gz").await.expect("deleted");
    assert_eq!(bucket.list("", 10).await.expect("listed").len(), 1);
}

#[tokio::test]
async fn objects_through_the_path() {
    let server = S3Server::start();
    server.create_bucket("audit-logs");
    put_list_get(&open("s3://audit-logs", &settings(server.by_address()))).await;
    put_list_get(&open("s3://audit-logs/a/prefix", &settings(server.by_address()))).await;
}

#[tokio::test]
async fn objects_through_the_host_name() {
    let server = S3Server::start();
    server.create_bucket("audit-logs");
    let by_name = BucketSettings { path_style: Some(false), ..settings(server.by_name()) };
    put_list_get(&open("s3://audit-logs", &by_name)).await;
    put_list_get(&open("oss://audit-logs/oss", &by_name)).await;
    // The same bucket, seen through the path.
    let seen = open("s3://audit-logs", &settings(server.by_address())).list("", 10).await.expect("listed");
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_missing_bucket_wrong_keys_and_a_closed_port_are_told_apart() {
    let server = S3Server::start();
    server.create_bucket("audit-logs");
    let missing = open("s3://no-such-bucket", &settings(server.by_address())).check(None).await.expect_err("missing");
    assert_eq!(missing.to_string(), "bucket s3://no-such-bucket does not exist");
    assert_eq!(missing.kind(), ErrorKind::NotFound);

    let wrong_secret =
        BucketSettings { access_key_secret: Some(Secret::new("another".into())), ..settings(server.by_address()) };
    let denied = open("s3://audit-logs", &wrong_secret).check(None).await.expect_err("denied");
    assert!(denied.to_string().contains("access denied: SignatureDoesNotMatch"), "{denied}");
    assert_eq!(denied.kind(), ErrorKind::Denied);

    let unsigned = BucketSettings { access_key_id: None, access_key_secret: None, ..settings(server.by_address()) };
    let denied = open("s3://audit-logs", &unsigned).check(None).await.expect_err("denied");
    assert!(denied.to_string().contains("access denied: AccessDenied"), "{denied}");

    let endpoint = server.by_address();
    drop(server);
    let closed = open("s3://audit-logs", &settings(endpoint)).check(None).await.expect_err("closed");
    assert!(
        closed.to_string().starts_with("bucket s3://audit-logs could not be reached: Connection refused"),
        "{closed}"
    );
    assert_eq!(closed.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_name_nobody_knows_and_a_server_that_is_not_tls_are_unreachable() {
    let nobody = settings("https://nobody.invalid".into());
    let unreachable = open("s3://audit-logs", &nobody).check(None).await.expect_err("no such name");
    assert!(
        matches!(&unreachable, BucketError::Unreachable { cause, .. } if cause.contains("lookup")),
        "{unreachable}"
    );

    // A TLS client that meets plain HTTP; also proves that no process-wide cryptography has to be installed.
    let server = S3Server::start();
    let tls = settings(server.by_address().replace("http://", "https://"));
    let unreachable = open("s3://audit-logs", &tls).check(None).await.expect_err("not TLS");
    assert!(matches!(unreachable, BucketError::Unreachable { .. }), "{unreachable}");
}

/// Answers every request with `answer` and returns the head of the first one.
async fn request_seen_by(
    answer: &'static str,
    settings: impl FnOnce(String) -> BucketSettings,
) -> (String, BucketError) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let served = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a client");
        let mut head = vec![0; 4096];
        let len = connection.read(&mut head).await.expect("a request");
        connection.write_all(answer.as_bytes()).await.expect("answered");
        connection.shutdown().await.expect("closed");
        String::from_utf8_lossy(&head[..len]).to_ascii_lowercase()
    });
    let bucket = open("s3://audit-logs", &settings(endpoint));
    let error = bucket.put("a/b.gz", Bytes::from_static(b"x"), "application/gzip").await.expect_err("an error answer");
    (served.await.expect("served"), error)
}

#[tokio::test]
async fn encryption_headers_are_sent_and_signed_and_one_attempt_is_made() {
    let slow_down = "HTTP/1.1 503 Slow Down\r\ncontent-length: 64\r\n\r\n\
                     <Error><Code>SlowDown</Code><Message>Easy now</Message></Error>\n";
    let (head, error) = request_seen_by(slow_down, |endpoint| BucketSettings {
        server_side_encryption: Some(Encryption::Kms),
        kms_key_id: Some("key-1234".into()),
        session_token: Some(Secret::new("sts-token".into())),
        ..settings(endpoint)
    })
    .await;
    assert!(head.starts_with("put /audit-logs/a/b.gz "), "{head}");
    for header in [
        "x-amz-server-side-encryption: aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id: key-1234",
        "x-amz-security-token: sts-token",
        "content-type: application/gzip",
        "user-agent: cairn/",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let signed = head.lines().find(|line| line.starts_with("authorization:")).expect("signed");
    assert!(signed.contains("x-amz-server-side-encryption;x-amz-server-side-encryption-aws-kms-key-id"), "{signed}");
    assert_eq!(error.to_string(), "bucket s3://audit-logs failed: SlowDown: Easy now");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let (_, error) = request_seen_by(elsewhere, settings).await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("region and endpoint"), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_unreachable() {
    let (_, error) = request_seen_by("", settings).await;
    assert!(matches!(error, BucketError::Unreachable { .. }), "{error}");
}

#[test]
fn loopback_is_refused_where_the_operator_says_so() {
    let strict = Config { allow_loopback: false, ..Config::default() };
    let outbound = Outbound::new(&strict, Arc::new(RealDisk), Arc::new(OsRandom)).expect("set up");
    let error =
        outbound.open_bucket("s3://audit-logs", &settings("http://127.0.0.1:9000".into())).expect_err("refused");
    assert!(error.to_string().contains("outbound.allow_loopback"), "{error}");
}

/// A lock is asked for in headers that are signed: this server checks the signature. It does not know locks, and that is
/// found out.
#[tokio::test]
async fn a_lock_is_asked_for_and_not_believed() {
    let server = S3Server::start();
    server.create_bucket("audit-logs");
    let kept = BucketSettings { retention_days: Some(30), ..settings(server.by_address()) };
    let bucket = open("s3://audit-logs", &kept);
    bucket.put("a/1.gz", Bytes::from_static(b"kept"), "application/gzip").await.expect("the signature holds");
    assert_eq!(bucket.get("a/1.gz").await.expect("read"), "kept");
    let checks = bucket.examine(None).await;
    let retention = checks.iter().find(|check| check.name == "Retention").expect("looked at");
    assert_eq!(retention.verdict, Verdict::Failed);
    assert_eq!(retention.message, "a lock was asked for and the server shows none");
    let aes = BucketSettings { server_side_encryption: Some(Encryption::Aes256), ..settings(server.by_address()) };
    let checks = open("s3://audit-logs", &aes).examine(None).await;
    let encryption = checks.iter().find(|check| check.name == "Encryption").expect("looked at");
    assert_eq!(encryption.verdict, Verdict::Failed, "this server does not encrypt: {}", encryption.message);

    let oss = Outbound::new(&Config::default(), Arc::new(RealDisk), Arc::new(OsRandom)).expect("set up");
    let refused = oss.open_bucket("oss://audit-logs", &kept).expect_err("no locks");
    assert!(refused.to_string().contains("the bucket's own retention policy"), "{refused}");
}

/// What a put with retention looks like on the wire, and what a server that knows locks is believed.
#[tokio::test]
async fn a_server_that_shows_the_lock_and_the_encryption_passes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let (heads, mut seen) = tokio::sync::mpsc::unbounded_channel::<String>();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            let mut buffer = [0; 4096];
            while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                if read == 0 {
                    break;
                }
                head.extend_from_slice(&buffer[..read]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let shown = if head.starts_with("HEAD") {
                "content-length: 21\r\nlast-modified: Sat, 21 Nov 2026 12:00:00 GMT\r\netag: \"1\"\r\n\
                 x-amz-server-side-encryption: aws:kms\r\nx-amz-object-lock-retain-until-date: 2026-11-21T12:01:00Z\r\n"
            } else {
                "content-length: 0\r\netag: \"1\"\r\n"
            };
            let status = if head.starts_with("GET") { "403 Forbidden" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{shown}\r\n");
            let _ = heads.send(head);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let asked = BucketSettings {
        retention_days: Some(30),
        server_side_encryption: Some(Encryption::Kms),
        kms_key_id: Some("key-1".into()),
        ..settings(endpoint)
    };
    let checks = open("s3://audit-logs", &asked).examine(None).await;
    serving.abort();
    let named = |name: &str| checks.iter().find(|check| check.name == name).expect("looked at").clone();
    assert_eq!(named("Encryption").verdict, Verdict::Passed, "{checks:?}");
    assert_eq!(named("Retention").message, "the object is locked until 2026-11-21T12:01:00Z");
    let mut put = None;
    while let Ok(head) = seen.try_recv() {
        put = put.or(Some(head).filter(|head| head.starts_with("PUT")));
    }
    let put = put.expect("a put").to_lowercase();
    for header in [
        "x-amz-object-lock-mode: compliance",
        "x-amz-object-lock-retain-until-date: 20",
        "x-amz-checksum-sha256: ",
        "x-amz-server-side-encryption: aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id: key-1",
    ] {
        assert!(put.contains(header), "{header}: {put}");
    }
    assert!(put.contains("x-amz-object-lock-mode;x-amz-object-lock-retain-until-date;"), "signed: {put}");
    assert_eq!(put.matches("authorization:").count(), 1);
}
