use proptest::prelude::*;

use super::*;
use crate::specimen::alert;
use crate::{Alert, Severity};

const CALLS: [&str; 2] = ["fire", "stop"];

fn wrong(script: &str) -> String {
    parse(script, &CALLS).expect_err(script).to_string()
}

fn holds(text: &str, alerts: &[Alert]) -> bool {
    condition(text).expect(text).holds(&alerts.iter().collect::<Vec<_>>())
}

#[test]
fn what_clients_write_is_understood() {
    // The lines that Terraform's landing zone writes, and the shape of published policies.
    let script = "fire(type=\"sms\", users=[\"alice\"], groups=[], template_id=\"sls.app.actiontrail.builtin.cn\", period=\"any\")\n\
        fire(type='email', groups=['devops'],\n     external_headers={}, check_quota=\"true\",)  # mail\n\
        if alert.severity >= 8 and not (alert.labels[\"odd name\"] == 'x' or alert.project =~ '^prod-\\d+$'):\n\
        \tfire(type=\"voice\", oncall_groups=[\"night\"], future={\"a\": [1, -2.5, true, null]})\n\
        \tstop()\n\
        elif alerts.status == \"resolved\": stop()\n\
        else:\n    pass\n";
    let block = parse(script, &CALLS).unwrap();
    assert_eq!(calls(&block).len(), 5);
    let printed = print(&block);
    assert_eq!(
        printed,
        r#"fire(type="sms", users=["alice"], groups=[], template_id="sls.app.actiontrail.builtin.cn", period="any")
fire(type="email", groups=["devops"], external_headers={}, check_quota="true")
if alert.severity >= 8 and not (alert.labels["odd name"] == "x" or alert.project =~ "^prod-\\d+$"):
    fire(type="voice", oncall_groups=["night"], future={"a": [1, -2.5, true, null]})
    stop()
elif alerts.status == "resolved":
    stop()
"#
    );
    assert_eq!(parse(&printed, &CALLS).unwrap(), block);
    assert_eq!(parse("", &CALLS).unwrap(), Block::new());
    assert_eq!(parse("\n  # nothing\n", &CALLS).unwrap(), Block::new());
}

#[test]
fn errors_say_where_and_what() {
    assert_eq!(wrong("send()"), "line 1, column 1: a statement is if, pass or one of fire(), stop()");
    assert_eq!(wrong("fire(type=\"a\" users=[])"), "line 1, column 15: a comma or \")\" is missing here");
    assert_eq!(wrong("fire(type=\"a\", type=\"b\")"), "line 1, column 16: type is given twice");
    assert_eq!(
        wrong("fire(type=email)"),
        "line 1, column 11: email is no value; texts stand in quotes, fields begin with alert."
    );
    assert_eq!(
        wrong("if alert.severity >= 8:\nstop()"),
        "line 2, column 1: an indented block is missing here; write pass for an empty one"
    );
    assert_eq!(wrong("stop()\n    stop()"), "line 2, column 1: this line is indented more than the one above");
    assert_eq!(
        wrong("if alert.severity >= 8:\n    stop()\n  stop()"),
        "line 3, column 1: this line is indented like no line above it"
    );
    assert_eq!(wrong("fire(type=\"a"), "line 1, column 11: this text is not closed on its line");
    assert_eq!(wrong("fire(type=\"a\""), "line 1, column 1: a bracket is not closed");
    assert_eq!(
        wrong("if alert.severity:\n    stop()"),
        "line 1, column 18: a comparison is missing here: ==, !=, >, >=, <, <=, =~, !~, in or not in"
    );
    assert!(
        wrong("if alert.severtiy == 8:\n    stop()")
            .starts_with("line 1, column 4: alerts have no field \"severtiy\"; there are aliuid")
    );
    assert!(wrong("if alert.project =~ \"(\":\n    stop()").starts_with("line 1, column 4: \"(\" is no pattern"));
    assert_eq!(
        wrong("if 1 == 1: stop()"),
        "line 1, column 4: a comparison names a field of the alert on one side, such as alert.severity"
    );
    assert!(wrong("if alert.project == alerts.region: stop()").contains("not about both"));
    assert!(wrong("if alert.project in \"a\": stop()").contains("in wants a list"));
    assert!(wrong("if alert.project == [\"a\"]: stop()").contains("== compares single values"));
    let deep = format!("if {}alert.severity > 1{}: stop()", "(".repeat(40), ")".repeat(40));
    assert!(wrong(&deep).contains("nested deeper than 32"));
    assert!(wrong(&"# long\n".repeat(20_000)).contains("longer than 65536 bytes"));
}

