use serde_json::json;

use super::*;

#[test]
fn published_examples_are_valid() {
    let examples = [
        (
            "sls.common.user",
            json!({"user_id": "alexander", "user_name": "Alex", "email": ["alex@example.com"], "country_code": "86", "phone": "13300003333", "enabled": true, "sms_enabled": true, "voice_enabled": true}),
        ),
        // What Terraform makes of a user with an address only.
        (
            "sls.common.user",
            json!({"user_id": "alexander", "user_name": "Alex", "email": ["alex@example.com"], "country_code": null, "phone": null, "enabled": true, "sms_enabled": null, "voice_enabled": null}),
        ),
        (
            "sls.common.user_group",
            json!({"user_group_id": "devops", "user_group_name": "DevOps Team", "enabled": true, "members": ["alex"]}),
        ),
        (
            "sls.alert.oncall_group",
            json!({"oncall_id": "default_oncall", "oncall_name": "Default Oncall", "enabled": true, "overrides": [], "rotations": [{
            "targets": [{"type": "user", "target_id": "alex"}, {"type": "user_group", "target_id": "devops"}], "end_time": 0, "shift_day": "",
            "shift_time": "12:00", "shift_type": "day", "start_time": 1_633_017_600, "shift_minute": 0, "end_time_type": "none", "shift_interval": 1,
            "shift_week_custom": null, "restriction_date_type": "workday", "restriction_time_type": "allday", "restriction_week_range": null,
            "restriction_time_custom_range": null}], "calendar_id": "default_calendar"}),
        ),
        (
            "sls.alert.action_webhook",
            json!({"id": "custom-webhook", "name": "Custom Webhook", "type": "custom", "url": "http://localhost:9099/data/webhook", "method": "POST", "headers": [{"key": "Content-Type", "value": "application/json"}, {"key": "Foo", "value": "bar"}]}),
        ),
        (
            "sls.alert.action_webhook",
            json!({"id": "dingtalk", "name": "Dingtalk Webhook", "type": "dingtalk", "url": "https://oapi.dingtalk.com/robot/send?access_token=x", "method": "POST", "secret": "SEC1", "headers": []}),
        ),
        (
            "sls.alert.action_webhook",
            json!({"id": "default.fc", "name": "Functions", "type": "fc", "url": "https://fc.example.net", "access_key_id": "id", "secret": "s"}),
        ),
        (
            "sls.alert.alert_policy",
            json!({"policy_id": "sls.builtin", "policy_name": "SLS Builtin Alert Policy", "parent_id": "sls.root", "is_default": false, "group_script": "fire(action_policy=\"sls.builtin\", group={\"project\": \"__a__\", \"uid\": \"__a__\"}, group_by_all_labels=true, group_wait=\"15s\", group_interval=\"5m\", repeat_interval=\"1h\")", "inhibit_script": "", "silence_script": ""}),
        ),
        (
            "sls.alert.action_policy",
            json!({"action_policy_id": "sls.builtin", "action_policy_name": "SLS Builtin Action Policy", "labels": {}, "is_default": false, "primary_policy_script": "fire(type=\"sms\", users=[\"alex\"], groups=[], oncall_groups=[], receiver_type=\"static\", external_url=\"\", external_headers={}, template_id=\"sls.builtin.cn\", check_quota=\"true\", period=\"any\")", "secondary_policy_script": "fire(type=\"voice\", users=[\"alex\"])", "escalation_start_enabled": false, "escalation_start_timeout": "10m", "escalation_inprogress_enabled": false, "escalation_inprogress_timeout": "30m", "escalation_enabled": false, "escalation_timeout": "1h"}),
        ),
        (
            "sls.alert.content_template",
            json!({"template_id": "sls.test", "template_name": "Test", "is_default": false, "templates": {"sms": {"locale": "zh-CN", "content": "{{ alert.alert_name }}"}, "fc": {"locale": "zh-CN", "content": "", "send_type": "merged", "limit": 0}}}),
        ),
        (
            "sls.alert.global_config",
            json!({"config_id": "default_config", "config_name": "Default config", "config_detail": {"alert_center_log": {"region": "cn-beijing"}}}),
        ),
        ("sls.common.calendar", json!({"calendar_id": "default_calendar", "calendar_name": "Default"})),
        ("user.anything", json!([1, 2])),
    ];
    for (resource, example) in &examples {
        assert_eq!(validate(resource, example), Ok(()), "{resource}");
    }
    for resource in RESOURCES {
        let (_, example) = examples.iter().find(|(name, _)| *name == resource.name).expect(resource.name);
        let (id, tag) = identity(resource.name, example).expect(resource.name);
        assert_eq!(
            (Some(id.as_str()), Some(tag.as_str())),
            (example[resource.id].as_str(), example[resource.tag].as_str())
        );
    }
    assert_eq!(identity("user.anything", &json!({})), None);
}

