use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::action::{ActionPolicy, Planned, Stage};
use crate::specimen::{NOW, alert};
use crate::{Channel, records};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn user(id: &str, extra: Json) -> Json {
    let mut record = json!({
        "user_id": id, "user_name": "Somebody", "email": [format!("{id}@example.net")], "country_code": "86",
        "phone": "13800000000", "enabled": true, "sms_enabled": true, "voice_enabled": true,
    });
    record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    record
}

fn group(id: &str, members: &[&str], extra: Json) -> Json {
    let mut record =
        json!({"user_group_id": id, "user_group_name": "Some people", "enabled": true, "members": members});
    record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    record
}

fn planned(fire: &str) -> Planned {
    let policy = json!({"action_policy_id": "policy", "action_policy_name": "p", "primary_policy_script": fire});
    ActionPolicy::parse(&policy).unwrap().run(Stage::Primary, &[&alert(&[])]).planned.remove(0)
}

fn directory(records: &[(&str, Json)]) -> Directory {
    let mut directory = Directory::default();
    for (resource, record) in records {
        records::validate(resource, record).unwrap();
        directory.add(resource, record).unwrap();
    }
    directory
}

fn people() -> Directory {
    directory(&[
        ("sls.common.user", user("alice", json!({"email": ["alice@example.net", "alice@example.org"]}))),
        ("sls.common.user", user("robert", json!({"sms_enabled": false, "email": []}))),
        ("sls.common.user", user("carol", json!({"enabled": false}))),
        ("sls.common.user", user("david", json!({"phone": "", "country_code": null, "quota": {"email": 1}}))),
        ("sls.common.user_group", group("everybody", &["alice", "robert", "carol", "david", "nobody"], json!({}))),
        ("sls.common.user_group", group("closed", &["alice"], json!({"enabled": false}))),
        ("sls.common.user_group", group("vacant", &[], json!({}))),
    ])
}

fn resolved(fire: &str, used: u32) -> (Vec<String>, Vec<String>) {
    let resolution = resolve(&planned(fire), &people(), NOW, &|_, _| used);
    let recipients = resolution.recipients.iter().map(|one| format!("{} {}", one.user, one.address)).collect();
    let left_out = resolution.left_out.iter().map(|one| format!("{} {}", one.who, one.reason.code)).collect();
    (recipients, left_out)
}

#[test]
fn everybody_who_is_named_is_told_once_or_left_out_with_a_reason() {
    let (recipients, left_out) = resolved(
        "fire(type=\"sms\", users=[\"alice\"], groups=[\"everybody\", \"closed\", \"vacant\", \"missing\"], oncall_groups=[\"missing\"])",
        0,
    );
    assert_eq!(recipients, ["alice +8613800000000"]);
    assert_eq!(
        left_out,
        [
            "group:closed disabled",
            "group:vacant empty",
            "group:missing unknown",
            "oncall:missing unknown",
            "user:robert channel_off",
            "user:carol disabled",
            "user:david no_address",
            "user:nobody unknown",
        ]
    );
    let (recipients, _) = resolved("fire(type=\"email\", groups=[\"everybody\"])", 0);
    assert_eq!(recipients, ["alice alice@example.net", "alice alice@example.org", "david david@example.net"]);
    // A robot mentions by the number it knows, and needs nobody.
    let (recipients, _) = resolved(
        "fire(type=\"webhook_integration\", integration_type=\"dingtalk\", webhook_id=\"robot\", users=[\"robert\"])",
        0,
    );
    assert_eq!(recipients, ["robert 13800000000"]);
    let none = resolve(&planned("fire(type=\"message_center\")"), &people(), NOW, &|_, _| 0);
    assert_eq!(none, Resolution::default());
    let nobody = resolve(&planned("fire(type=\"email\", users=[\"carol\"])"), &people(), NOW, &|_, _| 0);
    assert_eq!(nobody.withheld.unwrap().code, "no_recipients");
}

