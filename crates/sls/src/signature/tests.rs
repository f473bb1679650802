//! The vectors of the official clients' own tests, and what a forger would try.

use bytes::Bytes;
use model::Timestamp;

use super::*;

/// Reads a request of the vectors; header names are lowered as the gateway does.
fn claim(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Claim, SignatureFault> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect();
    read(&Signed { method, paths: &[path], query, headers: &headers, body })
}

const MOCK: &str = "mockAccessKeySecret";
const GO_V1: [(&str, &str); 4] = [
    ("x-log-apiversion", "0.6.0"),
    ("x-log-signaturemethod", "hmac-sha1"),
    ("Date", "Mon, 3 Jan 2010 08:33:47 GMT"),
    ("Authorization", "LOG mockAccessKeyID:Rwm6cTKzoti4HWoe+GKcb6Kv07E="),
];

fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = base.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.chain(more).copied().collect()
}

#[test]
fn v1_of_the_go_sdk() {
    let headers = with(&GO_V1, &[("x-log-bodyrawsize", "0")]);
    let read = claim("GET", "/logstores", &headers, b"").unwrap();
    assert_eq!((read.access_key_id.as_str(), &read.scheme), ("mockAccessKeyID", &Scheme::Sha1));
    assert!(read.is_signed_with(MOCK) && !read.is_signed_with("another"));
    let body = [
        10, 50, 10, 30, 8, 248, 178, 147, 158, 5, 18, 22, 10, 7, 84, 101, 115, 116, 75, 101, 121, 18, 11, 84, 101, 115,
        116, 67, 111, 110, 116, 101, 110, 116, 26, 0, 34, 14, 49, 48, 46, 50, 51, 48, 46, 50, 48, 49, 46, 49, 49, 55,
    ];
    let headers = with(
        &GO_V1,
        &[
            ("x-log-bodyrawsize", "50"),
            ("Content-MD5", "8D6881250FF5559F59BBDF04100F6E59"),
            ("Content-Type", "application/x-protobuf"),
            ("Authorization", "LOG mockAccessKeyID:87xQWqFaOSewqRIma8kPjGYlXHc="),
        ],
    );
    assert!(claim("GET", "/logstores/app_log", &headers, &body).unwrap().is_signed_with(MOCK));
    let other = claim("GET", "/logstores/app_log", &headers, &body[1..]);
    assert_eq!(other.unwrap_err(), SignatureFault::BodyHash { header: "Content-MD5" });
}

