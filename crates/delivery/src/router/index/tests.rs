use bytes::Bytes;
use catalog::{Route, RouteInterval};
use model::Seq;
use model::trail::{DataSelector, NameRule};
use proptest::prelude::*;

use super::*;

fn account(number: usize) -> AccountId {
    format!("10{number}").parse().expect("an account id")
}

const REGIONS: [&str; 4] = ["cn-hangzhou", "cn-beijing", "cn-shanghai", "eu-west-1"];

#[derive(Debug, Clone)]
struct Sample {
    account: usize,
    rest: String,
}

fn sample() -> impl Strategy<Value = Sample> {
    let category = prop_oneof![
        4 => Just(String::new()),
        1 => Just(r#","eventCategory":"Data","serviceName":"Oss","eventName":"GetObject""#.to_owned()),
        1 => Just(r#","eventCategory":"Data","serviceName":"oss","eventName":"PutObject""#.to_owned()),
        1 => Just(r#","eventType":"ActionTrailInsight","insightDetails":{"insightType":"IpInsight"}"#.to_owned()),
        1 => Just(r#","eventType":"ActionTrailInsight""#.to_owned()),
        1 => Just(r#","eventType":"ALIYUN_INITIATED_SERVICE""#.to_owned()),
    ];
    let rw = prop_oneof![Just(""), Just(r#","eventRW":"Read""#), Just(r#","eventRW":"Write""#)];
    let region = prop_oneof![
        3 => (0..REGIONS.len()).prop_map(|n| format!(r#","acsRegion":"{}""#, REGIONS[n])),
        1 => Just(String::new()),
        1 => Just(r#","isGlobal":true"#.to_owned()),
    ];
    (0..4usize, category, rw, region)
        .prop_map(|(account, category, rw, region)| Sample { account, rest: format!("{category}{rw}{region}") })
}

fn selector() -> impl Strategy<Value = Selector> {
    let rw = prop_oneof![Just(EventRw::All), Just(EventRw::Read), Just(EventRw::Write)];
    let regions = proptest::collection::btree_set(0..REGIONS.len(), 0..3).prop_map(|some| match some.len() {
        0 => TrailRegions::All,
        _ => TrailRegions::Only(some.into_iter().map(|n| REGIONS[n].to_owned()).collect()),
    });
    let insights = prop_oneof![3 => Just(None), 1 => Just(Some("IpInsight")), 1 => Just(Some("OtherInsight"))];
    let data = prop_oneof![3 => Just(None), 1 => Just(Some("GetObject")), 1 => Just(Some("PutObject"))];
    let platform = proptest::bool::weighted(0.2);
    (rw, regions, insights, data, platform).prop_map(|(event_rw, regions, insight, data, platform)| Selector {
        event_rw,
        regions,
        insights: insight.into_iter().map(str::to_owned).collect(),
        data: data
            .into_iter()
            .map(|name| DataSelector {
                regions: TrailRegions::All,
                service_name: "Oss".into(),
                read_write: event_rw,
                event_name: Some(NameRule::NotEquals(vec![name.into()])),
                resource_arn: None,
            })
            .collect(),
        alerts: None,
        platform,
    })
}

fn routes(trails: &[(usize, bool, Selector)], members: &[usize]) -> Routes {
    let route = |(number, (owner, is_of_all, selector)): (usize, &(usize, bool, Selector))| Route {
        delivery: DeliveryId::bucket(number as i64),
        account: account(*owner),
        organization: is_of_all.then(|| "rd-abc123".parse().expect("a directory")),
        destinations: String::new(),
        intervals: vec![RouteInterval { id: 1, through: None, selector: selector.clone() }],
    };
    let tenure = |member: &usize| {
        let tenure = Tenure { account: account(*member), after: Seq::ZERO, through: None };
        ("rd-abc123".parse().expect("a directory"), tenure)
    };
    Routes {
        routes: trails.iter().enumerate().map(route).collect(),
        tenures: members.iter().map(tenure).collect(),
        ..Routes::default()
    }
}

proptest! {
    /// Exactly the trails whose selector takes an event are woken, whatever the index makes of it.
    #[test]
    fn wakes_whom_comparing_each_would_wake(
        trails in proptest::collection::vec((0..4usize, prop::bool::weighted(0.2), selector()), 0..30),
        members in proptest::collection::btree_set(0..4usize, 0..4),
        samples in proptest::collection::vec(sample(), 1..12),
    ) {
        let members: Vec<usize> = members.into_iter().collect();
        let mut index = SelectionIndex::over(&routes(&trails, &members));
        // One by one, and then all in one pass.
        let mut of_all = BTreeSet::new();
        let parse = |sample: &Sample| {
            let json = format!(r#"{{"eventId":"e","eventTime":"2026-01-15T08:00:00Z"{}}}"#, sample.rest);
            Event::parse(Bytes::from(json)).expect("an event")
        };
        for sample in &samples {
            let event = parse(sample);
            let sees = |owner: usize, is_of_all: bool| match is_of_all {
                true => members.contains(&sample.account),
                false => owner == sample.account,
            };
            let expected: BTreeSet<DeliveryId> = trails
                .iter()
                .enumerate()
                .filter(|(_, (owner, is_of_all, selector))| sees(*owner, *is_of_all) && selector.selects(&event))
                .map(|(number, _)| DeliveryId::bucket(number as i64))
                .collect();
            index.look_at(account(sample.account), &event);
            prop_assert_eq!(index.take_marked(), expected.clone(), "{:?}", sample);
            of_all.extend(expected);
        }
        for sample in &samples {
            index.look_at(account(sample.account), &parse(sample));
        }
        prop_assert_eq!(index.take_marked(), of_all);
    }
}