#[test]
fn quotas_are_the_groups_then_the_users_then_the_usual_one() {
    let mail = "fire(type=\"email\", users=[\"david\"])";
    assert_eq!(resolved(mail, 0).0.len(), 1);
    assert_eq!(resolved(mail, 1), (vec![], vec!["user:david quota_used".to_owned()]));
    assert_eq!(resolved("fire(type=\"email\", users=[\"david\"], check_quota=\"false\")", 1).0.len(), 1);
    // Two addresses, one left.
    let two = resolved("fire(type=\"email\", users=[\"alice\"])", QUOTA_DEFAULT - 1);
    assert_eq!(two, (vec!["alice alice@example.net".to_owned()], vec!["user:alice quota_used".to_owned()]));
    let directory = directory(&[
        ("sls.common.user", user("alice", json!({"quota": {"sms": 9}}))),
        ("sls.common.user_group", group("small", &["alice"], json!({"quota": {"sms": 2}}))),
        ("sls.common.user_group", group("large", &["alice"], json!({"quota": {"sms": 4}}))),
        ("sls.common.user_group", group("unlimited", &["alice"], json!({"quota": {"voice": 1}}))),
    ]);
    let limit = |who: &str| {
        let planned = planned(&format!("fire(type=\"sms\", {who})"));
        (0..).find(|used| resolve(&planned, &directory, NOW, &|_, _| *used).recipients.is_empty()).unwrap()
    };
    assert_eq!(limit("users=[\"alice\"]"), 9);
    assert_eq!(limit("groups=[\"small\"]"), 2);
    assert_eq!(limit("groups=[\"small\", \"large\"]"), 4);
    assert_eq!(limit("users=[\"alice\"], groups=[\"small\"]"), 2);
    assert_eq!(limit("groups=[\"unlimited\"]"), 9);
}

#[test]
fn the_period_withholds_a_notification_on_every_channel() {
    for fire in [
        "fire(type=\"email\", users=[\"alice\"], period=\"non_worktime\")",
        "fire(type=\"message_center\", period=\"non_workday\")",
    ] {
        let resolution = resolve(&planned(fire), &people(), NOW, &|_, _| 0);
        assert_eq!((resolution.withheld.unwrap().code.as_ref(), resolution.recipients.len()), ("outside_period", 0));
    }
}