#[test]
fn long_chains_are_no_nesting() {
    let elif = |count: usize| {
        let branch = |number| format!("elif alert.labels.team == \"{number}\":\n    stop()\n");
        let branches: String = (0..count).map(branch).collect();
        format!("if alert.severity == 2:\n    stop()\n{branches}else:\n    fire()\n")
    };
    let block = parse(&elif(ELIFS_MAX), &CALLS).unwrap();
    assert_eq!(print(&block), elif(ELIFS_MAX));
    assert!(wrong(&elif(ELIFS_MAX + 1)).contains("at most 200 elif"));
}

#[test]
fn any_asks_whether_one_alert_meets_everything_and_all_whether_every_one_does() {
    let mut high = alert(&[("user", "alice")]);
    high.severity = Severity::Critical;
    let mut low = alert(&[("user", "bob")]);
    low.severity = Severity::Low;
    let both = [high.clone(), low];
    assert!(holds("alert.severity >= 8", &both));
    assert!(!holds("alerts.severity >= 8", &both));
    assert!(holds("alerts.severity >= 4", &both));
    // One alert has to meet both parts; these are two different ones.
    assert!(!holds("alert.severity >= 8 and alert.labels.user == \"bob\"", &both));
    assert!(holds("alert.severity >= 8 or alert.labels.user == \"bob\"", &both));
    assert!(holds("not alert.severity >= 8", &both));
    // Mixed: each kind as a whole.
    assert!(holds("alerts.severity >= 4 and alert.severity == 10 and alert.labels.user == \"alice\"", &both));
    assert!(!holds("alerts.severity >= 4 and alert.severity == 10 and alert.labels.user == \"bob\"", &both));
    assert!(holds("alerts.severity >= 8 or alert.labels.user in [\"bob\", \"carol\"]", &both));
    // Every one is alice or bob, though not all are alice and not all are bob.
    assert!(holds("alerts.labels.user == \"alice\" or alerts.labels.user == \"bob\" or alert.severity == 2", &both));
    assert!(!holds("alerts.severity >= 1", &[]));
    assert!(holds("true", &both));
    assert!(!holds("not true or false", &both));
    assert_eq!(
        condition("alert.severity >= 8").unwrap().held(&[&both[0], &both[1]]),
        Held { holds: true, meeting: Some(1) }
    );
    assert_eq!(high.severity, Severity::Critical);
}

#[test]
fn values_compare_as_numbers_when_both_are() {
    let one = [alert(&[("count", "10"), ("name", "abc"), ("id", "9007199254740993"), ("share", "0.50")])];
    for (text, expected) in [
        ("alert.labels.count > 9", true),
        ("alert.labels.count > \"9\"", true),
        ("alert.labels.count == \"10.0\"", true),
        ("alert.labels.share == 0.5", true),
        ("alert.labels.name > \"abb\"", true),
        // A number and a text have no order, and a missing field is an empty text.
        ("alert.labels.name > 1", false),
        ("alert.labels.name < 1", false),
        ("alert.labels.missing < 1", false),
        ("alert.labels.missing == \"\"", true),
        ("alert.labels.missing == null", true),
        // As floating-point numbers these two are the same.
        ("alert.labels.id == \"9007199254740992\"", false),
        ("8 <= alert.severity", true),
        ("alert.labels.name =~ \"B\"", false),
        ("alert.labels.name =~ \"b\"", true),
        ("alert.labels.name !~ \"^b\"", true),
        ("alert.labels.count not in [9, 10]", false),
        ("alert.project == alert.region", false),
        ("alert.aliuid == \"1000000000000001\" && alert.alert_id == 'rule' || false", true),
        ("alert.title == \"Something happened\"", true),
        ("alert.policy.repeat_interval == \"2h\"", true),
    ] {
        assert_eq!(holds(text, &one), expected, "{text}");
    }
}

#[test]
fn entities_are_found_in_labels_or_in_rows_that_agree() {
    let mut by_label = alert(&[("ram_user_id", "u-1"), ("source_ip", "203.0.113.9"), ("access_key_id", "")]);
    assert_eq!(Entity::Actor.of(&by_label).as_deref(), Some("u-1"));
    assert!(holds("alert.entity.address == \"203.0.113.9\"", &[by_label.clone()]));
    assert_eq!(Entity::Key.of(&by_label), None);
    let row = |key: &str| [("event.userIdentity.accessKeyId".to_owned(), key.to_owned())].into();
    by_label.fire_results = vec![row("LTAI1"), row("LTAI1")];
    assert_eq!(Entity::Key.of(&by_label).as_deref(), Some("LTAI1"));
    by_label.fire_results.push(row("LTAI2"));
    assert_eq!(Entity::Key.of(&by_label), None);
}