#[test]
fn v1_of_the_rust_sdk() {
    let body = b"\n            {\"key\": \"value\"}\n        ";
    let base = [
        ("x-log-apiversion", "0.6.0"),
        ("x-log-signaturemethod", "hmac-sha1"),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    let bare = with(&base, &[("Authorization", "LOG :SApFTtfTFKHmzdEdaMe5TjNn+RQ=")]);
    assert!(claim("GET", "/", &bare, b"").unwrap().is_signed_with(""));
    let posted =
        with(&base, &[("Content-Type", "application/json"), ("Content-MD5", "CE688F8D1AC3ED309BA9BE0A5ABAFCE5")]);
    for (token, target, signature) in [
        (None, "/logstores/test-logstore?type=log&offset=0&line=100", "4pL2xZJERC3tPKtRiHh9+nMG3tI="),
        (
            Some("test-security-token"),
            "/logstores/test-logstore?type=log&offset=0&line=100",
            "ZQt+0wIvpd+O9yIJKeKxZTJ2hv0=",
        ),
        (
            Some("test-security-token"),
            "/logstores/test/shards/2?type=log&count=1000&cursor=MTczNzY2OTAzNjAxNzIxODQ1NA%3D%3D",
            "K3rw5WXRe77aZ/meSyEa8NNUYFc=",
        ),
    ] {
        let authorization = format!("LOG test-access-key-id:{signature}");
        let mut headers = with(&posted, &[("Authorization", authorization.as_str())]);
        headers.extend(token.map(|token| ("x-acs-security-token", token)));
        let read = claim("POST", target, &headers, body).unwrap();
        assert!(read.is_signed_with("test-access-key"), "{target}");
        assert_eq!(read.security_token.as_deref(), token);
        let mut headers = with(&headers, &[("x-log-extra", "1")]);
        assert!(!claim("POST", target, &headers, body).unwrap().is_signed_with("test-access-key"));
        headers.retain(|(name, _)| *name != "x-log-extra");
        headers.push(("x-log-meta-extra", "1"));
        assert!(claim("POST", target, &headers, body).unwrap().is_signed_with("test-access-key"));
    }
}

#[test]
fn v1_with_sha256_and_a_date_added_after_signing() {
    let headers = with(
        &GO_V1,
        &[
            ("x-log-bodyrawsize", "0"),
            ("x-log-signaturemethod", "hmac-sha256"),
            ("Content-Type", "application/json"),
            ("content-md5", ""),
            ("x-log-date", "Mon, 3 Jan 2010 08:33:47 GMT"),
            ("Authorization", "LOG mockAccessKeyID:c+w3lAiPvgwtvR6Klorz3ZpLxUhN6iT5/GD0wRAFhsk="),
        ],
    );
    let read = claim("GET", "/logstores", &headers, b"").unwrap();
    assert_eq!(read.scheme, Scheme::Sha256);
    assert!(read.is_signed_with(MOCK));
}

#[test]
fn v4_of_the_go_sdk() {
    const QUERY: &str = "=efg&+abc=efg&+agc+=&A-bc=eFg";
    const LONG: &str = "&a+abAas123%2Fvc=a~jdad+a2ADFs%2Bd+ada&abs-ij%2Aasd%2Fvc=a~js%2Bd+ada";
    let body = "adasd= -asd zcas";
    let more = [("x-log-test", "het123"), ("x-acs-ppp", "dds"), ("hello", "world")];
    let complex = format!("/logstores/hello/a+*~bb/cc?{QUERY}{LONG}");
    let plain = format!("/logstores?{QUERY}");
    for (method, target, region, headers, body, signature) in [
        (
            "POST",
            plain.as_str(),
            "cn-hangzhou",
            &more[..],
            body,
            "a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed",
        ),
        (
            "POST",
            "/logstores",
            "cn-shanghai",
            &[],
            body,
            "8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8",
        ),
        ("POST", &plain, "cn-hangzhou", &more, "", "5a66d8f8051983e0e9d08e0f960ef9252ef971eead5bb5c7acec8617a2eb2701"),
        ("GET", &plain, "cn-hangzhou", &more, "", "d92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a"),
        (
            "POST",
            &complex,
            "cn-hangzhou",
            &more,
            body,
            "2c204068e961a8813a6bcf7ac422f7fa6e9bf9a5da493e0165dfe100854d18ff",
        ),
    ] {
        let hash = <sha2::Sha256 as sha2::Digest>::digest(body);
        let hash = hex::encode(hash);
        let authorization = format!(
            "SLS4-HMAC-SHA256 Credential=acsddda21dsd/20220808/{region}/sls/aliyun_v4_request,Signature={signature}"
        );
        let mut headers = headers.to_vec();
        headers.extend([
            ("x-log-date", "20220808T032330Z"),
            ("x-log-content-sha256", hash.as_str()),
            ("Authorization", authorization.as_str()),
        ]);
        let read = claim(method, target, &headers, body.as_bytes()).unwrap();
        assert!(read.is_signed_with("zxasdasdasw2"), "{method} {target}");
        assert!(!read.is_signed_with("zxasdasdasw3"));
        assert_eq!(read.time, Timestamp::parse("2022-08-08T03:23:30Z").unwrap());
        let other = claim(method, target, &headers, b"another body");
        assert_eq!(other.unwrap_err(), SignatureFault::BodyHash { header: "x-log-content-sha256" });
    }
}

#[test]
fn what_the_client_signs_the_server_takes_and_nothing_else() {
    let credentials = Credentials { access_key_id: "id", access_key_secret: "secret", security_token: Some("token") };
    let now = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
    let sign_v4 = |request: &mut Unsigned| v4::sign(request, &credentials, "cn-hangzhou", now);
    let sign_v1 = |request: &mut Unsigned| v1::sign(request, &credentials, now);
    let signers: [&dyn Fn(&mut Unsigned); 2] = [&sign_v1, &sign_v4];
    for sign in signers {
        let mut request = Unsigned {
            method: "POST",
            path: "/logstores/a/shards/lb".into(),
            query: vec![("key".into(), "a b+c/ä".into()), ("empty".into(), String::new())],
            headers: vec![
                ("host".into(), "p.example".into()),
                ("content-type".into(), "application/x-protobuf".into()),
            ],
            body: Bytes::from_static(b"body"),
        };
        sign(&mut request);
        let taken = |path: &str, query: &str, body: &[u8], headers: &[(String, String)]| {
            let claim = read(&Signed { method: "POST", paths: &[path], query, headers, body });
            claim.is_ok_and(|claim| claim.is_signed_with("secret") && claim.time == now)
        };
        let (path, query) = ("/logstores/a/shards/lb", "key=a+b%2Bc%2F%C3%A4&empty=");
        assert!(taken(path, query, b"body", &request.headers));
        assert!(!taken("/", query, b"body", &request.headers));
        assert!(!taken("/logstores/b/shards/lb", query, b"body", &request.headers));
        assert!(!taken(path, "key=a+b%2Bc%2F%C3%A4&empty=1", b"body", &request.headers));
        assert!(!taken(path, query, b"other", &request.headers));
        let hash = ["content-md5", "x-log-content-sha256"];
        let without: Vec<_> =
            request.headers.iter().filter(|(name, _)| !hash.contains(&name.as_str())).cloned().collect();
        assert!(!taken(path, query, b"body", &without), "a body that is not covered");
    }
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let base = [("Date", "Mon, 3 Jan 2010 08:33:47 GMT")];
    for (more, code) in [
        (vec![], "Unauthorized"),
        (vec![("Authorization", "LOG nothing")], "Unauthorized"),
        (vec![("Authorization", "LOG a:?")], "Unauthorized"),
        (vec![("Authorization", "LOG a:YQ=="), ("x-log-signaturemethod", "md5")], "InvalidSignatureMethod"),
        (vec![("Authorization", "LOG a:YQ=="), ("Date", "today")], "InvalidDateFormat"),
        (vec![("Authorization", "ACS3-HMAC-SHA256 x")], "InvalidSignatureMethod"),
        (vec![("Authorization", "SLS4-HMAC-SHA256 Credential=a/b,Signature=00")], "Unauthorized"),
        (
            vec![("Authorization", "SLS4-HMAC-SHA256 Credential=a/20220808/r/sls/aliyun_v4_request,Signature=00")],
            "InvalidDateFormat",
        ),
    ] {
        let refused = claim("GET", "/", &with(&base, &more), b"").unwrap_err();
        assert_eq!(refused.fault().code.name, code, "{more:?}");
    }
    assert!(is_log_service("LOG a:b") && is_log_service("SLS4-HMAC-SHA256 x") && !is_log_service("ACS3-HMAC-SHA256 x"));
}

proptest::proptest! {
    #[test]
    fn no_request_makes_the_reader_panic(
        authorization in "(LOG |SLS4-HMAC-SHA256 (Credential=)?)?.{0,80}",
        date in "\\PC{0,30}|[0-9]{8}T[0-9]{6}Z",
        path in "/[%a-z0-9/]{0,20}",
        query in "\\PC{0,30}",
    ) {
        let headers = [("Authorization", &*authorization), ("Date", &*date), ("x-log-date", &*date)];
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let target = format!("{path}?{query}");
        let read = claim("GET", &target, &with(&headers, &[("x-log-content-sha256", hash)]), b"");
        proptest::prop_assert!(!read.is_ok_and(|claim| claim.is_signed_with("secret")));
    }

    #[test]
    fn no_body_makes_a_decoder_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), size in 0usize..300) {
        for name in ["lz4", "zstd", "deflate", "gzip", ""] {
            let compression = crate::Compression::parse(name).expect("a name");
            let plain = compression.decompress(&bytes, size, 256);
            proptest::prop_assert!(plain.is_err() || size <= 256);
        }
        let _ = <crate::LogGroupList as prost::Message>::decode(&*bytes);
    }
}
