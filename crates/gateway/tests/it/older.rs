//! ActionTrail's versions of 2017 and 2015.

use serde_json::{Value, json};

use crate::node::{Node, Reply, event};
use crate::signing::{Key, Unsigned};

async fn call(node: &Node, key: &Key, version: &str, name: &str, arguments: &[(&str, &str)]) -> Reply {
    // The clients of those versions sign in the old way.
    let request = Unsigned::new("GET", "/").query(arguments);
    node.send(request.legacy(key, name, version, node.now())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trails_life_in_both_versions() {
    for version in ["2017-12-04", "2015-09-28"] {
        let node = Node::start().await;
        node.bucket("audit-logs").await;
        let ask =
            async |name: &str, arguments: &[(&str, &str)]| call(&node, &node.root, version, name, arguments).await;
        let name = ("Name", "trail-test");
        let create = [name, ("OssBucketName", "audit-logs"), ("RoleName", "AliyunActionTrailDefaultRole")];
        let created = ask("CreateTrail", &create).await.ok();
        assert_eq!((&created["EventRW"], &created["RoleName"]), (&json!("Write"), &json!("")), "{version}");
        assert!(created.get("OssWriteRoleArn").is_none() && created.get("MaxComputeProjectArn").is_none());
        assert_eq!(ask("CreateTrail", &create[..2]).await.error(), (400, "MissingParameter".into()));
        ask("StartLogging", &[name]).await.ok();
        assert_eq!(ask("GetTrailStatus", &[name]).await.ok()["IsLogging"], true);
        let updated = ask("UpdateTrail", &[name, ("EventRW", "All")]).await.ok();
        assert_eq!(updated["EventRW"], "All");
        let only = if version == "2015-09-28" { "Name" } else { "NameList" };
        let listed = ask("DescribeTrails", &[(only, "trail-test")]).await.ok();
        let trail = &listed["TrailList"][0];
        assert_eq!((&trail["Name"], &trail["Status"]), (&json!("trail-test"), &json!("Enable")));
        assert!(trail.get("TrailArn").is_none(), "{trail}");
        assert_eq!(ask("DescribeTrails", &[(only, "another-one")]).await.ok()["TrailList"], json!([]));
        ask("StopLogging", &[name]).await.ok();
        ask("DeleteTrail", &[name]).await.ok();
        assert_eq!(ask("DeleteTrail", &[name]).await.error(), (404, "TrailNotFoundException".into()));

        let events = node.audited(&node.root.account, "CreateTrail", 2).await;
        assert!(events.iter().all(|event| event["apiVersion"] == version && event["serviceName"] == "Actiontrail"));
        let tenant = node.account("tenant").await;
        let nobody = node.user(&tenant, "nobody", None).await;
        assert_eq!(call(&node, &nobody, version, "CreateTrail", &create).await.error(), (403, "NoPermission".into()));
    }
}

fn ids(reply: &Value) -> Vec<&str> {
    reply["Events"].as_array().expect("events").iter().map(|event| event["eventId"].as_str().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_take_flat_conditions_that_must_all_hold() {
    let node = Node::start().await;
    let events: Vec<String> = (0..30)
        .map(|n| {
            let rw = if n % 3 == 0 { "Read" } else { "Write" };
            let more = format!(
                r#""eventRW":"{rw}","requestId":"REQ-{n}","serviceName":"S{}","eventName":"N{}","userIdentity":{{"userName":"u{}"}}"#,
                n % 2,
                n % 5,
                n % 4
            );
            event(&format!("e{n}"), &format!("2026-05-30T10:{n:02}:00Z"), &more)
        })
        .collect();
    node.put(&node.root, None, format!("[{}]", events.join(","))).await.ok();
    let insight = r#""eventCategory":"Insight","eventRW":"Write""#;
    node.put(&node.root, None, event("insight", "2026-05-30T11:00:00Z", insight)).await.ok();
    let ask = async |arguments: &[(&str, &str)]| call(&node, &node.root, "2017-12-04", "LookupEvents", arguments).await;
    let first = ask(&[("MaxResults", "15")]).await.ok();
    let next = first["NextToken"].as_str().expect("more").to_owned();
    let second = ask(&[("MaxResults", "15"), ("NextToken", &next)]).await.ok();
    let writes: Vec<String> = (0..30).rev().filter(|n| n % 3 != 0).map(|n| format!("e{n}")).collect();
    assert_eq!([ids(&first), ids(&second)].concat(), writes, "writes are what is asked for by default");
    let three = [("EventRW", "All"), ("ServiceName", "S1"), ("EventName", "N3"), ("User", "u3")];
    assert_eq!(ids(&ask(&three).await.ok()), ["e23", "e3"]);
    assert_eq!(ids(&ask(&[("EventRW", "Read"), ("Request", "REQ-9")]).await.ok()), ["e9"]);
    assert_eq!(ids(&ask(&[("Event", "e4")]).await.ok()), ["e4"]);
    let long = [("StartTime", "2026-05-01T00:00:00Z"), ("EndTime", "2026-05-31T00:00:00Z")];
    assert_eq!(ask(&long).await.error(), (400, "InvalidTimeRangeException".into()));
    assert_eq!(ask(&[("MaxResults", "51")]).await.error(), (400, "InvalidParameterValue".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_2017_has() {
    let node = Node::start().await;
    let ask = async |version: &str, name: &str| call(&node, &node.root, version, name, &[("Name", "a")]).await;
    assert_eq!(ask("2017-12-04", "Echo").await.ok()["Echo"], json!({ "Name": "a" }));
    let help = ask("2017-12-04", "Help").await.ok();
    assert_eq!(help["Operations"].as_array().map(Vec::len), Some(11));
    let regions = ask("2017-12-04", "DescribeRegions").await.ok();
    assert_eq!(regions["Regions"]["Region"][0], json!({ "RegionId": "cn-hangzhou" }));
    for (version, name) in [("2015-09-28", "Echo"), ("2015-09-28", "DescribeRegions"), ("2017-12-04", "GetEventsCount")]
    {
        assert_eq!(ask(version, name).await.error(), (404, "InvalidAction.NotFound".into()), "{version} {name}");
    }
}