#[test]
fn a_receiver_of_dynamic_recipients_answers_with_ids() {
    let named = named_by(br#"{"users": ["alice"], "other": 1}"#).unwrap();
    let planned = planned(
        "fire(type=\"sms\", receiver_type=\"dynamic\", external_url=\"https://example.net/who\", users=[\"robert\"])",
    )
    .with(named);
    assert_eq!((planned.users, planned.groups.len()), (vec!["alice".to_owned()], 0));
    assert_eq!(named_by(b"alice").unwrap_err().code, "dynamic_recipients");
    assert!(named_by(&[b' '; 3000]).unwrap_err().why.contains("longer than 2048 bytes"));
}

fn oncall(rotation: Json, overrides: Json) -> Directory {
    let mut whole = json!({
        "targets": [{"type": "user", "target_id": "alice"}, {"type": "user", "target_id": "robert"}, {"type": "user_group", "target_id": "everybody"}],
        "start_time": 1_719_792_000, "end_time": 0, "end_time_type": "none", "shift_type": "day", "shift_day": "", "shift_time": "12:00",
        "shift_minute": 0, "shift_interval": 1, "shift_week_custom": null, "restriction_date_type": "none",
        "restriction_time_type": "allday", "restriction_week_range": null, "restriction_time_custom_range": null,
    });
    whole.as_object_mut().unwrap().extend(rotation.as_object().unwrap().clone());
    let record = json!({"oncall_id": "night-shift", "oncall_name": "Night", "enabled": true, "overrides": overrides, "rotations": [whole], "calendar_id": "berlin"});
    directory(&[
        (
            "sls.common.calendar",
            json!({"calendar_id": "berlin", "calendar_name": "Berlin", "time_zone": "UTC", "holidays": ["2024-07-08"]}),
        ),
        ("sls.alert.oncall_group", record),
    ])
}

/// The first letters of who is on duty at each time.
fn plan(directory: &Directory, times: &[&str]) -> String {
    let letter = |time: &&str| match &directory.on_duty("night-shift", at(time))[..] {
        [Target::User(id)] => id.chars().next().unwrap(),
        [Target::Group(_)] => 'G',
        [] => '-',
        _ => '?',
    };
    times.iter().map(letter).collect()
}

#[test]
fn rotations_hand_over_at_their_times() {
    // From Monday, 1 July 2024, 00:00 UTC on.
    let days = [
        "2024-07-01T00:00:00Z",
        "2024-07-01T12:00:00Z",
        "2024-07-02T11:59:59Z",
        "2024-07-02T12:00:00Z",
        "2024-07-03T12:00:00Z",
        "2024-07-04T12:00:00Z",
    ];
    assert_eq!(plan(&oncall(json!({}), json!([])), &days), "arrGar");
    assert_eq!(plan(&oncall(json!({"shift_interval": 2}), json!([])), &days), "aaarrG");
    assert_eq!(plan(&oncall(json!({}), json!([])), &["2024-06-30T23:59:59Z"]), "-");
    let until = json!({"end_time": 1_719_878_400, "end_time_type": "time"});
    assert_eq!(plan(&oncall(until, json!([])), &["2024-07-01T23:59:59Z", "2024-07-02T00:00:00Z"]), "r-");
    let hours = [
        "2024-07-01T00:00:00Z",
        "2024-07-01T07:59:59Z",
        "2024-07-01T08:00:00Z",
        "2024-07-01T16:00:00Z",
        "2024-07-02T00:00:00Z",
    ];
    assert_eq!(plan(&oncall(json!({"shift_type": "hour", "shift_interval": 8}), json!([])), &hours), "aarGa");
    // The first working day of the week is Monday, but for the week of the holiday on 8 July.
    let weeks = [
        "2024-07-07T23:00:00Z",
        "2024-07-08T12:00:00Z",
        "2024-07-09T00:00:00Z",
        "2024-07-15T00:00:00Z",
        "2024-07-22T00:00:00Z",
    ];
    let weekly = json!({"shift_type": "week", "shift_day": "workday", "shift_time": "00:00"});
    assert_eq!(plan(&oncall(weekly, json!([])), &weeks), "aarGa");
    let sundays = json!({"shift_type": "week", "shift_day": "0", "shift_time": "00:00"});
    assert_eq!(
        plan(
            &oncall(sundays, json!([])),
            &["2024-07-06T23:59:59Z", "2024-07-07T00:00:00Z", "2024-07-13T23:59:59Z", "2024-07-14T00:00:00Z"]
        ),
        "arrG"
    );
    let custom = json!({"shift_type": "custom", "shift_week_custom": [1, 4], "shift_time": "00:00"});
    assert_eq!(
        plan(
            &oncall(custom, json!([])),
            &[
                "2024-07-03T23:59:59Z",
                "2024-07-04T00:00:00Z",
                "2024-07-08T00:00:00Z",
                "2024-07-11T00:00:00Z",
                "2024-07-15T00:00:00Z"
            ]
        ),
        "arGar"
    );
}

#[test]
fn rotations_may_be_limited_to_times() {
    let times = ["2024-07-05T08:00:00Z", "2024-07-05T20:00:00Z", "2024-07-06T10:00:00Z"];
    let duty = |restriction: Json| {
        let plan = plan(&oncall(restriction, json!([])), &times);
        plan.chars().map(|letter| if letter == '-' { '-' } else { 'x' }).collect::<String>()
    };
    assert_eq!(duty(json!({})), "xxx");
    assert_eq!(duty(json!({"restriction_date_type": "workday"})), "xx-");
    assert_eq!(duty(json!({"restriction_date_type": "non_workday"})), "--x");
    assert_eq!(duty(json!({"restriction_date_type": "week", "restriction_week_range": [5]})), "xx-");
    assert_eq!(duty(json!({"restriction_time_type": "non_worktime"})), "xxx");
    assert_eq!(duty(json!({"restriction_time_type": "worktime"})), "---");
    assert_eq!(
        duty(
            json!({"restriction_time_type": "custom", "restriction_time_custom_range": [{"start": "19:00", "end": "09:00"}]})
        ),
        "xx-"
    );
}

#[test]
fn overrides_put_somebody_else_in_place() {
    let dates = ["2024-07-01T00:00:00Z", "2024-07-01T12:00:00Z", "2024-07-02T12:00:00Z"];
    let carol = json!({"type": "user", "target_id": "carol"});
    let everybody = json!([{"start_time": 1_719_792_000, "end_time": 1_719_878_400, "substitute": carol}]);
    assert_eq!(plan(&oncall(json!({}), everybody), &dates), "ccG");
    let only_robert = json!([{"start_time": 1_719_792_000, "end_time": 1_719_878_400, "object": {"type": "user", "target_id": "robert"}, "substitute": carol}]);
    assert_eq!(plan(&oncall(json!({}), only_robert), &dates), "acG");
    let record = json!({"oncall_id": "night-shift", "oncall_name": "Night", "overrides": [{"start_time": 1, "end_time": 2}], "rotations": []});
    assert!(
        OncallGroup::parse(&record).unwrap_err().to_string().starts_with("overrides[0].substitute: should say who")
    );
}

#[test]
fn whoever_is_on_duty_is_reached_through_the_group() {
    let mut directory = oncall(json!({}), json!([]));
    directory.add("sls.common.user", &user("robert", json!({}))).unwrap();
    let planned = planned("fire(type=\"voice\", oncall_groups=[\"night-shift\"])");
    let resolution = resolve(&planned, &directory, at("2024-07-01T13:00:00Z"), &|_, _| 0);
    assert_eq!(resolution.recipients[0].user, "robert");
    let before = resolve(&planned, &directory, at("2024-06-01T13:00:00Z"), &|_, _| 0);
    assert_eq!(
        (before.left_out[0].who.as_str(), before.left_out[0].reason.code.as_ref()),
        ("oncall:night-shift", "nobody_on_duty")
    );
}

#[test]
fn users_come_as_lines() {
    let text = "# ID, Name, Mobile phone number\n\u{20}\ntest01,Kumer,true,86-13811110000,true,true,a@example.net\r\ntest02,\"Lee, Alice\",false,,false,false,a@example.net; b@example.net,sms=20;voice=0\n";
    let users = bulk::import(text).unwrap();
    assert_eq!((users[0].id.as_str(), users[0].phone.as_str(), users[0].takes_voice), ("test01", "13811110000", true));
    assert_eq!(
        (users[1].name.as_str(), users[1].emails.len(), users[1].quota.of(Channel::Voice)),
        ("Lee, Alice", 2, Some(0))
    );
    assert_eq!(bulk::import(&bulk::export(&users)).unwrap(), users);
    let errors = bulk::import("test01,Kumer,yes,86-1,true,true,a@example.net\nab,c\ntest01,K,true,86-138,true,true,\ntest01,K,true,1-138,true,true,\n\"test01,K\n").unwrap_err();
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors[0], "line 1: the third field, enabled, is \"yes\"; it should be true or false");
    assert!(errors[1].starts_with("line 2: has 2 fields instead of 7: ID,Name,Enabled"), "{}", errors[1]);
    assert_eq!(errors[2], "line 4: voice_enabled: calls are only made to numbers of country code 86");
    assert_eq!(errors[3], "line 5: a quote is not closed");
    let twice = bulk::import("test01,K,true,86-138,true,true,\ntest01,K,true,86-138,true,true,\n").unwrap_err();
    assert_eq!(twice[0].to_string(), "line 2: the id test01 is on line 1 already");
}

