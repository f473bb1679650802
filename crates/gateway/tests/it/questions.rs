//! Questions about how many, which and when last; and what is set about them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::node::{Node, event};
use crate::signing::Key;

const KEY: &str = "LTAI5tAAAAAAAAAAAAAAAAAA";

async fn ask(node: &Node, name: &str, arguments: &[(&str, &str)]) -> Value {
    node.call(&node.root, name, arguments).await.ok()
}

async fn put(node: &Node, key: &Key, events: &[String]) {
    node.put(key, None, format!("[{}]", events.join(","))).await.ok();
}

/// Sixty calls of three services by a key, and an event of each other category.
async fn node_with_events() -> Node {
    let node = Node::start().await;
    let calls = (0..60).map(|n| {
        let more = format!(
            r#""serviceName":"S{}","eventName":"N{}","acsRegion":"cn-hangzhou","sourceIpAddress":"10.0.0.{}","userIdentity":{{"type":"ram-user","userName":"bob","principalId":"27","accountId":"9","accessKeyId":"{KEY}"}},"referencedResources":{{"ACS::T::Kind{}":["r-{}"]}}"#,
            n % 3,
            n % 5,
            n % 4,
            n % 2,
            n % 6,
        );
        event(&format!("e{n}"), &format!("2026-05-30T10:{n:02}:00Z"), &more)
    });
    let mut events: Vec<String> = calls.collect();
    let insight = |id: &str, day: u32, kind: &str, object: &str, more: &str| {
        let more = format!(
            r#""eventType":"ActionTrailInsight","eventCategory":"Insight","acsRegion":"cn-beijing","insightDetails":{{"insightType":"{kind}","insightObject":"{object}","insightContext":{{"attributions":[{{"attribute":"apiRelated","insight":[{{"value":"{more}","average":2}}]}}]}}}}"#
        );
        event(id, &format!("2026-05-{day}T23:30:00Z"), &more)
    };
    events.push(insight("i1", 31, "IpInsight", "10.0.0.1", "Ecs/RunInstances"));
    events.push(insight("i2", 31, "IpInsight", "10.0.0.1", "Ram/CreateUser"));
    events.push(insight("i3", 31, "IpInsight", "10.0.0.2", "Ecs/StopInstance"));
    events.push(insight("i4", 30, "AkInsight", KEY, ""));
    let data = r#""eventCategory":"Data","serviceName":"Oss","eventName":"GetThing""#;
    events.push(event("d1", "2026-05-30T11:00:00Z", data));
    events.push(event("p1", "2026-05-30T11:00:00Z", r#""eventType":"ALIYUN_INITIATED_SERVICE""#));
    put(&node, &node.root, &events).await;
    node
}

const DAY: [(&str, &str); 2] = [("StartTime", "2026-05-30T00:00:00Z"), ("EndTime", "2026-05-31T00:00:00Z")];

fn column(reply: &Value, list: &str, field: &str) -> Vec<String> {
    let entries = reply[list].as_array().unwrap_or_else(|| panic!("no {list} in {reply}"));
    entries.iter().map(|entry| entry[field].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_show_management_events_and_the_rest_has_its_own() {
    let node = node_with_events().await;
    let found = ask(&node, "LookupEvents", &[DAY[0], DAY[1], ("MaxResults", "50")]).await;
    assert!(column(&found, "Events", "eventId").iter().all(|id| id.starts_with('e')));
    let all = node.get(&node.root, &[("limit", "100"), ("end", "2026-05-31T23:59:59Z")]).await.ok();
    assert_eq!(all["Events"].as_array().map(Vec::len), Some(66));
    assert_eq!(ask(&node, "GetEventsCount", &DAY).await["Count"], 60);
    let by_user = [DAY[0], DAY[1], ("LookupAttribute.1.Key", "ServiceName"), ("LookupAttribute.1.Value", "S1")];
    assert_eq!(ask(&node, "GetEventsCount", &by_user).await["Count"], 20);
    let half = [DAY[0]];
    let refused = node.call(&node.root, "GetEventsCount", &half).await.error();
    assert_eq!(refused, (400, "InvalidParameterCombination".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn insights_are_found_by_what_they_are_about() {
    let node = node_with_events().await;
    let find = async |conditions: &[(&str, &str)]| {
        let mut arguments = Vec::new();
        for (place, (key, value)) in conditions.iter().enumerate() {
            arguments.push((format!("LookupAttribute.{}.Key", place + 1), *key));
            arguments.push((format!("LookupAttribute.{}.Value", place + 1), *value));
        }
        let arguments: Vec<(&str, &str)> = arguments.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        column(&ask(&node, "LookupInsightEvents", &arguments).await, "Events", "eventId")
    };
    assert_eq!(find(&[]).await, ["i3", "i2", "i1", "i4"]);
    assert_eq!(find(&[("InsightType", "AkInsight")]).await, ["i4"]);
    assert_eq!(find(&[("SourceIpAddress", "10.0.0.1")]).await, ["i2", "i1"]);
    assert_eq!(find(&[("InsightObject", "10.0.0.2")]).await, ["i3"]);
    assert_eq!(find(&[("AccessKeyId", KEY)]).await, ["i4"]);
    assert_eq!(find(&[("EventId", "i2")]).await, ["i2"]);
    assert_eq!(find(&[("ServiceName", "Ecs"), ("EventName", "RunInstances")]).await, ["i1"]);
    let three = [("EventId", "i2"), ("InsightType", "AkInsight"), ("InsightObject", "x")];
    assert_eq!(find(&three).await.len(), 4, "more than two conditions are left alone");
    let apart = [
        ("LookupAttribute.1.Key", "EventId"),
        ("LookupAttribute.1.Value", "a"),
        ("LookupAttribute.2.Key", "InsightType"),
        ("LookupAttribute.2.Value", "b"),
    ];
    let refused = node.call(&node.root, "LookupInsightEvents", &apart).await.error();
    assert_eq!(refused, (400, "InvalidQueryParameter".into()));

    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let page = ask(&node, "LookupInsightEvents", &[("MaxResults", "3"), ("NextToken", &token)]).await;
        paged.extend(column(&page, "Events", "eventId"));
        match page["NextToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(paged, ["i3", "i2", "i1", "i4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn insights_are_counted_by_type_address_and_time() {
    let node = node_with_events().await;
    let counted = ask(&node, "GetInsightsEventsCount", &[("Date", "2026-05-31")]).await;
    assert_eq!(counted["Data"], json!([{ "InsightType": "IpInsight", "RegionId": "cn-beijing", "Count": 3 }]));
    assert_eq!(ask(&node, "GetInsightsEventsCount", &[]).await["Data"][0]["Count"], 3, "the last 24 hours");
    let week = [("StartTime", "2026-05-25T00:00:00Z"), ("EndTime", "2026-06-01T00:00:00Z")];
    assert_eq!(ask(&node, "GetInsightEventCount", &week).await["Count"], 4);
    let of_type = [week[0], week[1], ("InsightType", "AkInsight")];
    assert_eq!(ask(&node, "GetInsightEventCount", &of_type).await["Count"], 1);
    assert_eq!(ask(&node, "GetInsightIpCount", &week).await["Count"], 2);
    let addresses = ask(&node, "DescribeInsightIpList", &week).await;
    assert_eq!(column(&addresses, "IpList", "Ip"), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(addresses["IpList"][0]["Count"], 2);
    let daily = ask(&node, "DescribeInsightMetricData", &[week[0], week[1], ("Period", "86400")]).await;
    let expected = json!([
        { "Timestamp": "2026-05-30T00:00:00Z", "InsightType": "AkInsight", "Count": 1 },
        { "Timestamp": "2026-05-31T00:00:00Z", "InsightType": "IpInsight", "Count": 3 },
    ]);
    assert_eq!(daily["Datapoints"], expected);
    let odd = node.call(&node.root, "DescribeInsightMetricData", &[("Period", "61")]).await.error();
    assert_eq!(odd, (400, "InvalidQueryParameter".into()));
    let other = node.account("other").await;
    assert_eq!(node.call(&other, "GetInsightEventCount", &week).await.ok()["Count"], 0, "nobody sees another's");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_counted_by_what_they_have_in_common() {
    let node = node_with_events().await;
    let (mut groups, mut token) = (Vec::new(), String::new());
    loop {
        let page = [DAY[0], DAY[1], ("MaxResults", "4"), ("NextToken", &token)];
        let reply = ask(&node, "LookupAggregationEvents", &page).await;
        assert_eq!(
            (&reply["Total"], &reply["EventsCount"], &reply["IsTruncated"]),
            (&json!(15), &json!(60), &json!(false))
        );
        groups.extend(reply["AggregationEvents"].as_array().expect("groups").clone());
        match reply["NextToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(groups.len(), 15);
    assert!(groups.iter().all(|group| group["Count"] == 4));
    let newest = groups.iter().find(|group| group["LatestEventId"] == "e59").expect("the newest event's group");
    assert_eq!((&newest["ServiceName"], &newest["EventName"]), (&json!("S2"), &json!("N4")));
    assert_eq!(newest["EarliestEventTime"], "2026-05-30T10:14:00Z");
    let by_type = [DAY[0], DAY[1], ("AggregateBy", "ResourceType")];
    let by_type = ask(&node, "LookupAggregationEvents", &by_type).await;
    assert_eq!(column(&by_type, "AggregationEvents", "ResourceType"), ["ACS::T::Kind1", "ACS::T::Kind0"]);
    for bad in ["EventId", "User,User", "user"] {
        let refused = node.call(&node.root, "LookupAggregationEvents", &[("AggregateBy", bad)]).await.error();
        assert_eq!(refused, (400, "InvalidQueryParameter".into()), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_tells_when_where_and_for_what_it_was_used() {
    let node = node_with_events().await;
    let key = ("AccessKey", KEY);
    let info = ask(&node, "GetAccessKeyLastUsedInfo", &[key]).await;
    let named = ["ServiceName", "UserName", "OwnerId", "AccountType", "AccountId", "Source"].map(|field| &info[field]);
    assert_eq!(named, ["S2", "bob", "27", "ram-user", "9", "ManagementEvent"]);
    assert!(info["Detail"].as_str().expect("an event").contains(r#""eventId":"e59""#));
    assert_eq!(info["UsedTimestamp"], 1_780_138_740_000_i64);
    let products = ask(&node, "GetAccessKeyLastUsedProducts", &[key]).await;
    assert_eq!(column(&products, "Products", "ServiceName"), ["S2", "S1", "S0"]);
    let of_service = [key, ("ServiceName", "S1")];
    let events = ask(&node, "GetAccessKeyLastUsedEvents", &of_service).await;
    assert_eq!(column(&events, "Events", "EventName"), ["N3", "N0", "N2", "N4", "N1"]);
    let addresses = ask(&node, "GetAccessKeyLastUsedIps", &of_service).await;
    assert_eq!(column(&addresses, "Ips", "Ip"), ["10.0.0.2", "10.0.0.3", "10.0.0.0", "10.0.0.1"]);
    let resources = ask(&node, "GetAccessKeyLastUsedResources", &of_service).await;
    assert_eq!(column(&resources, "Resources", "ResourceName"), ["r-4", "r-1"]);
    assert_eq!(column(&resources, "Resources", "ResourceType"), ["ACS::T::Kind0", "ACS::T::Kind1"]);

    let first = ask(&node, "GetAccessKeyLastUsedEvents", &[key, of_service[1], ("PageSize", "3")]).await;
    let token = first["NextToken"].as_str().expect("more");
    let rest = [key, of_service[1], ("PageSize", "3"), ("NextToken", token)];
    assert_eq!(column(&ask(&node, "GetAccessKeyLastUsedEvents", &rest).await, "Events", "EventName"), ["N4", "N1"]);
    let moved = [key, ("ServiceName", "S2"), ("PageSize", "3"), ("NextToken", token)];
    let refused = node.call(&node.root, "GetAccessKeyLastUsedEvents", &moved).await.error();
    assert_eq!(refused, (400, "InvalidQueryParameter".into()));
    let unknown = ask(&node, "GetAccessKeyLastUsedInfo", &[("AccessKey", "LTAI5tNONE")]).await;
    assert_eq!(unknown["UsedTimestamp"], Value::Null);
    let other = node.account("other").await;
    assert_eq!(node.call(&other, "GetAccessKeyLastUsedProducts", &[key]).await.ok()["Products"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_grows_by_what_was_seen() {
    let node = node_with_events().await;
    let services = ask(&node, "DescribeSupportedServices", &[("AcceptLanguage", "zh-CN")]).await;
    let names = column(&services, "Services", "ServiceName");
    assert!(names.contains(&"Ecs".to_owned()), "{names:?}");
    assert_eq!(
        ask(&node, "ListProductResourceType", &[("ServiceName", "S0")]).await["ResourceTypes"],
        json!(["ACS::T::Kind0", "ACS::T::Kind1"])
    );
    let of_ecs = ask(&node, "ListEventNames", &[("ServiceName", "ecs")]).await;
    assert!(column(&of_ecs, "EventNames", "EventName").contains(&"RunInstances".to_owned()));
    let of_seen = ask(&node, "ListEventNames", &[("ServiceName", "S1")]).await;
    assert_eq!(column(&of_seen, "EventNames", "EventName"), ["N0", "N1", "N2", "N3", "N4"]);

    let more = r#""serviceName":"Newest","eventName":"CreateThing","eventRW":"Write","referencedResources":{"ACS::Newest::Thing":["t"]}"#;
    put(&node, &node.root, &[event("new", "2026-06-01T10:00:00Z", more)]).await;
    let services = ask(&node, "DescribeSupportedServices", &[]).await;
    assert!(column(&services, "Services", "ServiceName").contains(&"Newest".to_owned()));
    let life = ask(&node, "DescribeResourceLifeCycleEvents", &[("ResourceType", "ACS::Newest::Thing")]).await;
    let tree: Value = serde_json::from_str(life["Data"].as_str().expect("a text")).expect("JSON");
    assert_eq!(tree[0]["value"], "Newest");
    assert_eq!(tree[0]["children"][0]["children"][0]["value"], "CreateThing");
    let known = ask(&node, "DescribeResourceLifeCycleEvents", &[("ResourceType", "ACS::ECS::Instance")]).await;
    assert!(known["Data"].as_str().expect("a text").contains("Create,CreateInstance,RunInstances"), "{known}");

    let data = ask(&node, "ListDataEventServices", &[("MaxResults", "100")]).await;
    let oss =
        data["Data"]["ServiceInfos"].as_array().expect("services").iter().find(|each| each["ServiceName"] == "Oss");
    let names = oss.expect("it has data events")["EventNames"].to_string();
    assert!(names.contains("\"GetObject\"") && names.contains("\"GetThing\""), "{names}");
    let page = ask(&node, "ListDataEventServices", &[("MaxResults", "1")]).await;
    let next = page["Data"]["NextToken"].as_str().expect("more");
    let second = ask(&node, "ListDataEventServices", &[("MaxResults", "1"), ("NextToken", next)]).await;
    assert_ne!(page["Data"]["ServiceInfos"], second["Data"]["ServiceInfos"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_and_history_are_kept() {
    let node = Node::start().await;
    let create =
        [("SimpleQuery", "False"), ("TemplateName", "Root"), ("TemplateSql", "event.userIdentity.type: root-account")];
    let created = ask(&node, "CreateAdvancedQueryTemplate", &create).await;
    assert_eq!(created["SimpleQuery"], "false", "a text here");
    let id = ("TemplateId", created["TemplateId"].as_str().expect("an id"));
    assert!(id.1.starts_with("utpl-") && id.1.len() == 27, "{id:?}");
    ask(&node, "UpdateAdvancedQueryTemplate", &[id, ("SimpleQuery", "true"), ("TemplateName", "根")]).await;
    let got = ask(&node, "GetAdvancedQueryTemplate", &[id]).await;
    assert_eq!(
        (&got["TemplateName"], &got["SimpleQuery"], &got["TemplateSql"]),
        (&json!("根"), &json!(true), &json!(create[2].1))
    );
    let unknown = ask(&node, "GetAdvancedQueryTemplate", &[("TemplateId", "utpl-none")]).await;
    assert_eq!(unknown.as_object().map(|fields| fields.len()), Some(1), "nothing but the request's id: {unknown}");
    for n in 0..3 {
        node.clock.advance(Duration::from_secs(1));
        ask(
            &node,
            "CreateAdvancedQueryTemplate",
            &[("SimpleQuery", "true"), ("TemplateName", &format!("other {n}")), ("TemplateSql", "a")],
        )
        .await;
    }
    let page = ask(
        &node,
        "DescribeAdvancedQueryTemplate",
        &[("TemplateName", "OTHER"), ("PageSize", "2"), ("PageNumber", "2")],
    )
    .await;
    assert_eq!((&page["TemplatePage"]["Total"], &page["TemplatePage"]["PageNumber"]), (&json!(3), &json!("2")));
    assert_eq!(page["TemplatePage"]["TemplateList"][0]["TemplateName"], "other 0");
    let other = node.account("other").await;
    assert_eq!(node.call(&other, "DeleteAdvancedQueryTemplate", &[id]).await.error(), (404, "ResourceNotFound".into()));
    ask(&node, "DeleteAdvancedQueryTemplate", &[id]).await;
    assert_eq!(
        node.call(&node.root, "DeleteAdvancedQueryTemplate", &[]).await.error(),
        (400, "MissingParameter".into())
    );

    let dry = [("SimpleQuery", "true"), ("QuerySql", "(a | b"), ("DryRun", "true")];
    assert_ne!(ask(&node, "CreateAdvancedQueryHistory", &dry).await["DryRunResult"], "OK");
    assert_eq!(
        node.call(&node.root, "CreateAdvancedQueryHistory", &dry[..2]).await.error(),
        (400, "InvalidQueryParameter".into())
    );
    let kept = ask(&node, "CreateAdvancedQueryHistory", &[("SimpleQuery", "true"), ("QuerySql", "a: b")]).await;
    let history = ask(&node, "DescribeAdvancedQueryHistory", &[]).await;
    assert_eq!(column(&history, "QueryHistoryList", "QueryId"), [kept["QueryId"].as_str().expect("an id")]);
    let scenes = ask(&node, "DescribeScenes", &[("SearchCode", "ACCESS KEY")]).await;
    let scene = column(&scenes, "SceneList", "SceneId").remove(0);
    let ready = ask(&node, "DescribeSearchTemplates", &[("SceneId", &scene), ("PageSize", "2")]).await;
    assert_eq!(
        (ready["TemplateList"].as_array().map(Vec::len), &ready["TemplateList"][0]["Charts"]),
        (Some(2), &json!("[]"))
    );
    assert!(ready["TemplateList"][0]["Params"].as_str().expect("JSON").contains("displayValueEn"));
}

#[tokio::test(flavor = "multi_thread")]
async fn trails_keep_their_insight_and_data_selectors() {
    let node = Node::start().await;
    node.bucket("audit-logs").await;
    let trail = ("TrailName", "trail-test");
    let missing = node.call(&node.root, "GetDataEventSelector", &[trail]).await.error();
    assert_eq!(missing, (404, "TrailNotFoundException".into()));
    ask(&node, "CreateTrail", &[("Name", "trail-test"), ("OssBucketName", "audit-logs")]).await;
    assert_eq!(ask(&node, "GetDataEventSelector", &[trail]).await["DataEventSelectors"], "[]");
    let selectors = r#"[{"ReadWriteType":"Write","ResourceArn":{"NotEquals":["tmp"]},"ServiceName":"Oss"}]"#;
    let put = [trail, ("EventSelectors", selectors), ("TrailRegionIds", "cn-shanghai,cn-hangzhou")];
    assert_eq!(ask(&node, "PutDataEventSelector", &put).await["DataEventSelectors"], selectors);
    let insights = ("InsightSelectors", r#"[{"insightType":"AkInsight"},{"insightType":"IpInsight"}]"#);
    let set = ask(&node, "PutInsightSelectors", &[trail, insights]).await;
    assert_eq!(set["InsightSelectors"], json!([r#"{"insightType":"AkInsight"}"#, r#"{"insightType":"IpInsight"}"#]));
    // UpdateTrail is about management events and leaves these alone.
    ask(&node, "UpdateTrail", &[("Name", "trail-test"), ("EventRW", "Write")]).await;
    let got = ask(&node, "GetDataEventSelector", &[trail]).await;
    assert_eq!((&got["DataEventSelectors"], &got["IsTrailAllRegion"]), (&json!(selectors), &json!(false)));
    assert_eq!(got["TrailRegionIds"], "cn-hangzhou,cn-shanghai");
    let listed = ask(&node, "ListDataEventSelectors", &[]).await;
    assert_eq!(listed["Data"]["DataEventSelectorInfos"][0]["EventSelectors"], selectors);
    let enabled = ask(&node, "DescribeInsightEnabledTrails", &[]).await;
    assert_eq!(enabled["TrailList"][0]["InsightTypes"], json!(["AkInsight", "IpInsight"]));
    let unknown = [trail, ("InsightSelectors", r#"[{"insightType":"Weather"}]"#)];
    let refused = node.call(&node.root, "PutInsightSelectors", &unknown).await.error();
    assert_eq!(refused, (404, "InsightSelectorDoesNotExistException".into()));
    let bad = [trail, ("EventSelectors", r#"[{"ServiceName":"Oss","EventName":{"Like":["x"]}}]"#)];
    assert_eq!(
        node.call(&node.root, "PutDataEventSelector", &bad).await.error(),
        (400, "InvalidQueryParameter".into())
    );
    ask(&node, "DeleteDataEventSelector", &[trail]).await;
    ask(&node, "PutInsightSelectors", &[trail]).await;
    assert_eq!(ask(&node, "ListDataEventSelectors", &[]).await["Data"]["DataEventSelectorInfos"], json!([]));
    assert_eq!(ask(&node, "DescribeInsightEnabledTrails", &[]).await["TrailList"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn insight_types_and_address_lists_are_the_accounts_own() {
    let node = Node::start().await;
    let other = node.account("other").await;
    for (name, code) in [("EnableInsight", "InsightTypeNotAvailable"), ("DisableInsight", "InsightTypeNotValid")] {
        let refused = node.call(&node.root, name, &[("InsightType", "Weather")]).await.error();
        assert_eq!(refused, (400, code.into()));
        assert_eq!(node.call(&node.root, name, &[]).await.error(), (400, "MissingParameter".into()));
    }
    ask(&node, "EnableInsight", &[("InsightType", "AkInsight")]).await;
    assert_eq!(ask(&node, "GetInsightTypes", &[]).await["InsightTypes"]["AkInsight"], "Enable");
    let theirs = node.call(&other, "GetInsightTypes", &[]).await.ok();
    assert_eq!(theirs["InsightTypes"]["AkInsight"], "Disable");
    ask(&node, "ModifyInsightStrategy", &[("IpBlackList", "10.0.0.1,::1"), ("IpWhiteList", "10.1.0.0/16")]).await;
    let both = node.call(&node.root, "ModifyInsightStrategy", &[("IpWhiteList", "10.0.0.1")]).await.error();
    assert_eq!(both, (400, "InvalidParameterCombination".into()));
    let bad = node.call(&node.root, "ModifyInsightStrategy", &[("IpWhiteList", "10.0.0.256")]).await.error();
    assert_eq!(bad, (400, "InvalidQueryParameter".into()));
    ask(&node, "ModifyInsightStrategy", &[("IpWhiteList", "")]).await;
    let strategy = ask(&node, "DescribeInsightStrategy", &[]).await;
    assert_eq!((&strategy["IpBlackList"], &strategy["IpWhiteList"]), (&json!(["10.0.0.1", "::1"]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_trails_and_governance_tell_the_state() {
    let node = node_with_events().await;
    let days = [("StartDate", "2026-05-29"), ("EndDate", "2026-05-31")];
    let logs = ask(&node, "DescribeUserLogCount", &days).await;
    assert_eq!(logs["Data"], json!({ "Dates": ["2026-05-29", "2026-05-30", "2026-05-31"], "Counts": [0, 63, 3] }));
    assert_eq!(ask(&node, "DescribeUserAlertCount", &days).await["Data"]["Counts"], json!([0, 1, 3]));
    let score = async || {
        let metrics = ask(&node, "GetGovernanceMetrics", &[]).await;
        metrics["Data"]["GovernanceMetrics"][0]["GovernanceScore"].as_str().expect("a text").to_owned()
    };
    assert_eq!(score().await, "0");
    node.bucket("audit-logs").await;
    for name in ["trail-one", "trail-two"] {
        ask(&node, "CreateTrail", &[("Name", name), ("OssBucketName", "audit-logs"), ("EventRW", "Write")]).await;
    }
    ask(&node, "StartLogging", &[("Name", "trail-one")]).await;
    assert_eq!(score().await, "70");
    ask(&node, "UpdateTrail", &[("Name", "trail-one"), ("EventRW", "All")]).await;
    assert_eq!(score().await, "100");
    node.clock.advance(Duration::from_secs(2 * 24 * 3600));
    ask(&node, "DeleteTrail", &[("Name", "trail-two")]).await;
    node.call(&node.root, "DeleteTrail", &[("Name", "trail-two")]).await.error();
    node.clock.advance(Duration::from_secs(24 * 3600));
    let trails = ask(&node, "DescribeUserTrailCount", &[]).await;
    let counts = trails["Data"]["Counts"].as_array().expect("counts");
    assert_eq!(counts[counts.len() - 5..], json!([0, 2, 2, 1, 1]).as_array().expect("a list")[..]);

    let region = ask(&node, "GetGlobalEventsStorageRegion", &[]).await;
    assert_eq!((&region["StorageRegion"], &region["IsChosen"]), (&json!("cn-hangzhou"), &json!(false)));
    ask(&node, "UpdateGlobalEventsStorageRegion", &[("StorageRegion", "ap-southeast-1")]).await;
    let region = ask(&node, "GetGlobalEventsStorageRegion", &[]).await;
    assert_eq!((&region["StorageRegion"], &region["IsChosen"]), (&json!("ap-southeast-1"), &json!(true)));
    let refused = node.call(&node.root, "UpdateGlobalEventsStorageRegion", &[("StorageRegion", "moon")]).await.error();
    assert_eq!(refused, (400, "InvalidQueryParameter".into()));
}
