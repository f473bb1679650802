use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const PEOPLE: [Channel; 8] = [
    Channel::Sms,
    Channel::Voice,
    Channel::Email,
    Channel::MessageCenter,
    Channel::Dingtalk,
    Channel::Wechat,
    Channel::Lark,
    Channel::Slack,
];
const PROGRAMS: [Channel; 3] = [Channel::Webhook, Channel::Fc, Channel::EventBridge];

fn template(channel: &str, one: Value) -> ContentTemplate {
    let record = json!({"template_id": "own.template", "template_name": "own", "templates": {channel: one}});
    ContentTemplate::parse(&record).unwrap()
}

fn bodies(template: &ContentTemplate, channel: Channel, alerts: &[Alert]) -> Vec<String> {
    let messages = render(template, channel, alerts, &Links::default()).unwrap();
    messages.into_iter().map(|message| message.body).collect()
}

fn links(count: usize) -> Links {
    let details = (0..count).map(|at| Some(format!("https://cairn.test/alerts/detail?token=t{at}&x=1"))).collect();
    Links { base_url: "https://cairn.test".to_owned(), details }
}

/// The example of the event alerting documentation.
#[test]
fn single_sends_each_alert_and_batch_a_list() {
    let content = r#"{ "project": "{{project}}", "alert_name": "{{alert_name}}"}"#;
    let mut alerts = sample();
    for (at, alert) in alerts.iter_mut().enumerate() {
        alert.project = format!("project-{}", at + 1);
        alert.rule_title = format!("alert-{}", at + 1);
    }
    let one = r#"{ "project": "project-1", "alert_name": "alert-1"}"#;
    let two = r#"{ "project": "project-2", "alert_name": "alert-2"}"#;
    for (channel, key) in [(Channel::Webhook, "webhook"), (Channel::Fc, "fc")] {
        let single = template(key, json!({"send_type": "single", "content": content}));
        assert_eq!(bodies(&single, channel, &alerts), [one, two]);
        let batch = template(key, json!({"send_type": "batch", "limit": 0, "content": content}));
        assert_eq!(bodies(&batch, channel, &alerts), [format!("[{one},{two}]")]);
        let first = template(key, json!({"send_type": "batch", "limit": "1", "content": content}));
        assert_eq!(bodies(&first, channel, &alerts), [format!("[{one}]")]);
        let text = template(key, json!({"send_type": "batch", "content": "say \"{{alert_name}}\""}));
        assert_eq!(bodies(&text, channel, &alerts), [r#"["say \"alert-1\"","say \"alert-2\""]"#]);
        let merged = template(
            key,
            json!({"send_type": "merged", "content": "{% for a in alerts %}{{ a.alert_name }};{% endfor %}"}),
        );
        assert_eq!(bodies(&merged, channel, &alerts), ["alert-1;alert-2;"]);
        let merged = template(key, json!({"send_type": "merged", "limit": 1, "content": "{{ length(alerts) }}"}));
        assert_eq!(bodies(&merged, channel, &alerts), ["1"]);
    }
    let many: Vec<Alert> = (0..150).map(|_| alerts[0].clone()).collect();
    let merged = template("fc", json!({"send_type": "merged", "content": "{{ length(alerts) }}"}));
    assert_eq!(bodies(&merged, Channel::Fc, &many), ["100", "50"], "none is left out");
    let events = template("event_bridge", json!({"subject": "{{alert_id}}", "content": content}));
    let sent = render(&events, Channel::EventBridge, &alerts, &Links::default()).unwrap();
    assert_eq!(sent.len(), 2, "events are never merged");
    assert_eq!(
        (sent[1].title.as_str(), sent[1].body.as_str(), sent[1].alerts.as_slice()),
        ("trail_off", two, &[1][..])
    );
}

#[test]
fn both_syntaxes_name_every_variable_and_unknown_ones_are_empty() {
    let alert = &sample()[..1];
    let shown =
        |content: &str| bodies(&template("webhook", json!({"content": content})), Channel::Webhook, alert).remove(0);
    let names = [
        ("aliuid", "1000000000000001"),
        ("alert_id", "trail_off"),
        ("alert_name", "Attempt to turn off a trail"),
        ("alert_type", "sls_alert"),
        ("region", "cn-hangzhou"),
        ("project", "security"),
        ("next_eval_interval", "900"),
        ("alert_time", "1795285800"),
        ("fire_time", "1795284900"),
        ("resolve_time", "0"),
        ("status", "firing"),
        ("severity", "8"),
        ("labels.event_name", "StopLogging"),
        ("annotations.title", "Attempt to turn off a trail"),
        ("fire_results_count", "1"),
        ("fire_results[0].cnt", "3"),
        ("fire_results_as_kv", "[cnt:3,event_name:StopLogging,ram_user_id:28815334868278,source_ip:203.0.113.9]"),
        ("results[0].store", "actiontrail_audit"),
        ("results[0].raw_result_count", "1"),
        ("results[0].raw_results[0].cnt", "3"),
        ("results[0].fire_result.cnt", "3"),
        ("results[0].start_time", "1795284000"),
        ("results[0].truncated", "false"),
        ("condition", "Count:[1] > 0;Condition:[3] > 0"),
        ("policy.repeat_interval", "2h"),
        ("dashboard", "internal-alert-analysis"),
        ("labels", r#"{"account_id":"1000000000000001","event_name":"StopLogging"}"#),
        ("unknown", ""),
        ("unknown.deeper[3].still", ""),
    ];
    for (name, expected) in names {
        assert_eq!(shown(&format!("{{{{ {name} }}}}")), expected, "{name}");
        assert_eq!(shown(&format!("{{{{ alert.{name} }}}}")), expected, "alert.{name}");
        if !name.contains("[0].raw_results[") {
            assert_eq!(shown(&format!("${{{name}}}")), expected, "older {name}");
        }
    }
    assert_eq!(shown(r#"{{ alert.labels["event_name"] }}"#), "StopLogging");
    let people = |content: &str| bodies(&template("sms", json!({"content": content})), Channel::Sms, alert).remove(0);
    assert_eq!(people("${fire_time} ${severity} ${status}"), "2026-11-22 02:15:00 High Firing", "at UTC+8");
}

#[test]
fn json_that_values_break_is_mended() {
    let mut alert = sample().remove(0);
    alert.rule_title = "say \"stop\"\nnow".to_owned();
    let content = r#"{"name": "{{ alert_name }}", "labels": {{ labels }}, "severity": {{ severity }}}"#;
    let body = bodies(&template("webhook", json!({"content": content})), Channel::Webhook, &[alert.clone()]).remove(0);
    let read: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(read["name"], "say \"stop\"\nnow");
    assert_eq!(read["labels"]["event_name"], "StopLogging");
    let body =
        bodies(&template("webhook", json!({"content": "<{{ alert_name }}>"})), Channel::Webhook, &[alert]).remove(0);
    assert_eq!(body, "<say \"stop\"\nnow>", "what is no JSON is left as it is");
}

#[test]
fn text_of_events_is_no_markup_in_mail() {
    let mut alert = sample().remove(0);
    alert.labels.insert("user_agent".to_owned(), "<a href='https://evil.test'>click</a>".to_owned());
    for content in [
        "{{ labels.user_agent }}",
        "${labels.user_agent}",
        "{{ labels | to_list }}",
        "{{ labels }}",
        "{{ alert.labels.user_agent | lower }}",
    ] {
        let body = bodies(&template("email", json!({"content": content})), Channel::Email, &[alert.clone()]).remove(0);
        assert!(!body.contains("<a "), "{body}");
        assert!(body.contains("&lt;a "), "{body}");
    }
    for (id, ..) in builtin_records() {
        for channel in [Channel::Email, Channel::MessageCenter] {
            let messages = render(builtin(id).unwrap(), channel, &[alert.clone()], &links(1)).unwrap();
            assert!(!messages[0].body.contains("evil.test'>"), "{}", messages[0].body);
            assert!(
                messages[0].plain.as_ref().unwrap().contains("<a href='https://evil.test'>"),
                "plain text shows it as it is"
            );
        }
        for channel in [Channel::Dingtalk, Channel::Lark, Channel::Slack, Channel::Wechat] {
            let mut alert = alert.clone();
            alert.labels.insert("user_agent".to_owned(), "[click](https://evil.test) <https://evil.test|x>".to_owned());
            let messages = render(builtin(id).unwrap(), channel, &[alert], &links(1)).unwrap();
            let is_slack = channel == Channel::Slack;
            assert!(is_slack || !messages[0].body.contains("](https://evil.test)"), "{}", messages[0].body);
            assert!(!messages[0].body.contains("<https://evil.test|"), "{}", messages[0].body);
        }
    }
}

#[test]
fn a_person_gets_one_message_with_a_link_for_each_alert() {
    let alerts = sample();
    let own = |key: &str| {
        template(key, json!({"locale": "zh-CN", "title": "T {{ alert_name }}", "content": "C {{ alert_id }}"}))
    };
    let message = |key: &str, channel| render(&own(key), channel, &alerts, &links(2)).unwrap().remove(0);
    let dingtalk = message("dingtalk", Channel::Dingtalk);
    assert_eq!(dingtalk.title, "T Attempt to turn off a trail");
    assert_eq!(
        dingtalk.body,
        "共 2 条告警:\n\nC trail_off\n\n[查看详情](https://cairn.test/alerts/detail?token=t0&x=1)\n\n---\n\nC trail_off\n\n\
         [查看详情](https://cairn.test/alerts/detail?token=t1&x=1)"
    );
    assert_eq!(dingtalk.alerts, [0, 1]);
    assert_eq!(message("sms", Channel::Sms).body, "共 2 条告警: C trail_off; C trail_off", "no link in a text message");
    let mail = message("email", Channel::Email);
    assert!(
        mail.body.contains("<a href=\"https://cairn.test/alerts/detail?token=t0&amp;x=1\">查看详情</a>"),
        "{}",
        mail.body
    );
    assert!(mail.plain.unwrap().contains("https://cairn.test/alerts/detail?token=t1&x=1"));
    let closed = template("lark", json!({"content": "C {{ alert_url }}.", "disable_details": true}));
    let lark = render(&closed, Channel::Lark, &alerts[..1], &links(1)).unwrap().remove(0);
    assert_eq!(lark.body, "C .", "the switch takes all links away");
    assert_eq!(lark.title, "[Firing] High: Attempt to turn off a trail", "no robot takes a message without a title");
    let many: Vec<Alert> = (0..50).map(|_| alerts[0].clone()).collect();
    let message = render(&own("slack"), Channel::Slack, &many, &Links::default()).unwrap().remove(0);
    assert_eq!(message.body.matches("C trail_off").count(), 20);
    assert!(message.body.ends_with("另有 30 条"), "{}", message.body);
    let whole = template(
        "email",
        json!({"content": "{% for a in alerts %}<p>{{ loop.index }} {{ a.alert_id }}</p>{% endfor %}"}),
    );
    assert_eq!(bodies(&whole, Channel::Email, &alerts), ["<p>1 trail_off</p><p>2 trail_off</p>"]);
    assert_eq!(render(&whole, Channel::Email, &[], &Links::default()).unwrap(), []);
}

#[test]
fn records_that_make_no_sense_are_refused_by_field() {
    let field = |record: Value| ContentTemplate::parse(&record).map_err(|error| error.field);
    let with =
        |templates: Value| json!({"template_id": "own.template", "template_name": "own", "templates": templates});
    assert_eq!(field(json!({"template_id": "1abcd", "template_name": "own"})), Err("template_id".into()));
    assert_eq!(field(json!({"template_id": "abcde", "template_name": "a{b"})), Err("template_name".into()));
    for (templates, expected) in [
        (json!({"fax": {}}), "templates.fax"),
        (json!({"sms": []}), "templates.sms"),
        (json!({"sms": {"locale": "fr"}}), "templates.sms.locale"),
        (json!({"webhook": {"send_type": "each"}}), "templates.webhook.send_type"),
        (json!({"webhook": {"limit": -1}}), "templates.webhook.limit"),
        (json!({"email": {"content": "a".repeat(20_001)}}), "templates.email.content"),
        (json!({"email": {"subject": 5}}), "templates.email.subject"),
        (json!({"lark": {"disable_details": "yes"}}), "templates.lark.disable_details"),
    ] {
        assert_eq!(field(with(templates)), Err(expected.into()));
    }
    for (one, expected) in [
        (json!({"content": "a\n{% if %}"}), "templates.email.content, line 2"),
        (json!({"content": "{{ nofunction(1) }}"}), "nofunction"),
        (json!({"content": "", "subject": "{{ x"}), "templates.email.subject, line 1: }} is missing"),
        (json!({"content": "{{ a }"}), "templates.email.content, line 1"),
    ] {
        let error = template("email", one).check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_template_that_fails_is_replaced_and_one_without_content_is_the_built_in_one() {
    let broken = template("sms", json!({"locale": "zh-CN", "content": "{{ base64_decoding(alert_name) }}"}));
    let (messages, error) = render_or_builtin(&broken, Channel::Sms, &sample()[..1], &Links::default());
    assert!(messages[0].body.contains("触发"), "{}", messages[0].body);
    assert!(error.unwrap().to_string().contains("not base64"));
    let empty = template("sms", json!({"locale": "zh-CN", "content": " "}));
    assert_eq!(render_or_builtin(&empty, Channel::Sms, &sample()[..1], &Links::default()), (messages, None));
    assert!(bodies(&empty, Channel::Slack, &sample())[0].contains("触发"), "a channel that is not there too");
}

#[test]
fn built_in_templates_have_every_channel_in_both_languages() {
    assert_eq!(builtin_records().len(), 4);
    for (id, name, record) in builtin_records() {
        assert!(!name.is_empty());
        assert_eq!(ContentTemplate::parse(record).as_ref(), Ok(builtin(id).unwrap()));
        builtin(id).unwrap().check().unwrap();
        let text = record.to_string();
        assert!(!text.contains("[["), "{id} has all its words");
        let is_chinese = id.ends_with(".cn");
        for channel in PEOPLE.into_iter().chain(PROGRAMS) {
            let messages = preview(builtin(id).unwrap(), channel, None).unwrap();
            let body = &messages[0].body;
            assert!(
                body.contains("Attempt to turn off a trail") || channel == Channel::Slack,
                "{id} {channel:?}: {body}"
            );
            assert_eq!(messages[0].locale == Locale::Chinese, is_chinese);
            if PEOPLE.contains(&channel) {
                assert_eq!(body.contains("告警"), is_chinese, "{id} {channel:?}: {body}");
                let word = if is_chinese { "查看详情" } else { "Details" };
                let link = match channel {
                    Channel::Sms | Channel::Voice => String::new(),
                    Channel::Email | Channel::MessageCenter => format!("token=sample\">{word}</a>"),
                    Channel::Slack => format!("token=sample|{word}>"),
                    _ => format!("[{word}](https://cairn.example.com/alerts/detail?token=sample)"),
                };
                assert!(body.contains(&link), "{id} {channel:?}: {body}");
                let has_title = !matches!(channel, Channel::Sms | Channel::Voice);
                assert_eq!(messages[0].title.contains("Attempt"), has_title, "{id} {channel:?}");
            } else {
                let read: Value = serde_json::from_str(body).unwrap();
                let first = if read.is_array() { &read[0] } else { &read };
                assert_eq!(first["status"], "firing");
                assert_eq!(first["fire_results"][0]["cnt"], "3");
            }
        }
        let english = preview(builtin(id).unwrap(), Channel::Sms, Some(Locale::English)).unwrap();
        assert!(english[0].body.contains("Firing"), "{}", english[0].body);
    }
    let shows_rows =
        |id| preview(builtin(id).unwrap(), Channel::Email, None).unwrap()[0].body.contains("28815334868278</li>");
    assert!(shows_rows("sls.app.actiontrail.builtin.en") && !shows_rows("sls.builtin.en"));
}

#[test]
fn the_last_resort_names_each_alert_in_a_way_no_channel_can_misread() {
    let mut alerts = sample();
    alerts[0].rule_title = "<b>Trail \"stopped\"</b>](https://evil.test)".to_owned();
    let messages = compose::bare(&alerts, Locale::English);
    assert_eq!(messages[0].body, r#""[Firing] bTrail stoppedbhttps:evil.test""#);
    assert_eq!(messages[1].title, "[Resolved] Attempt to turn off a trail");
}

/// The longest and worst that a rule can put into an alert.
#[test]
fn built_in_templates_take_any_number_of_labels_and_any_characters() {
    for c in ['*', '\u{1}', '警'] {
        let long: String = std::iter::repeat_n(c, 4000).collect();
        let mut alert = sample().remove(0);
        for at in 0..60 {
            alert.labels.insert(format!("{at}{long}"), long.clone());
            alert.annotations.insert(format!("{at}"), long.clone());
        }
        alert.fire_results = vec![alert.labels.clone(); 3];
        for text in [&mut alert.rule_title, &mut alert.condition, &mut alert.raw_condition, &mut alert.project] {
            *text = long.clone();
        }
        // It shows all that the others show, and more.
        let template = builtin("sls.app.actiontrail.builtin.en").unwrap();
        for channel in PEOPLE.into_iter().chain(PROGRAMS) {
            let messages = render(template, channel, std::slice::from_ref(&alert), &links(1));
            assert!(messages.is_ok_and(|messages| messages.len() == 1), "{channel:?} {c:?}");
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", "[{}%$<>&\"'\\\\|*\n-]{0,20}", "x{3000}", Just(String::new())]
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map(text(), text(), 0..6)
}

prop_compose! {
    fn any_alert()(
        labels in texts(), annotations in texts(), row in texts(), title in text(), condition in text(),
        rows in 0_usize..120, time in any::<i64>(), is_resolved in any::<bool>(),
    ) -> Alert {
        let mut alert = sample().remove(0);
        alert.results[0].rows = vec![row.clone(); rows];
        alert.fire_results = vec![row; rows];
        alert.resolve_time = is_resolved.then_some(model::Timestamp(time));
        alert.fire_time = model::Timestamp(time / 2);
        (alert.labels, alert.annotations, alert.rule_title, alert.condition) = (labels, annotations, title, condition);
        alert
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn built_in_templates_render_every_alert_within_the_channels_room(
        alerts in proptest::collection::vec(any_alert(), 1..5),
        which in 0_usize..4,
    ) {
        let (id, ..) = builtin_records()[which];
        for channel in PEOPLE.into_iter().chain(PROGRAMS) {
            let messages = render(builtin(id).unwrap(), channel, &alerts, &links(alerts.len()));
            let messages = messages.unwrap_or_else(|error| panic!("{id} {channel:?}: {error}"));
            let told: usize = messages.iter().map(|message| message.alerts.len()).sum();
            prop_assert_eq!(told, alerts.len());
            let bytes_max = match channel {
                Channel::EventBridge => 60 * 1024,
                Channel::Fc => 128 * 1024,
                Channel::Sms | Channel::Voice => 3 * 1500 + 100,
                _ => 1024 * 1024,
            };
            for message in messages {
                prop_assert!(message.body.len() <= bytes_max, "{id} {channel:?}: {}", message.body.len());
                prop_assert!(!message.title.contains('\n'));
                if PROGRAMS.contains(&channel) {
                    prop_assert!(serde_json::from_str::<Value>(&message.body).is_ok(), "{}", message.body);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_template_ends(source in r#"[a-z${}%#~|*+\[\]('".,) 0-9\n-]{0,80}"#) {
        for channel in ["email", "webhook", "sms"] {
            let _ = template(channel, json!({"content": source.clone()})).check();
        }
    }
}

#[test]
fn a_table_of_100_rows_and_20_columns_fits() {
    let mut alert = sample().remove(0);
    alert.fire_results = vec![(0..20).map(|at| (format!("column{at}"), "value".to_owned())).collect(); 100];
    let content = "{% for row in fire_results %}<tr>{% for name, value in row.items() %}<td>{{ value }}</td>{% endfor %}</tr>\
                   {% endfor %}";
    let body = bodies(&template("email", json!({"content": content})), Channel::Email, &[alert]).remove(0);
    assert_eq!(body.matches("<td>value</td>").count(), 2000);
}
