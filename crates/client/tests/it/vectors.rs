//! The signer against requests that the official SDKs made.

use client::acs3::{Signable, encoded_query, sha256_hex};
use serde_json::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/signature_vectors.json");

#[allow(clippy::disallowed_methods, reason = "a test reads its input")]
fn vectors() -> Value {
    let text =
        std::fs::read(FILE).unwrap_or_else(|error| panic!("the signature vectors are missing at {FILE}: {error}"));
    serde_json::from_slice(&text).expect("the vectors are JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn every_acs3_vector_is_reproduced() {
    let vectors = vectors();
    let secret = text(&vectors["accessKeySecret"]);
    let recorded = vectors["acs3"].as_array().expect("a list");
    assert_eq!(recorded.len(), 5);
    for vector in recorded {
        let name = text(&vector["name"]);
        let authorization = text(&vector["authorization"]);
        let part = |key: &str| {
            let after = authorization.split_once(key).expect(key).1;
            after.split(',').next().expect("split gives one at least")
        };
        let signed: Vec<&str> = part("SignedHeaders=").split(';').collect();
        let wire = &vector["wire"];
        let headers: Vec<(String, String)> = wire["headers"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|pair| (text(&pair[0]).to_lowercase(), text(&pair[1]).to_owned()))
            .filter(|(name, _)| signed.contains(&name.as_str()))
            .collect();
        let url = reqwest::Url::parse("http://host").and_then(|base| base.join(text(&wire["path"]))).expect("a URL");
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let body_sha256 = sha256_hex(text(&wire["body"]).as_bytes());
        let signable = Signable {
            method: text(&wire["method"]),
            path: url.path(),
            query: &query,
            headers: &headers,
            body_sha256: &body_sha256,
        };
        assert_eq!(signable.canonical_request(), text(&vector["canonical_request"]), "{name}");
        assert_eq!(signable.string_to_sign(), text(&vector["string_to_sign"]), "{name}");
        assert_eq!(signable.signature(secret), text(&vector["signature"]), "{name}");
        assert_eq!(signable.authorization(part("Credential="), secret), authorization, "{name}");
    }
}

#[test]
fn the_documented_example_is_reproduced() {
    let vectors = vectors();
    let published = &vectors["published"].as_array().expect("a list")[1];
    let canonical = text(&published["canonical_request"]);
    let headers: Vec<(String, String)> = canonical
        .lines()
        .skip(3)
        .map_while(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let query = [("RegionId", "cn-shanghai"), ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let signable =
        Signable { method: "POST", path: "/", query: &query, headers: &headers, body_sha256: &sha256_hex(b"") };
    assert_eq!(signable.canonical_request(), canonical);
    assert_eq!(signable.signature(text(&published["secret"])), text(&published["published_signature"]));
}

#[test]
fn reserved_characters_are_encoded_and_names_sorted_as_the_server_does() {
    let pairs = [("b", "中/="), ("a", "x y*~+"), ("LookupAttribute.1.Key", "User")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(encoded_query(&pairs), "LookupAttribute.1.Key=User&a=x%20y%2A~%2B&b=%E4%B8%AD%2F%3D");
}