#[test]
fn users_are_checked_by_the_published_rules() {
    let message = |extra: Json| User::parse(&user("alice", extra)).unwrap_err().to_string();
    assert!(message(json!({"user_id": "1alice"})).starts_with("user_id: should have 5 to 60 characters"));
    assert!(message(json!({"user_id": "abcd"})).starts_with("user_id"));
    assert!(message(json!({"user_name": ""})).starts_with("user_name"));
    assert_eq!(message(json!({"user_name": "a".repeat(21)})), "user_name: should have 1 to 20 characters");
    for c in "\"\\$|~?&<>{}`'".chars() {
        assert_eq!(message(json!({"user_name": format!("a{c}")})), format!("user_name: should not contain {c:?}"));
    }
    assert_eq!(message(json!({"country_code": "12345"})), "country_code: should be 1 to 4 digits");
    assert_eq!(message(json!({"country_code": ""})), "country_code: should be 1 to 4 digits");
    assert_eq!(message(json!({"phone": "+138"})), "phone: should be up to 20 digits");
    assert_eq!(
        message(json!({"phone": "", "email": []})),
        "phone: a user should have a phone number or an email address"
    );
    assert_eq!(
        message(json!({"country_code": "49"})),
        "voice_enabled: calls are only made to numbers of country code 86"
    );
    assert_eq!(message(json!({"enabled": "true"})), "enabled: should be true or false");
    assert_eq!(message(json!({"quota": {"sms": 10_000}})), "quota: a quota is at most 9999 a day");
    assert!(message(json!({"quota": {"fax": 1}})).contains("has no quota"));
    for email in ["a", "a@", "@b", "a b@c.d", "a@b..c", "a@b\nc", "a,b@c.d"] {
        assert_eq!(message(json!({"email": [email]})), "email: should be an address such as name@example.net");
    }
    let kept = User::parse(&user("alice", json!({"quota": {"sms": 3}}))).unwrap();
    assert_eq!(User::parse(&kept.record()).unwrap(), kept);
}

