//! What holds for every operation of the table, whoever adds the next one.

use std::collections::BTreeSet;

use api::reference::operations_markdown;
use api::{Absent, Access, OPERATIONS, Operation};
use serde_json::Value;

use crate::node::Node;
use crate::signing::authenticator_code;

const DOCUMENT: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"actiontrail:LookupEvents","Resource":"*"}]}"#;

const SELECTORS: &str = r#"[{"ServiceName":"Oss","EventName":{"Equals":["GetObject"]}}]"#;
/// What has happened before the story begins: a call with a key on a resource, and an insight.
const BEFORE: &str = r#"[{"eventId":"m1","eventTime":"2026-06-01T11:00:00Z","serviceName":"Ecs","eventName":"RunInstances",
  "eventRW":"Write","acsRegion":"cn-hangzhou","sourceIpAddress":"10.1.2.3","userIdentity":{"type":"ram-user","userName":"bob",
  "principalId":"27","accountId":"1","accessKeyId":"LTAI5tAAAAAAAAAAAAAAAAAA"},"referencedResources":{"ACS::ECS::Instance":["i-1"]}},
 {"eventId":"i1","eventTime":"2026-06-01T11:30:00Z","eventType":"ActionTrailInsight","eventCategory":"Insight",
  "acsRegion":"cn-hangzhou","insightDetails":{"insightType":"IpInsight","insightObject":"10.1.2.3"}}]"#;

