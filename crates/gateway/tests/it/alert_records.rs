//! Resources and records over Log Service's API: kept as sent, checked where they are alerting's, sealed where they are
//! credentials, never recorded with their values.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use model::AccountId;
use serde_json::{Value, json};

use crate::log_service::{BARE, Call, code, scene};
use crate::node::Node;

const USERS: &str = "/resources/sls.common.user/records";
const WEBHOOKS: &str = "/resources/sls.alert.action_webhook/records";

fn user(id: &str, name: &str) -> Value {
    let value = json!({
        "user_id": id, "user_name": name, "email": ["a@example.net"], "country_code": "86", "phone": "13811111111",
        "enabled": true, "sms_enabled": true, "voice_enabled": true,
    });
    json!({ "id": id, "tag": name, "value": value.to_string() })
}

async fn send(node: &Node, method: &'static str, path: &str, body: &Value) -> crate::node::Reply {
    node.logs(&node.root, Call::new(method, path).at(BARE).json(body)).await
}

async fn look(node: &Node, path: &str, query: &[(&str, &str)]) -> Value {
    node.logs(&node.root, Call::new("GET", path).at(BARE).query(query)).await.ok()
}

fn ids(listed: &Value) -> Vec<&str> {
    listed["items"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_written_found_and_forgotten() {
    let node = scene().await;
    assert_eq!(send(&node, "POST", USERS, &user("test01", "Kumer")).await.ok(), json!({ "id": "test01" }));
    let again = send(&node, "POST", USERS, &user("test01", "Kumer")).await;
    assert_eq!(code(&again), (400, "ResourceRecordAlreadyExist".into()));
    let both = json!({ "records": [user("test01", "Kumer2"), user("test02", "Alice")] });
    send(&node, "PUT", USERS, &both).await.ok_empty();
    // Without a tag the one that is there stays.
    let value = user("test02", "Alicia")["value"].clone();
    send(&node, "PUT", &format!("{USERS}/test02"), &json!({ "value": value })).await.ok_empty();
    let shown = look(&node, &format!("{USERS}/test02"), &[]).await;
    assert_eq!((&shown["tag"], &shown["value"]), (&json!("Alice"), &value));
    assert_eq!(shown["createTime"], node.now().0 / 1000);

    let listed = look(&node, USERS, &[]).await;
    assert_eq!((ids(&listed), &listed["total"]), (vec!["test01", "test02"], &json!(2)));
    assert_eq!(ids(&look(&node, USERS, &[("ids", "test02,nobody")]).await), ["test02"]);
    assert_eq!(ids(&look(&node, USERS, &[("tag", "Kumer2")]).await), ["test01"]);
    assert_eq!(ids(&look(&node, USERS, &[("search", "Alicia")]).await), ["test02"]);
    assert_eq!(ids(&look(&node, USERS, &[("jsonPath", "$.user_name"), ("jsonPathValue", "Alicia")]).await), ["test02"]);
    assert_eq!(ids(&look(&node, USERS, &[("jsonPath", "$.nothing")]).await), [""; 0]);
    let next = "/resources/sls.common.user/next_records";
    let page = look(&node, next, &[("maxResults", "1")]).await;
    assert_eq!((ids(&page), &page["nextToken"], &page["total"]), (vec!["test01"], &json!("test01"), &json!(2)));
    let page = look(&node, next, &[("maxResults", "1"), ("nextToken", "test01")]).await;
    assert_eq!((ids(&page), page.get("nextToken")), (vec!["test02"], None));
    assert_eq!(ids(&look(&node, next, &[("reverse", "true")]).await), ["test02", "test01"]);

    let both = Call::new("DELETE", USERS).at(BARE).query(&[("ids", "test01,test02")]);
    node.logs(&node.root, both).await.ok_empty();
    let gone = node.logs(&node.root, Call::new("GET", "/resources/sls.common.user/records/test01").at(BARE)).await;
    assert_eq!(code(&gone), (404, "ResourceRecordNotExist".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_alerting_is_checked_and_built_in_ones_stay() {
    let node = scene().await;
    let mut short = user("abc", "Kumer");
    let mut loud = user("test03", "K");
    loud["value"] = json!(loud["value"].as_str().unwrap().replace("\"K\"", "\"K|\""));
    let mut other = user("test03", "K");
    other["id"] = json!("test04");
    let mut text = user("test03", "K");
    text["value"] = json!("not JSON");
    short["tag"] = json!("x");
    for wrong in [&short, &loud, &other, &text] {
        let refused = send(&node, "POST", USERS, wrong).await;
        assert_eq!(code(&refused), (400, "ParameterInvalid".into()), "{wrong}");
    }
    let policies = "/resources/sls.alert.action_policy/records";
    assert_eq!(ids(&look(&node, policies, &[]).await), [""; 0]);
    let listed = look(&node, policies, &[("includeSystemRecords", "true")]).await;
    assert!(ids(&listed).contains(&"sls.app.actiontrail.builtin"), "{listed}");
    let path = format!("{policies}/sls.app.actiontrail.builtin");
    let shown = look(&node, &path, &[]).await;
    let value: Value = serde_json::from_str(shown["value"].as_str().unwrap()).unwrap();
    assert_eq!(value["action_policy_id"], "sls.app.actiontrail.builtin");
    let changed = send(&node, "PUT", &path, &json!({ "value": value.to_string() })).await;
    assert_eq!(code(&changed), (400, "ParameterInvalid".into()), "{}", changed.text());
    let deleted = node.logs(&node.root, Call::new("DELETE", &path).at(BARE)).await;
    assert_eq!(code(&deleted), (400, "ParameterInvalid".into()));
    let templates = look(&node, "/resources/sls.alert.content_template/records/sls.builtin.en", &[]).await;
    assert!(templates["value"].as_str().unwrap().contains("templates"), "{templates}");
}

/// Robots' addresses hold their tokens, users' records their telephone numbers.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_lies_sealed_and_no_value_is_recorded() {
    let node = scene().await;
    let value = json!({
        "id": "robot-1", "name": "Robot", "type": "dingtalk", "url": "https://example.com/send?access_token=abcdef",
        "method": "POST", "headers": [], "secret": "very-secret",
    });
    let sent = json!({ "id": "robot-1", "tag": "Robot", "value": value.to_string() });
    send(&node, "POST", WEBHOOKS, &sent).await.ok();
    let shown = look(&node, &format!("{WEBHOOKS}/robot-1"), &[]).await;
    assert_eq!(shown["value"], value.to_string());
    assert_eq!(ids(&look(&node, WEBHOOKS, &[("search", "very-secret")]).await), ["robot-1"]);
    let account: AccountId = node.root.account.parse().unwrap();
    let kept = node.catalog.resource_record_find(account, "sls.alert.action_webhook", "robot-1").await.unwrap();
    let kept = kept.unwrap().value;
    assert!(!kept.contains("very-secret") && !kept.contains("abcdef"), "{kept}");
    let recorded = node.audited(&node.root.account, "CreateResourceRecord", 1).await;
    let text = recorded[0].to_string();
    assert!(!text.contains("very-secret") && !text.contains("abcdef"), "{text}");
    assert_eq!(recorded[0]["requestParameters"]["id"], "robot-1");
    assert_eq!(recorded[0]["resourceName"], "sls.alert.action_webhook");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_have_the_older_name_of_the_go_and_java_sdks_too() {
    const OLDER: &str = "/resources/sls.alert.webhook_application";
    let node = scene().await;
    // As the Go SDK writes it: without a secret, and an empty list as null.
    let value = json!({
        "id": "robot-1", "name": "Robot", "type": "dingtalk", "url": "https://example.com/send?access_token=abcdef",
        "method": "POST", "headers": null,
    });
    let sent = json!({ "id": "robot-1", "tag": "Robot", "value": value.to_string() });
    send(&node, "POST", &format!("{OLDER}/records"), &sent).await.ok();
    // It is the same record, found and sealed under either name.
    for resource in [format!("{OLDER}/records"), WEBHOOKS.to_owned()] {
        assert_eq!(ids(&look(&node, &resource, &[]).await), ["robot-1"]);
        assert_eq!(look(&node, &format!("{resource}/robot-1"), &[]).await["value"], value.to_string());
    }
    let account: AccountId = node.root.account.parse().unwrap();
    let kept = node.catalog.resource_record_find(account, "sls.alert.action_webhook", "robot-1").await.unwrap();
    assert!(!kept.unwrap().value.contains("abcdef"));
    assert_eq!(look(&node, OLDER, &[]).await["name"], "sls.alert.action_webhook");
    let named = look(&node, "/resources", &[("names", "sls.alert.webhook_application")]).await;
    assert_eq!(named["total"], 1);
    let wrong = json!({ "id": "robot-2", "value": "{\"id\": \"robot-2\"}" });
    assert_eq!(code(&send(&node, "POST", &format!("{OLDER}/records"), &wrong).await), (400, "ParameterInvalid".into()));
    let both = Call::new("DELETE", WEBHOOKS).at(BARE).query(&[("ids", "robot-1")]);
    node.logs(&node.root, both).await.ok_empty();
    assert_eq!(ids(&look(&node, &format!("{OLDER}/records"), &[]).await), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_declare_tables_of_their_own() {
    let node = scene().await;
    let declared = json!({
        "name": "known.addresses", "type": "userdefine", "description": "ours",
        "schema": "{\"schema\":[{\"column\":\"ip\",\"type\":\"string\"}]}", "acl": "{\"policy\":{\"type\":\"all_rw\"}}",
    });
    send(&node, "POST", "/resources", &declared).await.ok_empty();
    assert_eq!(code(&send(&node, "POST", "/resources", &declared).await), (400, "ResourceAlreadyExist".into()));
    let shown = look(&node, "/resources/known.addresses", &[]).await;
    for key in ["name", "type", "description", "schema", "acl"] {
        assert_eq!(shown[key], declared[key], "{key}");
    }
    send(&node, "PUT", "/resources/known.addresses", &json!({ "description": "theirs" })).await.ok_empty();
    let query = [("type", "userdefine"), ("names", "known.addresses,none")];
    let listed = look(&node, "/resources", &query).await;
    assert_eq!((&listed["total"], &listed["items"][0]["description"]), (&json!(1), &json!("theirs")));
    let built_in = look(&node, "/resources/sls.common.user", &[]).await;
    assert!(serde_json::from_str::<Value>(built_in["schema"].as_str().unwrap()).is_ok());

    let records = "/resources/known.addresses/records";
    let made = send(&node, "POST", records, &json!({ "value": "{\"anything\": 1}" })).await.ok();
    assert!(made["id"].as_str().is_some_and(|id| !id.is_empty()), "an id of the node's");
    for (path, body) in [("/resources", json!({ "name": "sls.mine", "type": "userdefine" })), ("/resources", json!({}))]
    {
        assert_eq!(code(&send(&node, "POST", path, &body).await), (400, "ParameterInvalid".into()));
    }
    for method in ["PUT", "DELETE"] {
        let refused = send(&node, method, "/resources/sls.common.user", &json!({})).await;
        assert_eq!(code(&refused), (400, "ParameterInvalid".into()));
    }
    node.logs(&node.root, Call::new("DELETE", "/resources/known.addresses").at(BARE)).await.ok_empty();
    for path in ["/resources/known.addresses", records] {
        let gone = node.logs(&node.root, Call::new("GET", path).at(BARE)).await;
        assert_eq!(code(&gone), (404, "ResourceNotExist".into()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_is_for_a_table_and_accounts_are_apart() {
    let node = scene().await;
    send(&node, "POST", USERS, &user("test01", "Kumer")).await.ok();
    let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["log:GetResourceRecord","log:ListResourceRecords"],
        "Resource":"acs:log:*:*:resource/sls.common.user"}]}"#;
    let reader = node.user(&node.root, "reader", Some(document)).await;
    let at = |path| Call::new("GET", path).at(BARE);
    node.logs(&reader, at("/resources/sls.common.user/records/test01")).await.ok();
    node.logs(&reader, at("/resources/sls.common.user/next_records")).await.ok();
    let denied = node.logs(&reader, at("/resources/sls.common.user_group/records")).await;
    assert_eq!(code(&denied), (403, "Unauthorized".into()));
    let denied = node.logs(&reader, Call::new("DELETE", "/resources/sls.common.user/records/test01").at(BARE)).await;
    assert_eq!(code(&denied), (403, "Unauthorized".into()));
    let stranger = node.account("tenant").await;
    let listed = node.logs(&stranger, at(USERS)).await.ok();
    assert_eq!(listed["total"], 0);
}
