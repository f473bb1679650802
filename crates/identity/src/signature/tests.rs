use serde_json::Value;

use super::{Claim, acs3, legacy};
use crate::{AuthError, SignedRequest};

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[allow(clippy::disallowed_methods, reason = "the test reads its input")]
fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/signature_vectors.json");
    let read = std::fs::read(path)
        .unwrap_or_else(|error| panic!("{path}: {error}; the shared reference belongs beside the repository"));
    serde_json::from_slice(&read).expect("the vectors are JSON")
}

/// What a vector's request claims.
fn claim(vector: &Value) -> Claim {
    let wire = &vector["wire"];
    let (path, query) = text(&wire["path"]).split_once('?').unwrap_or(("/", ""));
    let headers = wire["headers"].as_array().expect("a list").iter();
    let headers: Vec<_> = headers.map(|pair| (text(&pair[0]).to_lowercase(), text(&pair[1]).to_owned())).collect();
    let body = wire["body"].as_str().unwrap_or_default().as_bytes();
    let request = SignedRequest { method: text(&wire["method"]), path, query, headers: &headers, body };
    match request.header("authorization") {
        Some(authorization) => acs3::read(authorization, &request).expect("a signature"),
        None => legacy::read(&request).expect("it is signed").expect("a signature"),
    }
}

/// Also those with a security token, which are refused later.
#[test]
fn string_and_signature_of_every_vector() {
    let vectors = vectors();
    let secret = text(&vectors["accessKeySecret"]);
    for kind in ["legacy", "acs3"] {
        for vector in vectors[kind].as_array().expect("a list") {
            let claim = claim(vector);
            let name = text(&vector["name"]);
            assert_eq!(claim.string_to_sign, text(&vector["string_to_sign"]), "{name}");
            assert_eq!(claim.signature, text(&vector["signature"]), "{name}");
            assert_eq!(claim.expected(secret), claim.signature, "{name}");
            assert_eq!(claim.security_token.is_some(), name.contains("STS"), "{name}");
        }
    }
}

#[test]
fn the_published_signatures() {
    for vector in vectors()["published"].as_array().expect("a list") {
        let (secret, signature) = (text(&vector["secret"]), text(&vector["published_signature"]));
        let computed = match vector["params"].as_object() {
            Some(parameters) => {
                let parameters =
                    parameters.iter().map(|(name, value)| (name.clone(), text(value).to_owned())).collect();
                legacy::sign(secret, &legacy::string_to_sign(text(&vector["method"]), parameters))
            }
            None => {
                let string_to_sign = acs3::string_to_sign(text(&vector["canonical_request"]));
                assert_eq!(string_to_sign, text(&vector["string_to_sign"]));
                acs3::sign(secret, &string_to_sign)
            }
        };
        assert_eq!(computed, signature, "{}", vector["name"]);
    }
}

#[test]
fn query_and_form_are_one_and_plus_is_a_space() {
    let form = [("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    let common = "AccessKeyId=k&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n\
                  &Timestamp=2026-01-15T08:30:00Z&Signature=s";
    let claim = |query: &str, body: &str| {
        let query = format!("{common}&{query}");
        let request = SignedRequest { method: "POST", path: "/", query: &query, headers: &form, body: body.as_bytes() };
        legacy::read(&request).expect("signed").expect("a claim").string_to_sign
    };
    let expected = claim("A=x%20y&B=%7E*", "");
    assert!(expected.contains("A%3Dx%2520y%26AccessKeyId%3Dk%26B%3D~%252A"), "{expected}");
    assert_eq!(claim("A=x+y", "B=~%2A"), expected);
    assert_eq!(claim("", "B=%7e*&A=x+y"), expected);
}

#[test]
fn the_legacy_scheme_is_refused_where_it_signs_too_little() {
    let query = "AccessKeyId=k&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n\
                 &Timestamp=2026-01-15T08:30:00Z&Signature=s";
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    let whole = SignedRequest { method: "POST", path: "/", query, headers: &json, body: b"" };
    assert!(matches!(legacy::read(&whole), Some(Ok(_))));
    for partly in [SignedRequest { body: b"[]", ..whole }, SignedRequest { path: "/v1/events", ..whole }] {
        let Some(Err(AuthError::Incomplete { reason })) = legacy::read(&partly) else { panic!("taken") };
        assert!(reason.contains("ACS3-HMAC-SHA256"), "{reason}");
    }
}

#[test]
fn header_names_are_compared_in_lower_case_and_values_trimmed() {
    let headers = |value: &str| {
        vec![
            ("host".to_owned(), value.to_owned()),
            ("x-acs-date".to_owned(), "2026-01-15T08:30:00Z".to_owned()),
            ("x-acs-signature-nonce".to_owned(), "n".to_owned()),
        ]
    };
    let read = |headers: &[(String, String)]| {
        let request = SignedRequest { method: "GET", path: "", query: "b=2&a=1", headers, body: b"" };
        let signed = "Host;X-Acs-Date;X-Acs-Signature-Nonce";
        acs3::read(&format!("ACS3-HMAC-SHA256 Credential=k, SignedHeaders={signed}, Signature=AB"), &request)
    };
    let claim = read(&headers(" h  ")).expect("a claim");
    assert_eq!((claim.access_key_id.as_str(), claim.signature.as_str()), ("k", "ab"));
    assert_eq!(claim, read(&headers("h")).expect("a claim"));
    assert!(matches!(read(&headers("h")[1..]), Err(AuthError::Incomplete { .. })), "a signed header is absent");
}
