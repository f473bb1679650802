//! Trails pointed at projects of Log Service, through the wire. What their Logstores show is tested in `catalog`.

use catalog::{Project, ProjectKind};
use model::{AccountId, Seq};
use serde_json::json;

use crate::node::{NOW, Node, RefusedCall};

const TRAIL: (&str, &str) = ("Name", "trail-test");

async fn project(node: &Node, account: &str, name: &str) -> String {
    let account: AccountId = account.parse().expect("an id");
    let project = Project {
        account,
        name: name.into(),
        region: "cn-hangzhou".into(),
        description: String::new(),
        kind: ProjectKind::Embedded,
        sealed_settings: Vec::new(),
        created: node.now(),
        updated: node.now(),
    };
    node.catalog.project_create(&project).await.expect("created");
    format!("acs:log:cn-hangzhou:{account}:project/{name}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_may_have_a_logstore_only_and_shows_what_comes_while_it_is_logging() {
    let node = Node::start().await;
    let arn = project(&node, &node.root.account, "audit").await;
    let arguments = [TRAIL, ("SlsProjectArn", arn.as_str())];
    let created = node.call(&node.root, "CreateTrail", &arguments).await.ok();
    assert_eq!((&created["SlsProjectArn"], &created["OssBucketName"]), (&json!(arn), &json!("")));
    let account = node.root.account.parse().expect("an id");
    let found = node.catalog.logstore_find(account, "audit", "actiontrail_trail-test").await.expect("read");
    let logstore = found.expect("it appears with its trail");
    let view = async || node.catalog.logstore_view(&logstore, node.now()).await.expect("a view");
    assert_eq!(view().await.parts(), []);

    node.call(&node.root, "StartLogging", &[TRAIL]).await.ok();
    let status = node.call(&node.root, "GetTrailStatus", &[TRAIL]).await.ok();
    assert_eq!((&status["SlsLogStoreStatus"], &status["LatestDeliveryLogServiceTime"]), (&json!(true), &json!(NOW)));
    assert_eq!(view().await.parts()[0].through, None);
    let from = view().await.parts()[0].after;
    node.call(&node.root, "StopLogging", &[TRAIL]).await.ok();
    assert!(view().await.parts()[0].through.is_some_and(|through| through > from), "the calls are events, too");
    node.call(&node.root, "DeleteTrail", &[TRAIL]).await.ok();
    assert_eq!(view().await.parts().len(), 1, "it stays");

    node.call(&node.root, "CreateTrail", &arguments).await.ok();
    let job = node.call(&node.root, "CreateDeliveryHistoryJob", &[("TrailName", "trail-test")]).await.ok();
    assert_eq!(job["JobId"], 1);
    let parts = view().await;
    assert_eq!((parts.parts().len(), parts.parts()[0].after), (2, Seq(0)), "the history is shown at once");
    let refused = node.call(&node.root, "UpdateTrail", &[TRAIL, ("SlsProjectArn", "")]).await.error();
    assert_eq!(refused, (400, "InvalidDeliveryConfigurationException".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_project_is_refused_with_its_code() {
    let node = Node::start().await;
    let tenant = node.account("tenant").await;
    let theirs = project(&node, &tenant.account, "audit").await;
    let missing = format!("acs:log:cn-hangzhou:{}:project/nowhere", node.root.account);
    let role = format!("acs:ram::{}:role/nobody", tenant.account);
    let table = format!("acs:odps:cn-hangzhou:{}:project/actiontrail_x", tenant.account);
    #[rustfmt::skip]
    let calls: &[RefusedCall<'_>] = &[
        ("CreateTrail", &[TRAIL, ("SlsProjectArn", &missing)], 400, "SlsProjectDoesNotExistException"),
        ("CreateTrail", &[TRAIL, ("SlsProjectArn", "audit")], 400, "SlsProjectDoesNotExistException"),
        ("CreateTrail", &[TRAIL, ("SlsProjectArn", &theirs)], 403, "InsufficientSlsPolicyException"),
        ("CreateTrail", &[TRAIL, ("SlsProjectArn", &theirs), ("SlsWriteRoleArn", &role)], 403, "InsufficientSlsPolicyException"),
        ("CreateTrail", &[TRAIL, ("MaxComputeProjectArn", &table)], 400, "InvalidDeliveryConfigurationException"),
        ("CreateTrail", &[TRAIL, ("MaxComputeProjectArn", "acs:odps:cn-hangzhou:1:project/other_x")], 400, "InvalidDeliveryConfigurationException"),
        ("CreateInnerTrail", &[TRAIL, ("SlsProjectArn", &missing)], 400, "SlsProjectDoesNotExistException"),
    ];
    for (name, arguments, status, code) in calls {
        let error = node.call(&node.root, name, arguments).await.error();
        assert_eq!(error, (*status, (*code).to_owned()), "{name} {arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_accounts_project_takes_what_its_role_admits() {
    let node = Node::start().await;
    let tenant = node.account("tenant").await;
    let arn = project(&node, &node.root.account, "audit").await;
    let trust = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": [format!("{}@actiontrail.aliyuncs.com", tenant.account)] } }]});
    let role = [("RoleName", "writer"), ("AssumeRolePolicyDocument", &*trust.to_string())];
    node.call(&node.root, "CreateRole", &role).await.ok();
    let document = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "log:PostLogStoreLogs",
        "Resource": "acs:log:*:*:project/audit/logstore/actiontrail_trail-test" }]});
    let policy = [("PolicyName", "post-logs"), ("PolicyDocument", &*document.to_string())];
    node.call(&node.root, "CreatePolicy", &policy).await.ok();
    let attach = [("PolicyType", "Custom"), ("PolicyName", "post-logs"), ("RoleName", "writer")];
    node.call(&node.root, "AttachPolicyToRole", &attach).await.ok();
    let role = format!("acs:ram::{}:role/writer", node.root.account);
    let target = [("SlsProjectArn", arn.as_str()), ("SlsWriteRoleArn", role.as_str())];
    let other = [&[("Name", "other-trail")], &target[..]].concat();
    let refused = node.call(&tenant, "CreateTrail", &other).await.error();
    assert_eq!(refused, (403, "InsufficientSlsPolicyException".into()), "another Logstore");
    node.call(&tenant, "CreateTrail", &[&[TRAIL], &target[..]].concat()).await.ok();
    node.call(&tenant, "StartLogging", &[TRAIL]).await.ok();
    let found = node.catalog.logstores_of(node.root.account.parse().expect("an id")).await.expect("read");
    let view = node.catalog.logstore_view(&found[0], node.now()).await.expect("a view");
    assert_eq!(view.parts()[0].account.as_str(), tenant.account, "it shows the tenant's events to its owner");
    node.call(&tenant, "StopLogging", &[TRAIL]).await.ok();
    node.call(&node.root, "DetachPolicyFromRole", &attach).await.ok();
    let refused = node.call(&tenant, "StartLogging", &[TRAIL]).await.error();
    assert_eq!(refused, (403, "InsufficientSlsPolicyException".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_project_is_known_named_by_trails_and_forgotten() {
    let node = Node::start().await;
    let name = ("Name", "far-away");
    let (endpoint, id) = (("Endpoint", "log.example.com"), ("ProjectAccessKeyId", "LTAIremote"));
    let settings = [name, endpoint, id, ("ProjectAccessKeySecret", "hush-hush")];
    let created = node.call(&node.root, "CreateRemoteProject", &settings).await.ok();
    assert_eq!(created["Project"]["Endpoint"], "log.example.com");
    let again = node.call(&node.root, "CreateRemoteProject", &settings).await.error();
    assert_eq!(again, (409, "ProjectAlreadyExist".into()));
    let plain = [name, ("Endpoint", "http://log.example.com"), id, ("ProjectAccessKeySecret", "hush-hush")];
    let refused = node.call(&node.root, "CreateRemoteProject", &plain).await.error();
    assert_eq!(refused, (400, "InvalidProjectConfiguration".into()));
    assert!(!node.call(&node.root, "DescribeRemoteProjects", &[]).await.text().contains("hush"));

    let arn = format!("acs:log:cn-hangzhou:{}:project/far-away", node.root.account);
    node.call(&node.root, "CreateTrail", &[TRAIL, ("SlsProjectArn", &arn)]).await.ok();
    let account = node.root.account.parse().expect("an id");
    assert_eq!(node.catalog.logstores_of(account).await.expect("read"), [], "its Logstore is elsewhere");
    assert_eq!(node.catalog.project_list(account).await.expect("read"), [], "and so is the project");
    let trail = node.catalog.trail_list(account).await.expect("trails").remove(0);
    let id = catalog::DeliveryId { trail: trail.id, kind: model::trail::DestinationKind::LogService };
    node.catalog.delivery_failed(id, "project far-away refused", node.now()).await.expect("recorded");
    let status = node.call(&node.root, "GetTrailStatus", &[TRAIL]).await.ok();
    assert_eq!(status["LatestDeliveryLogServiceError"], "project far-away refused");
    assert_eq!((&status["SlsLogStoreStatus"], &status["LatestDeliveryLogServiceTime"]), (&json!(false), &json!("")));
    let held = node.call(&node.root, "DeleteRemoteProject", &[name]).await.error();
    assert_eq!(held, (409, "ProjectInUse".into()));
    node.call(&node.root, "DeleteTrail", &[TRAIL]).await.ok();
    node.call(&node.root, "DeleteRemoteProject", &[name]).await.ok();
    let gone = node.call(&node.root, "DeleteRemoteProject", &[name]).await.error();
    assert_eq!(gone, (404, "ProjectNotExist".into()));
}