/// Arguments an operation can be called with, by the names of its required parameters.
fn sample(row: &'static Operation) -> Vec<(&'static str, &'static str)> {
    let required = row.params.iter().filter(|param| param.absent == Absent::Refused);
    let value = |name| match name {
        "Name" => "trail-test",
        "UserName" => "bob",
        "PolicyName" => "audit",
        "PolicyDocument" => DOCUMENT,
        "PolicyType" => "Custom",
        "UserAccessKeyId" => "LTAI5tAAAAAAAAAAAAAAAAAA",
        "Status" => "Inactive",
        "Url" => "s3://audit-logs",
        "Endpoint" => "log.example.com",
        "ProjectAccessKeyId" => "LTAI5tAAAAAAAAAAAAAAAAAA",
        "ProjectAccessKeySecret" => "secret",
        "IngestTokenId" => "none",
        "GroupName" => "auditors",
        "RoleName" => "auditor",
        "AssumeRolePolicyDocument" => "{}",
        "VersionId" => "v1",
        "RoleArn" => "acs:ram::1000000000000001:role/auditor",
        "RoleSessionName" => "night-shift",
        "Password" | "OldPassword" | "NewPassword" => "correct-horse-1",
        "VirtualMFADeviceName" => "phone",
        "SerialNumber" => "acs:ram::1000000000000001:mfa/phone",
        "AuthenticationCode1" | "AuthenticationCode2" => "123456",
        "AccountAlias" => "example",
        "TrailName" => "trail-test",
        "AccessKey" => "LTAI5tAAAAAAAAAAAAAAAAAA",
        "ServiceName" => "Ecs",
        "EventSelectors" => SELECTORS,
        "TemplateId" | "QueryId" | "SceneId" => "none",
        "TemplateSql" => "event.eventName: *",
        "SimpleQuery" => "true",
        "StorageRegion" => "ap-southeast-1",
        "JobId" => "1",
        "MetricName" => "delivery_oss_success_count",
        "Period" => "3600",
        "StartTime" => "2026-06-01T00:00:00Z",
        "EndTime" => "2026-06-01T12:00:00Z",
        "AccountId" | "TargetEntity" => "1000000000000009",
        "TargetType" => "Account",
        "ServicePrincipal" => "actiontrail.aliyuncs.com",
        "DisplayName" | "NewDisplayName" | "FolderName" | "NewFolderName" => "Payments",
        "Project" => "audit",
        "RuleName" => "deeds-rule",
        "IncidentId" | "SilenceId" | "NotificationId" | "MessageIds" => "none",
        "IncidentStatus" => "confirmed",
        "Reason" => "maintenance",
        "Channel" => "email",
        "Users" => "test01,Kumer,true,86-13811111111,true,true,a@example.net",
        "HandshakeId" | "FolderId" | "DestinationFolderId" => "none",
        other => panic!("give a sample value for the new required parameter {other}"),
    };
    required.map(|param| (param.name, value(param.name))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_a_user_without_permission_and_records_it() {
    let node = Node::start().await;
    let owner = node.account("tenant").await;
    let nobody = node.user(&owner, "nobody", None).await;
    let page = operations_markdown();
    // What needs no permission is told in the next test.
    for row in OPERATIONS.iter().filter(|row| !row.resources.is_empty()) {
        let reply = node.call_row(&nobody, row, &sample(row)).await;
        assert_eq!(reply.error(), (403, "NoPermission".to_owned()), "{}", row.name);
        // Two services may have an operation of one name.
        let namesakes = OPERATIONS.iter().take_while(|each| each.id != row.id).filter(|each| each.name == row.name);
        let events = node.audited(&owner.account, row.name, namesakes.count() + 1).await;
        let is_its_own = |event: &&Value| event["requestId"] == reply.json()["RequestId"];
        let event = events.iter().find(is_its_own).expect("an audit event");
        assert_eq!(event["userIdentity"]["userName"], "nobody");
        assert_eq!(event["errorCode"], "NoPermission", "{}", row.name);
        assert_eq!(event["serviceName"], row.service.as_str());
        assert_eq!(event["eventRW"], row.access.as_str());
        assert_eq!(event["requestId"], reply.json()["RequestId"]);
        assert!(page.contains(&format!("### {}\n", row.name)), "{} is not on the reference page", row.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_succeeds_returns_what_the_table_says_and_leaves_its_event() {
    let node = Node::start().await;
    let url = format!("file://{}", node.folder.path().join("buckets").display());
    let (mut key, mut token, mut role) = (String::new(), String::new(), String::new());
    let (mut serial, mut codes) = (String::new(), [String::new(), String::new()]);
    let trust = format!(
        r#"{{"Version":"1","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole",
            "Principal":{{"RAM":"acs:ram::{}:root"}}}}}}"#,
        node.root.account
    );
    // The account itself cannot become a role.
    let assuming = r#"{"Version":"1","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#;
    let assumer = node.user(&node.root, "assumer", Some(assuming)).await;
    node.put(&node.root, None, BEFORE).await.ok();
    let (mut template, mut query, mut scene) = (String::new(), String::new(), String::new());
    let story: &[(&str, &[(&str, &str)])] = &[
        ("CreateAccount", &[("Name", "tenant"), ("AccountId", "1000000000000001")]),
        ("ListAccounts", &[]),
        ("CreateUser", &[("UserName", "bob"), ("DisplayName", "Bob"), ("Comments", "auditor")]),
        ("GetUser", &[("UserName", "bob")]),
        ("ListUsers", &[]),
        ("CreateAccessKey", &[("UserName", "bob")]),
        ("UpdateAccessKey", &[("UserName", "bob"), ("UserAccessKeyId", "$key"), ("Status", "Inactive")]),
        ("ListAccessKeys", &[("UserName", "bob")]),
        ("CreatePolicy", &[("PolicyName", "audit"), ("PolicyDocument", DOCUMENT), ("Description", "reads")]),
        ("GetPolicy", &[("PolicyName", "audit"), ("PolicyType", "Custom")]),
        ("ListPolicies", &[]),
        ("AttachPolicyToUser", &[("PolicyName", "audit"), ("PolicyType", "Custom"), ("UserName", "bob")]),
        ("ListPoliciesForUser", &[("UserName", "bob")]),
        ("UpdateUser", &[("UserName", "bob"), ("NewDisplayName", "Robert")]),
        ("GetAccessKeyLastUsed", &[("UserName", "bob"), ("UserAccessKeyId", "$key")]),
        ("CreatePolicyVersion", &[("PolicyName", "audit"), ("PolicyDocument", DOCUMENT)]),
        ("GetPolicyVersion", &[("PolicyName", "audit"), ("PolicyType", "Custom"), ("VersionId", "v2")]),
        ("ListPolicyVersions", &[("PolicyName", "audit"), ("PolicyType", "Custom")]),
        ("SetDefaultPolicyVersion", &[("PolicyName", "audit"), ("VersionId", "v2")]),
        ("DeletePolicyVersion", &[("PolicyName", "audit"), ("VersionId", "v1")]),
        ("CreateGroup", &[("GroupName", "auditors"), ("Comments", "they read")]),
        ("GetGroup", &[("GroupName", "auditors")]),
        ("UpdateGroup", &[("GroupName", "auditors"), ("NewComments", "they only read")]),
        ("ListGroups", &[]),
        ("AddUserToGroup", &[("GroupName", "auditors"), ("UserName", "bob")]),
        ("ListGroupsForUser", &[("UserName", "bob")]),
        ("ListUsersForGroup", &[("GroupName", "auditors")]),
        ("AttachPolicyToGroup", &[("PolicyName", "audit"), ("PolicyType", "Custom"), ("GroupName", "auditors")]),
        ("ListPoliciesForGroup", &[("GroupName", "auditors")]),
        ("CreateRole", &[("RoleName", "auditor"), ("AssumeRolePolicyDocument", "$trust"), ("Description", "reads")]),
        ("GetRole", &[("RoleName", "auditor")]),
        ("UpdateRole", &[("RoleName", "auditor"), ("NewMaxSessionDuration", "7200")]),
        ("ListRoles", &[]),
        ("AttachPolicyToRole", &[("PolicyName", "audit"), ("PolicyType", "Custom"), ("RoleName", "auditor")]),
        ("ListPoliciesForRole", &[("RoleName", "auditor")]),
        ("ListEntitiesForPolicy", &[("PolicyName", "audit"), ("PolicyType", "Custom")]),
        ("AssumeRole", &[("RoleArn", "$role"), ("RoleSessionName", "night-shift"), ("DurationSeconds", "7200")]),
        ("GetCallerIdentity", &[]),
        ("DetachPolicyFromRole", &[("PolicyName", "audit"), ("PolicyType", "Custom"), ("RoleName", "auditor")]),
        ("DeleteRole", &[("RoleName", "auditor")]),
        ("CreateLoginProfile", &[("UserName", "bob"), ("Password", "correct-horse-1")]),
        ("GetLoginProfile", &[("UserName", "bob")]),
        ("UpdateLoginProfile", &[("UserName", "bob"), ("PasswordResetRequired", "true")]),
        (
            "ChangePassword",
            &[("UserName", "bob"), ("OldPassword", "correct-horse-1"), ("NewPassword", "another-horse-2")],
        ),
        ("DeleteLoginProfile", &[("UserName", "bob")]),
        ("SetPasswordPolicy", &[("MinimumPasswordLength", "12")]),
        ("GetPasswordPolicy", &[]),
        ("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "spare")]),
        ("DeleteVirtualMFADevice", &[("SerialNumber", "$serial")]),
        ("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "phone")]),
        ("ListVirtualMFADevices", &[]),
        (
            "BindMFADevice",
            &[
                ("SerialNumber", "$serial"),
                ("UserName", "bob"),
                ("AuthenticationCode1", "$code1"),
                ("AuthenticationCode2", "$code2"),
            ],
        ),
        ("GetUserMFAInfo", &[("UserName", "bob")]),
        ("UnbindMFADevice", &[("UserName", "bob")]),
        ("SetAccountAlias", &[("AccountAlias", "example")]),
        ("GetAccountAlias", &[]),
        ("ClearAccountAlias", &[]),
        ("SetAccountPassword", &[("Password", "correct-horse-1")]),
        ("DetachPolicyFromGroup", &[("PolicyName", "audit"), ("PolicyType", "Custom"), ("GroupName", "auditors")]),
        ("RemoveUserFromGroup", &[("GroupName", "auditors"), ("UserName", "bob")]),
        ("DeleteGroup", &[("GroupName", "auditors")]),
        ("DetachPolicyFromUser", &[("PolicyName", "audit"), ("PolicyType", "Custom"), ("UserName", "bob")]),
        ("DeletePolicy", &[("PolicyName", "audit")]),
        ("DeleteAccessKey", &[("UserName", "bob"), ("UserAccessKeyId", "$key")]),
        ("DeleteUser", &[("UserName", "bob")]),
        ("CreateBucket", &[("Name", "audit-logs"), ("Url", &url)]),
        ("ListBuckets", &[]),
        ("CheckBucket", &[("Name", "audit-logs")]),
        ("CreateTrail", &[("Name", "trail-test"), ("OssBucketName", "audit-logs")]),
        ("DescribeTrails", &[]),
        ("StartLogging", &[("Name", "trail-test")]),
        ("GetTrailStatus", &[("Name", "trail-test")]),
        ("UpdateTrail", &[("Name", "trail-test"), ("EventRW", "Write")]),
        (
            "PutInsightSelectors",
            &[("TrailName", "trail-test"), ("InsightSelectors", r#"[{"insightType":"IpInsight"}]"#)],
        ),
        ("GetInsightSelectors", &[("TrailName", "trail-test")]),
        ("DescribeInsightEnabledTrails", &[]),
        ("PutDataEventSelector", &[("TrailName", "trail-test"), ("EventSelectors", SELECTORS)]),
        ("GetDataEventSelector", &[("TrailName", "trail-test")]),
        ("ListDataEventSelectors", &[]),
        ("DeleteDataEventSelector", &[("TrailName", "trail-test")]),
        ("ListDataEventServices", &[]),
        ("GetGovernanceMetrics", &[]),
        ("StopLogging", &[("Name", "trail-test")]),
        ("CreateDeliveryHistoryJob", &[("TrailName", "trail-test")]),
        ("GetDeliveryHistoryJob", &[("JobId", "1")]),
        ("ListDeliveryHistoryJobs", &[]),
        ("DeleteDeliveryHistoryJob", &[("JobId", "1")]),
        (
            "DescribeTrailDeliveryMetricData",
            &[
                ("TrailName", "trail-test"),
                ("MetricName", "delivery_oss_fail_count"),
                ("Period", "3600"),
                ("StartTime", "2026-06-01T00:00:00Z"),
                ("EndTime", "2026-06-01T12:00:00Z"),
            ],
        ),
        ("CheckOssConfig", &[("TrailName", "trail-test")]),
        ("UpdateBucket", &[("Name", "audit-logs"), ("RetentionDays", "1")]),
        ("CreateServiceLinkedRole", &[]),
        ("OpenService", &[]),
        ("CreateTrail", &[("Name", "service-trail"), ("OssBucketName", "audit-logs"), ("ServiceName", "Config")]),
        ("ListServiceTrail", &[]),
        ("SetDefaultTrail", &[("Name", "trail-test")]),
        ("GetDefaultTrail", &[]),
        ("RemoveDefaultTrail", &[]),
        ("CreateInnerTrail", &[("Name", "inner-trail"), ("OssBucketName", "audit-logs")]),
        ("DescribeInnerTrails", &[]),
        ("StartInnerTrailLogging", &[("Name", "inner-trail")]),
        ("UpdateInnerTrail", &[("Name", "inner-trail"), ("OssKeyPrefix", "inner-prefix")]),
        ("StopInnerTrailLogging", &[("Name", "inner-trail")]),
        ("DeleteInnerTrail", &[("Name", "inner-trail")]),
        ("DeleteTrail", &[("Name", "service-trail")]),
        ("DeleteTrail", &[("Name", "trail-test")]),
        ("DeleteBucket", &[("Name", "audit-logs")]),
        (
            "CreateRemoteProject",
            &[
                ("Name", "far-away"),
                ("Endpoint", "log.example.com"),
                ("ProjectAccessKeyId", "LTAI5tAAAAAAAAAAAAAAAAAA"),
                ("ProjectAccessKeySecret", "secret"),
            ],
        ),
        ("DescribeRemoteProjects", &[]),
        ("DeleteRemoteProject", &[("Name", "far-away")]),
        ("CreateIngestToken", &[("Name", "producer")]),
        ("ListIngestTokens", &[]),
        ("DeleteIngestToken", &[("IngestTokenId", "$token")]),
        ("DescribeRegions", &[]),
        ("LookupEvents", &[]),
        ("LookupInsightEvents", &[]),
        ("GetInsightsEventsCount", &[]),
        ("GetInsightEventCount", &[]),
        ("GetInsightIpCount", &[]),
        ("DescribeInsightIpList", &[]),
        ("DescribeInsightMetricData", &[]),
        ("EnableInsight", &[("InsightType", "IpInsight")]),
        ("GetInsightTypes", &[]),
        ("DisableInsight", &[("InsightType", "IpInsight")]),
        ("ModifyInsightStrategy", &[("IpBlackList", "10.0.0.1"), ("IpWhiteList", "10.0.0.2,10.1.0.0/16")]),
        ("DescribeInsightStrategy", &[]),
        ("LookupAggregationEvents", &[]),
        ("GetEventsCount", &[]),
        ("ListEventNames", &[]),
        ("DescribeSupportedServices", &[]),
        ("ListProductResourceType", &[("ServiceName", "Ecs")]),
        ("DescribeResourceLifeCycleEvents", &[]),
        ("CreateAdvancedQueryTemplate", &[("SimpleQuery", "true"), ("TemplateName", "mine"), ("TemplateSql", "a: *")]),
        (
            "UpdateAdvancedQueryTemplate",
            &[("SimpleQuery", "true"), ("TemplateId", "$template"), ("TemplateSql", "b: *")],
        ),
        ("GetAdvancedQueryTemplate", &[("TemplateId", "$template")]),
        ("DescribeAdvancedQueryTemplate", &[]),
        ("DeleteAdvancedQueryTemplate", &[("TemplateId", "$template")]),
        ("CreateAdvancedQueryHistory", &[("SimpleQuery", "true"), ("QuerySql", "a: *")]),
        ("DescribeAdvancedQueryHistory", &[]),
        ("DeleteAdvancedQueryHistory", &[("QueryId", "$query")]),
        ("DescribeScenes", &[]),
        ("DescribeSearchTemplates", &[("SceneId", "$scene")]),
        ("GetAccessKeyLastUsedInfo", &[("AccessKey", "LTAI5tAAAAAAAAAAAAAAAAAA")]),
        ("GetAccessKeyLastUsedProducts", &[("AccessKey", "LTAI5tAAAAAAAAAAAAAAAAAA")]),
        ("GetAccessKeyLastUsedEvents", &[("AccessKey", "LTAI5tAAAAAAAAAAAAAAAAAA"), ("ServiceName", "Ecs")]),
        ("GetAccessKeyLastUsedIps", &[("AccessKey", "LTAI5tAAAAAAAAAAAAAAAAAA"), ("ServiceName", "Ecs")]),
        ("GetAccessKeyLastUsedResources", &[("AccessKey", "LTAI5tAAAAAAAAAAAAAAAAAA"), ("ServiceName", "Ecs")]),
        ("DescribeUserAlertCount", &[]),
        ("DescribeUserLogCount", &[]),
        ("DescribeUserTrailCount", &[]),
        ("UpdateGlobalEventsStorageRegion", &[("StorageRegion", "ap-southeast-1")]),
        ("GetGlobalEventsStorageRegion", &[]),
        ("Echo", &[("Name", "trail-test")]),
        ("Help", &[]),
    ];
    let told: BTreeSet<_> = story.iter().map(|(name, _)| *name).collect();
    // The story of an organization needs several callers; it is told in `organization.rs`. That of alerting needs
    // incidents; it is told in `alerting.rs`.
    let is_elsewhere = |row: &&Operation| row.service == api::Service::ResourceManager || is_alerting(row);
    let here = OPERATIONS.iter().filter(|row| !is_elsewhere(row));
    assert_eq!(told, here.map(|row| row.name).collect(), "tell the new operation's story too");

    for (name, arguments) in story {
        let row = Operation::find(name, None).expect("a row");
        let fill = |value| match value {
            "$key" => key.clone(),
            "$token" => token.clone(),
            "$role" => role.clone(),
            "$serial" => serial.clone(),
            "$code1" => codes[0].clone(),
            "$code2" => codes[1].clone(),
            "$trust" => trust.clone(),
            "$template" => template.clone(),
            "$query" => query.clone(),
            "$scene" => scene.clone(),
            other => other.to_owned(),
        };
        let filled: Vec<(&str, String)> = arguments.iter().map(|(name, value)| (*name, fill(value))).collect();
        let filled: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let caller = if *name == "AssumeRole" { &assumer } else { &node.root };
        let reply = node.call(caller, name, &filled).await.ok();
        for path in row.returns.iter().filter(|path| !["NextToken", "Marker"].contains(path)) {
            assert!(has(&reply, path), "{name} does not return {path}: {reply}");
        }
        match *name {
            "CreateAccessKey" => key = reply["AccessKey"]["AccessKeyId"].as_str().expect("a key").to_owned(),
            "CreateVirtualMFADevice" => {
                let device = &reply["VirtualMFADevice"];
                serial = device["SerialNumber"].as_str().expect("a serial number").to_owned();
                let seed = device["Base32StringSeed"].as_str().expect("a seed");
                codes = [0, 1].map(|step| authenticator_code(seed, node.now(), step));
            }
            "CreateRole" => role = reply["Role"]["Arn"].as_str().expect("an ARN").to_owned(),
            "CreateAdvancedQueryTemplate" => template = reply["TemplateId"].as_str().expect("an id").to_owned(),
            "CreateAdvancedQueryHistory" => query = reply["QueryId"].as_str().expect("an id").to_owned(),
            "DescribeScenes" => scene = reply["SceneList"][0]["SceneId"].as_str().expect("an id").to_owned(),
            "CreateIngestToken" => token = reply["IngestToken"]["IngestTokenId"].as_str().expect("an id").to_owned(),
            _ => {}
        }
        let events = node.audited(&node.root.account, name, 1).await;
        let event = events.last().expect("an event");
        assert_eq!(event["requestId"], reply["RequestId"], "{name}");
        assert_eq!(event["errorCode"], Value::Null, "{name}");
        assert_eq!(event["responseElements"].is_object(), row.access == Access::Write, "{name}");
    }
}

/// Whether it is one of Cairn's own operations of alerting.
pub(crate) fn is_alerting(row: &Operation) -> bool {
    row.service == api::Service::Cairn && row.name.contains("Alert")
}

/// Whether a reply has a field; a list must not be empty.
pub(crate) fn has(reply: &Value, path: &str) -> bool {
    let mut at = reply;
    for step in path.split('.') {
        let next = match step.strip_suffix("[]") {
            Some(list) => at.get(list).and_then(|list| list.get(0)),
            None => at.get(step),
        };
        match next {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}
