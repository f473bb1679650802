use bytes::Bytes;

use super::*;

fn event(rest: &str) -> Event {
    let json = format!(r#"{{"eventId":"e","eventTime":"2026-01-15T08:00:00Z",{rest}}}"#);
    Event::parse(Bytes::from(json)).expect("an event")
}

fn all() -> Selector {
    Selector::management(EventRw::All, TrailRegions::All)
}

#[test]
fn a_selector_of_the_first_version_still_reads_and_is_written_the_same() {
    let stored = r#"{"event_rw":"Write","regions":{"Only":["cn-beijing"]}}"#;
    let selector: Selector = serde_json::from_str(stored).expect("reads");
    assert_eq!(selector, Selector::management(EventRw::Write, TrailRegions::parse("cn-beijing").expect("regions")));
    assert_eq!(serde_json::to_string(&selector).expect("writes"), stored);
}

#[test]
fn each_category_has_its_rule() {
    let insight = r#""eventType":"ActionTrailInsight","insightDetails":{"insightType":"IpInsight"}"#;
    let untyped = r#""eventCategory":"Insight""#;
    let data =
        r#""eventCategory":"Data","serviceName":"Oss","eventName":"GetObject","eventRW":"Read","resourceName":"logs""#;
    let platform = r#""eventType":"ALIYUN_INITIATED_PENALTY""#;
    for other in [insight, untyped, data, platform] {
        assert!(!all().selects(&event(other)), "{other}");
    }
    let insights = Selector { insights: ["IpInsight".to_owned()].into(), ..all() };
    assert!(insights.selects(&event(insight)) && insights.selects(&event(untyped)));
    let others = Selector { insights: ["OtherInsight".to_owned()].into(), ..all() };
    assert!(!others.selects(&event(insight)));
    let oss = DataSelector {
        regions: TrailRegions::All,
        service_name: "oss".into(),
        read_write: EventRw::Read,
        event_name: Some(NameRule::NotEquals(vec!["PutObject".into()])),
        resource_arn: Some(NameRule::Equals(vec!["acs:oss:*:1000000000000001:logs".into()])),
    };
    let selects = |data_selector: DataSelector| Selector { data: vec![data_selector], ..all() }.selects(&event(data));
    assert!(selects(oss.clone()));
    assert!(!selects(DataSelector { read_write: EventRw::Write, ..oss.clone() }));
    assert!(!selects(DataSelector { service_name: "Sls".into(), ..oss.clone() }));
    assert!(!selects(DataSelector { event_name: Some(NameRule::Equals(vec!["PutObject".into()])), ..oss.clone() }));
    assert!(!selects(DataSelector { resource_arn: Some(NameRule::NotEquals(vec!["logs".into()])), ..oss }));
}

#[test]
fn evaluations_of_alert_rules_are_shown_by_their_projects_history_and_belong_to_no_trail() {
    let alert = r#""eventCategory":"Alert","resourceName":"audit;rule-1""#;
    let everything = Selector { insights: ["IpInsight".to_owned()].into(), ..all() };
    assert!(!everything.selects(&event(alert)) && !Selector::platform().selects(&event(alert)));
    let history = Selector::alert_history("audit");
    assert!(history.selects(&event(alert)));
    assert!(!history.selects(&event(r#""eventCategory":"Alert","resourceName":"audits""#)));
    assert!(!history.selects(&event(r#""resourceName":"audit""#)));
    assert_eq!(history.selects_kind(Category::Management, false), Some(false));
    assert_eq!(history.selects_kind(Category::Alert, false), None);
    let stored = serde_json::to_string(&history).expect("writes");
    assert_eq!(serde_json::from_str::<Selector>(&stored).expect("reads"), history);
}

#[test]
fn an_unknown_category_is_management() {
    assert!(all().selects(&event(r#""eventCategory":"Network""#)));
    assert!(all().selects(&event(r#""eventCategory":"Management","eventType":"ActionTrailInsight""#)));
}
