//! Every vector of `shared/reference/signature_vectors.json`.

use identity::{AuthError, SignedRequest};
use serde_json::Value;

use crate::setup::setup;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/signature_vectors.json");
    let text = std::fs::read(path)
        .unwrap_or_else(|error| panic!("{path}: {error}; the shared reference belongs beside the repository"));
    serde_json::from_slice(&text).unwrap()
}

struct Wire {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Wire {
    fn of(vector: &Value) -> Wire {
        let wire = &vector["wire"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (path, query) = wire["path"].as_str().unwrap().split_once('?').unwrap_or(("/", ""));
        let headers = wire["headers"].as_array().unwrap().iter();
        Wire {
            method: text(&wire["method"]),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.map(|pair| (text(&pair[0]).to_lowercase(), text(&pair[1]))).collect(),
            body: wire["body"].as_str().unwrap_or_default().to_owned(),
        }
    }

    fn request(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: self.body.as_bytes(),
        }
    }
}

#[tokio::test]
async fn every_vector_of_the_official_clients() {
    let vectors = vectors();
    let text = |name: &str| vectors[name].as_str().unwrap();
    let mut accepted = 0;
    let mut with_security_token = 0;
    for vector in vectors["legacy"].as_array().unwrap().iter().chain(vectors["acs3"].as_array().unwrap()) {
        let setup = setup(text("timestamp"), text("accessKeyId"), text("accessKeySecret")).await;
        let wire = Wire::of(vector);
        match setup.identity.authenticate(&wire.request()) {
            Ok(caller) => {
                assert_eq!(caller.access_key_id.as_deref(), Some(text("accessKeyId")));
                accepted += 1;
            }
            // Its signature is checked below: a node without STS refuses the token itself.
            Err(AuthError::TokenMalformed) => with_security_token += 1,
            Err(error) => panic!("{}: {error}", vector["name"]),
        }
        check_string_to_sign(&setup, vector, &wire);
    }
    assert_eq!((accepted, with_security_token), (9, 2));
}

/// With another secret the refusal states the string that should have been signed; it is the vector's.
fn check_string_to_sign(setup: &crate::setup::Setup, vector: &Value, wire: &Wire) {
    let mut wrong = Wire { headers: wire.headers.clone(), query: wire.query.clone(), ..Wire::of(vector) };
    for (name, value) in &mut wrong.headers {
        if name == "authorization" {
            let (head, _) = value.rsplit_once("Signature=").unwrap();
            *value = format!("{head}Signature={}", "0".repeat(64));
        }
    }
    if let Some(at) = wrong.query.find("Signature=") {
        let end = wrong.query[at..].find('&').map_or(wrong.query.len(), |len| at + len);
        wrong.query.replace_range(at..end, "Signature=AAAA");
    }
    match setup.identity.authenticate(&wrong.request()) {
        Err(AuthError::Mismatch { string_to_sign, .. }) => {
            assert_eq!(string_to_sign, vector["string_to_sign"].as_str().unwrap(), "{}", vector["name"]);
        }
        Err(AuthError::TokenMalformed) => {}
        other => panic!("{}: {other:?}", vector["name"]),
    }
}

#[tokio::test]
async fn the_published_examples() {
    let vectors = vectors();
    for vector in vectors["published"].as_array().unwrap() {
        let secret = vector["secret"].as_str().unwrap();
        let signature = vector["published_signature"].as_str().unwrap();
        if let Some(parameters) = vector["params"].as_object() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let mut query = form_urlencoded::Serializer::new(String::new());
            for (name, value) in parameters {
                query.append_pair(name, &text(value));
            }
            query.append_pair("Signature", signature);
            let setup = setup(&text(&parameters["Timestamp"]), &text(&parameters["AccessKeyId"]), secret).await;
            let query = query.finish();
            let request = SignedRequest { method: "GET", path: "/", query: &query, headers: &[], body: b"" };
            setup.identity.authenticate(&request).unwrap();
        } else {
            check_published_acs3(vector, secret, signature).await;
        }
    }
}

/// Takes the request apart again from its canonical form.
async fn check_published_acs3(vector: &Value, secret: &str, signature: &str) {
    let lines: Vec<&str> = vector["canonical_request"].as_str().unwrap().split('\n').collect();
    let blank = lines.iter().position(|line| line.is_empty()).unwrap();
    let mut headers: Vec<(String, String)> = lines[3..blank]
        .iter()
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let now = headers.iter().find(|(name, _)| name == "x-acs-date").unwrap().1.clone();
    let signed = lines[blank + 1];
    let authorization =
        format!("ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders={signed},Signature={signature}");
    headers.push(("authorization".to_owned(), authorization));
    let setup = setup(&now, "YourAccessKeyId", secret).await;
    let request = SignedRequest { method: lines[0], path: lines[1], query: lines[2], headers: &headers, body: b"" };
    setup.identity.authenticate(&request).unwrap();
}