#[test]
fn wrong_records_say_which_field() {
    let message = |resource: &str, value: Json| validate(resource, &value).unwrap_err().to_string();
    assert_eq!(message("sls.common.user", json!("alice")), "value: a record is a JSON object");
    assert_eq!(message("sls.nothing", json!({})), "resource: there is no such resource of Log Service");
    assert_eq!(
        message("sls.common.user_group", json!({"user_group_id": "devops", "user_group_name": "ok", "members": [1]})),
        "members: should be a list of texts"
    );
    let webhook = |extra: Json| {
        let mut record = json!({"id": "webhook", "name": "Webhook", "type": "custom", "url": "https://example.net/?token=secret", "method": "POST", "headers": []});
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let error = validate("sls.alert.action_webhook", &record).unwrap_err();
        assert!(!error.value.contains("secret") && !format!("{:?}", error).contains("secret"));
        error.to_string()
    };
    assert_eq!(
        webhook(json!({"type": "teams"})),
        "type: should be one of dingtalk, wechat, lark, slack, custom, event_bridge, fc"
    );
    for url in ["ftp://secret", "https://", "https:///secret", "https://a b/secret"] {
        assert!(webhook(json!({"url": url})).starts_with("url: should be an address"));
    }
    assert!(webhook(json!({"method": "TRACE"})).starts_with("method: should be one of GET"));
    for headers in [
        json!([{"key": "a b", "value": "secret"}]),
        json!([{"key": "a", "value": "x\r\nsecret: 1"}]),
        json!([{"key": "a"}]),
        json!(["secret"]),
    ] {
        assert!(webhook(json!({"headers": headers})).starts_with("headers: should"));
    }
    let template = |channels: Json| {
        message(
            "sls.alert.content_template",
            json!({"template_id": "sls.test", "template_name": "Test", "templates": channels}),
        )
    };
    assert_eq!(template(json!({"fax": {}})), "templates.fax: is not a channel");
    assert_eq!(template(json!({"sms": {"locale": "de"}})), "templates.sms.locale: must be zh-CN or en-US");
    // A content that can never work is told to whoever writes it.
    let broken = template(json!({"sms": {"locale": "en-US", "content": "one\n{% if %}"}}));
    assert!(broken.starts_with("templates.sms.content: line 2: "), "{broken}");
    assert!(
        message(
            "sls.alert.alert_policy",
            json!({"policy_id": "my.policy", "policy_name": "p", "parent_id": "my.policy"})
        )
        .contains("not its own parent")
    );
}

#[test]
fn secrets_of_webhooks_are_not_shown() {
    let webhook = Webhook::parse(&json!({"id": "webhook", "name": "W", "type": "lark", "url": "https://example.net/token-1", "secret": "secret-1"})).unwrap();
    let shown = format!("{webhook:?}");
    assert!(!shown.contains("-1") && shown.contains("Lark"), "{shown}");
    assert_eq!(webhook.kind.channel(), crate::Channel::Lark);
}

#[test]
fn built_in_records_are_valid_and_named_once() {
    let all = builtin();
    for record in &all {
        assert_eq!(validate(record.resource, &record.value), Ok(()), "{}", record.id);
        assert_eq!(builtin_in(record.resource).iter().filter(|one| one.id == record.id).count(), 1);
    }
    for (resource, id) in [
        ("sls.alert.alert_policy", "sls.root"),
        ("sls.alert.alert_policy", "sls.builtin"),
        ("sls.alert.alert_policy", "sls.builtin.dynamic"),
        ("sls.alert.alert_policy", "sls.app.actiontrail.builtin"),
        ("sls.alert.action_policy", "sls.builtin"),
        ("sls.alert.action_policy", "sls.app.actiontrail.builtin"),
        ("sls.alert.action_policy", "actiontrail.calendar_policy"),
        ("sls.alert.content_template", "sls.builtin.cn"),
        ("sls.alert.content_template", "sls.builtin.en"),
        ("sls.alert.content_template", "sls.app.actiontrail.builtin.cn"),
        ("sls.alert.content_template", "sls.app.actiontrail.builtin.en"),
    ] {
        assert!(all.iter().any(|record| record.resource == resource && record.id == id), "{id}");
    }
}