fn any_user() -> impl Strategy<Value = User> {
    let id = "[a-zA-Z][a-zA-Z0-9_.-]{4,59}";
    let name = "[a-zA-Z0-9 ,;=#äß漢@/.:-]{1,20}".prop_filter("named", |name| !name.trim().is_empty());
    let emails = prop::collection::vec("[a-z.+_-]{1,10}@[a-z]{1,8}(\\.[a-z]{2,4})?", 0..4);
    let phone = prop_oneof![Just(("", String::new())), (prop::sample::select(vec!["86", "1", "4412"]), "[0-9]{1,20}")];
    let quota = prop_oneof![
        Just(json!({})),
        (0..10_000u32, 0..10_000u32).prop_map(|(sms, email)| json!({"sms": sms, "email": email}))
    ];
    (id, name, emails, phone, any::<[bool; 3]>(), quota).prop_filter_map(
        "valid",
        |(id, name, email, (code, phone), [enabled, sms, voice], quota)| {
            let record = json!({
                "user_id": id, "user_name": name, "email": email, "country_code": code, "phone": phone,
                "enabled": enabled, "sms_enabled": sms, "voice_enabled": voice, "quota": quota,
            });
            User::parse(&record).ok()
        },
    )
}

proptest! {
    #[test]
    fn what_is_exported_imports_to_the_same(users in prop::collection::vec(any_user(), 0..6)) {
        let ids: BTreeSet<&str> = users.iter().map(|user| user.id.as_str()).collect();
        prop_assume!(ids.len() == users.len());
        prop_assert_eq!(bulk::import(&bulk::export(&users)), Ok(users));
    }

    #[test]
    fn handovers_never_skip_anybody(shift in 0..4usize, hours in 1..2000i64, interval in 1..4i64) {
        let shift = [
            json!({"shift_type": "day"}), json!({"shift_type": "hour"}), json!({"shift_type": "week", "shift_day": "3"}),
            json!({"shift_type": "custom", "shift_week_custom": [0, 2, 5]}),
        ][shift].clone();
        let mut rotation = shift;
        rotation["shift_interval"] = json!(interval);
        let directory = oncall(rotation, json!([]));
        let place = |hour: i64| match &directory.on_duty("night-shift", Timestamp((1_719_792_000 + hour * 3600) * 1000))[..] {
            [Target::User(id)] => usize::from(id == "robert"),
            _ => 2,
        };
        let (before, after) = (place(hours - 1), place(hours));
        prop_assert!(after == before || after == (before + 1) % 3, "{} {}", before, after);
    }
}