#[test]
fn lengths_of_time() {
    for (text, seconds) in [
        ("15s", 15),
        ("5m", 300),
        ("2h", 7200),
        ("1d", 86_400),
        ("4h0m0s", 14_400),
        ("1h30m", 5400),
        ("0", 0),
        ("0s", 0),
    ] {
        assert_eq!(duration(text).unwrap().as_secs(), seconds, "{text}");
    }
    for text in ["", "5", "m", "5 m", "1w", "-5m", "31d", "99999999999999999999s", "18446744073709551615d"] {
        assert!(duration(text).is_err(), "{text}");
    }
}

/// Texts with everything that could break quoting.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z]{1,6}", "[ -~\u{8}\n\t\r\u{c}\u{7f}äß漢\u{1f600}\u{2028}]{0,8}"]
}

pub(crate) fn fields() -> impl Strategy<Value = Field> {
    let scope = prop_oneof![Just(Scope::Any), Just(Scope::All)];
    let path = prop_oneof![
        prop_oneof![Just("severity"), Just("project"), Just("status")].prop_map(|name| vec![name.to_owned()]),
        texts().prop_map(|name| vec!["labels".to_owned(), name]),
        Just(vec!["entity".to_owned(), "actor".to_owned()]),
    ];
    (scope, path).prop_map(|(scope, path)| Field { scope, path })
}

pub(crate) fn plain_values() -> impl Strategy<Value = Value> {
    prop_oneof![
        texts().prop_map(Value::Text),
        any::<i32>().prop_map(|number| Value::Number(number.into())),
        // Quarters: serde_json's parser of floating-point numbers is exact for these.
        (-4000..4000i32)
            .prop_map(|quarters| Value::Number(serde_json::Number::from_f64(f64::from(quarters) / 4.0).unwrap())),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let any_number = any::<f64>().prop_filter_map("finite", serde_json::Number::from_f64).prop_map(Value::Number);
    prop_oneof![4 => plain_values(), 1 => any_number, 1 => fields().prop_map(Value::Field)].prop_recursive(
        2,
        12,
        4,
        |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_map(texts(), inner, 0..4).prop_map(Value::Map),
            ]
        },
    )
}

fn comparisons() -> impl Strategy<Value = Condition> {
    let operator = prop::sample::select(&Operator::ALL[..]);
    (fields(), operator, plain_values(), texts(), prop::collection::vec(plain_values(), 0..3)).prop_map(
        |(field, operator, value, text, list)| {
            let right = match operator {
                Operator::Matches | Operator::MatchesNot => Value::Text(regex::escape(&text)),
                Operator::In | Operator::NotIn => Value::List(list),
                _ => value,
            };
            Condition::Compare(Comparison::new(Value::Field(field), operator, right).unwrap())
        },
    )
}

pub(crate) fn conditions() -> impl Strategy<Value = Condition> {
    prop_oneof![9 => comparisons(), 1 => any::<bool>().prop_map(Condition::Constant)].prop_recursive(
        4,
        16,
        3,
        |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::Or),
                inner.prop_map(|part| Condition::Not(Box::new(part))),
            ]
        },
    )
}

fn blocks() -> impl Strategy<Value = Block> {
    let call = (prop::sample::select(&CALLS[..]), prop::collection::btree_map("[a-z_]{1,10}", values(), 0..4));
    let call =
        call.prop_map(|(name, arguments)| vec![Statement::Call(Call { name: name.to_owned(), arguments, line: 0 })]);
    call.prop_recursive(4, 24, 4, |inner| {
        let branch = (conditions(), inner.clone(), prop_oneof![Just(Block::new()), inner.clone()]);
        let branch = branch.prop_map(|(condition, then, otherwise)| {
            vec![Statement::If(Branch { condition, then, otherwise, line: 0 })]
        });
        let several = prop::collection::vec(prop_oneof![inner, branch], 1..4);
        several.prop_map(|blocks| blocks.concat())
    })
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same(block in blocks()) {
        let printed = print(&block);
        let read = parse(&printed, &CALLS);
        prop_assert_eq!(read, Ok(block), "{}", printed);
    }

    #[test]
    fn any_text_ends(text in "[a-z.=~!<>&|()\\[\\]{},:\"'# \n\t0-9-]{0,80}", prefix in prop_oneof![Just(""), Just("if alert.severity"), Just("fire(")]) {
        let script = format!("{prefix}{text}");
        if let Ok(block) = parse(&script, &CALLS) {
            prop_assert_eq!(parse(&print(&block), &CALLS), Ok(block));
        }
    }

    #[test]
    fn silences_name_fields_as_scripts_do(field in fields()) {
        prop_assert_eq!(Field::parse(field.scope, &field.name()), Ok(field));
    }
}
