"""A valid call of every operation, in an order in which each finds what it needs."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from calls import Key
from node import wait_until

TRUST = (
    '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"RAM":["acs:ram::%s:root"],"Service":["actiontrail.aliyuncs.com"]}}]}'
)
INSIGHTS = '[{"insightType":"IpInsight"}]'
DATA = '[{"ServiceName":"Oss","ReadWriteType":"All","EventName":{"Equals":["GetObject"]}}]'
QUERY = "event.eventName: *"
POLICY = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"actiontrail:LookupEvents","Resource":"*"}]}'


@dataclass(frozen=True)
class Step:
    service: str
    operation: str
    params: Callable
    then: Callable | None = None
    # Who calls: the account itself; a RAM user who may become roles; another account, made by the scenario.
    by: str = "root"
    # Nobody needs a permission for it.
    is_free: bool = False


def of(service: str):
    def step(operation: str, params=None, then=None, **more) -> Step:
        return Step(service, operation, params if callable(params) else lambda _: dict(params or {}), then, **more)

    return step


def keep(name: str, *path):
    """Remembers a value of the reply for the calls that follow."""

    def then(walk, reply):
        value = reply
        for part in path:
            value = value[part]
        walk.made[name] = value

    return then


def policy(name: str, **more) -> dict:
    return {"PolicyType": "Custom", "PolicyName": name} | more


def codes(walk) -> dict:
    """What an authenticator showed last and shows now."""
    seed, now = base64.b32decode(walk.made["seed"]), int(time.time()) // 30
    return {"AuthenticationCode1": code(seed, now - 1), "AuthenticationCode2": code(seed, now)}


def code(seed: bytes, step: int) -> str:
    digest = hmac.new(seed, struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def device(walk, reply):
    walk.made["seed"] = reply["VirtualMFADevice"]["Base32StringSeed"]
    walk.made["device"] = reply["VirtualMFADevice"]["SerialNumber"]


def window(walk, **more) -> dict:
    """The hours around now."""

    def at(hours: int) -> str:
        return (walk.started + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")

    return {"StartTime": at(-1), "EndTime": at(1)} | more


def where(key: str, value: str) -> dict:
    return {"LookupAttribute.1.Key": key, "LookupAttribute.1.Value": value}


def made(name: str, parameter: str, **more):
    """A call about something an earlier one has made."""
    return lambda walk: {parameter: walk.made[name]} | more


def another_account(walk, reply):
    key = reply["AccessKey"]
    walk.made["another"] = reply["Account"]["AccountId"]
    walk.keys["another"] = Key(walk.port, key["AccessKeyId"], key["AccessKeySecret"])


def invite(walk) -> dict:
    return {"TargetEntity": walk.made["another"], "TargetType": "Account", "Note": "come"}


# Made before the scenario, which speaks no Log Service: a rule that any event fires.
RULE = {"Project": "every-project-of-rules", "RuleName": "every-rule"}
USERS = "every-one,Every One,true,86-13811111111,true,false,everyone@example.net"


def incident(walk, **more) -> dict:
    """Of that rule; its first evaluation may be a minute away."""

    def found():
        return walk.keys["root"].cairn("ListAlertIncidents", **RULE)["Incidents"]

    walk.made["incident"] = wait_until(found, "the rule fired", 150)[0]["IncidentId"]
    return {"IncidentId": walk.made["incident"]} | more


def silence(walk) -> dict:
    until = (walk.started + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    matcher = {"Matcher.1.Object": "labels.user", "Matcher.1.Operator": "==", "Matcher.1.Value": "every-user"}
    return matcher | {"EndTime": until, "Reason": "it is tried out"}


cairn, trail, ram, sts = of("Cairn"), of("Actiontrail"), of("Ram"), of("Sts")
rd, of_2017, of_2015 = of("ResourceManager"), of("Actiontrail2017"), of("Actiontrail2015")


def older(step, name: str) -> list[Step]:
    """The life of a trail in an older version."""
    bucket = {"OssBucketName": "every-bucket", "RoleName": "AliyunActionTrailDefaultRole"}
    return [
        step("CreateTrail", {"Name": name} | bucket),
        step("DescribeTrails"),
        step("StartLogging", {"Name": name}),
        step("GetTrailStatus", {"Name": name}),
        step("UpdateTrail", {"Name": name, "OssKeyPrefix": "older-prefix"}),
        step("LookupEvents", lambda walk: window(walk, ServiceName="Cairn")),
        step("StopLogging", {"Name": name}),
        step("DeleteTrail", {"Name": name}),
    ]


SCENARIO = [
    cairn("CreateAccount", {"Name": "another"}, another_account),
    cairn("ListAccounts"),
    cairn("CreateBucket", lambda walk: {"Name": "every-bucket", "Url": walk.folder.url}),
    cairn("ListBuckets"),
    cairn("UpdateBucket", {"Name": "every-bucket", "RetentionDays": "1"}),
    cairn("CheckBucket", {"Name": "every-bucket"}),
    cairn(
        "CreateRemoteProject",
        {
            "Name": "every-project",
            "Endpoint": "cn-hangzhou.log.example.com",
            "ProjectAccessKeyId": "LTAI0000000000000001",
            "ProjectAccessKeySecret": "not-a-real-secret",
        },
    ),
    cairn("DescribeRemoteProjects"),
    cairn("DeleteRemoteProject", {"Name": "every-project"}),
    cairn("CreateIngestToken", {"Name": "every-token"}, keep("token", "IngestToken", "IngestTokenId")),
    cairn("ListIngestTokens"),
    cairn("DeleteIngestToken", lambda walk: {"IngestTokenId": walk.made["token"]}),
    trail("DescribeRegions"),
    trail("CreateTrail", {"Name": "every-trail", "OssBucketName": "every-bucket"}),
    trail("DescribeTrails", {"NameList": "every-trail"}),
    trail("StartLogging", {"Name": "every-trail"}),
    trail("GetTrailStatus", {"Name": "every-trail"}),
    trail("UpdateTrail", {"Name": "every-trail", "EventRW": "Write"}),
    trail("LookupEvents", lambda walk: window(walk, MaxResults="5") | where("ServiceName", "Cairn")),
    trail("LookupAggregationEvents", lambda walk: window(walk) | where("ServiceName", "Cairn")),
    trail("GetEventsCount", lambda walk: window(walk) | where("ServiceName", "Cairn")),
    trail("LookupInsightEvents", lambda walk: window(walk) | where("InsightType", "IpInsight")),
    trail("GetInsightsEventsCount", window),
    trail("GetInsightEventCount", window),
    trail("GetInsightIpCount", window),
    trail("DescribeInsightIpList", window),
    trail("DescribeInsightMetricData", window),
    trail("EnableInsight", {"InsightType": "IpInsight"}),
    trail("GetInsightTypes"),
    trail("DisableInsight", {"InsightType": "IpInsight"}),
    trail("ModifyInsightStrategy", {"IpWhiteList": "10.0.0.1"}),
    trail("DescribeInsightStrategy"),
    trail("PutInsightSelectors", {"TrailName": "every-trail", "InsightSelectors": INSIGHTS}),
    trail("GetInsightSelectors", {"TrailName": "every-trail"}),
    trail("DescribeInsightEnabledTrails"),
    trail("PutDataEventSelector", {"TrailName": "every-trail", "EventSelectors": DATA, "IsTrailAllRegion": "true"}),
    trail("GetDataEventSelector", {"TrailName": "every-trail"}),
    trail("ListDataEventSelectors"),
    trail("DeleteDataEventSelector", {"TrailName": "every-trail"}),
    trail("ListDataEventServices"),
    trail("CreateDeliveryHistoryJob", {"TrailName": "every-trail"}, keep("job", "JobId")),
    trail("GetDeliveryHistoryJob", made("job", "JobId")),
    trail("ListDeliveryHistoryJobs"),
    trail("DeleteDeliveryHistoryJob", made("job", "JobId")),
    trail(
        "DescribeTrailDeliveryMetricData",
        lambda walk: window(walk, TrailName="every-trail", MetricName="delivery_oss_success_count", Period="60"),
    ),
    trail("CheckOssConfig", {"TrailName": "every-trail"}),
    trail("SetDefaultTrail", {"Name": "every-trail"}),
    trail("GetDefaultTrail"),
    trail("RemoveDefaultTrail"),
    trail("CreateServiceLinkedRole"),
    trail("OpenService"),
    trail("ListServiceTrail"),
    trail("CreateInnerTrail", {"Name": "every-inner", "OssBucketName": "every-bucket"}),
    trail("DescribeInnerTrails"),
    trail("StartInnerTrailLogging", {"Name": "every-inner"}),
    trail("UpdateInnerTrail", {"Name": "every-inner", "OssKeyPrefix": "inner-prefix"}),
    trail("StopInnerTrailLogging", {"Name": "every-inner"}),
    trail("DeleteInnerTrail", {"Name": "every-inner"}),
    trail("ListEventNames"),
    trail("DescribeSupportedServices"),
    trail("ListProductResourceType", {"ServiceName": "Ecs"}),
    trail("DescribeResourceLifeCycleEvents", {"ServiceName": "Ecs"}),
    trail(
        "CreateAdvancedQueryTemplate",
        {"TemplateName": "mine", "SimpleQuery": "true", "TemplateSql": QUERY},
        keep("template", "TemplateId"),
    ),
    trail("UpdateAdvancedQueryTemplate", made("template", "TemplateId", SimpleQuery="true", TemplateName="ours")),
    trail("GetAdvancedQueryTemplate", made("template", "TemplateId")),
    trail("DescribeAdvancedQueryTemplate"),
    trail("DeleteAdvancedQueryTemplate", made("template", "TemplateId")),
    trail("CreateAdvancedQueryHistory", {"SimpleQuery": "true", "QuerySql": QUERY}, keep("query", "QueryId")),
    trail("DescribeAdvancedQueryHistory"),
    trail("DeleteAdvancedQueryHistory", made("query", "QueryId")),
    trail("DescribeScenes", {}, lambda walk, reply: walk.made.update(scene=reply["SceneList"][0]["SceneId"])),
    trail("DescribeSearchTemplates", made("scene", "SceneId")),
    trail("GetAccessKeyLastUsedInfo", lambda walk: {"AccessKey": walk.key_id}),
    trail("GetAccessKeyLastUsedProducts", lambda walk: {"AccessKey": walk.key_id}),
    trail("GetAccessKeyLastUsedEvents", lambda walk: {"AccessKey": walk.key_id, "ServiceName": "Cairn"}),
    trail("GetAccessKeyLastUsedIps", lambda walk: {"AccessKey": walk.key_id, "ServiceName": "Cairn"}),
    trail("GetAccessKeyLastUsedResources", lambda walk: {"AccessKey": walk.key_id, "ServiceName": "Cairn"}),
    trail("DescribeUserAlertCount"),
    trail("DescribeUserLogCount"),
    trail("DescribeUserTrailCount"),
    trail("GetGovernanceMetrics"),
    trail("UpdateGlobalEventsStorageRegion", {"StorageRegion": "ap-southeast-1"}),
    trail("GetGlobalEventsStorageRegion"),
    trail("StopLogging", {"Name": "every-trail"}),
    trail("DeleteTrail", {"Name": "every-trail"}),
    *older(of_2017, "every-trail-of-2017"),
    of_2017("DescribeRegions"),
    *older(of_2015, "every-trail-of-2015"),
    cairn("DeleteBucket", {"Name": "every-bucket"}),
    cairn("ListAlertRules"),
    cairn("GetAlertRule", RULE),
    cairn("TestAlertRule", lambda walk: RULE | window(walk)),
    cairn("ExplainAlertRule", RULE),
    cairn("DrawAlertActionPolicy", {"Script": 'fire(type="email", users=["every-one"])'}),
    cairn("ListAlertIncidents", {"Project": RULE["Project"]}),
    cairn("GetAlertIncident", incident),
    cairn("UpdateAlertIncident", lambda walk: incident(walk, IncidentStatus="confirmed")),
    cairn("CreateAlertSilence", silence, keep("silence", "Silence", "SilenceId")),
    cairn("ListAlertSilences"),
    cairn("DeleteAlertSilence", made("silence", "SilenceId")),
    cairn("ListAlertNotifications", {"Project": RULE["Project"]}),
    cairn("GetAlertNotificationAttempts", {"NotificationId": "none"}),
    cairn("ListAlertMessages"),
    cairn("MarkAlertMessagesRead", {"MessageIds": "none"}),
    cairn("PreviewAlertTemplate", {"TemplateId": "sls.builtin.en", "Channel": "email"}),
    # Nobody can be reached; the answer says so.
    cairn("SendAlertTestMessage", {"Channel": "email", "Target": "everyone@example.net"}),
    cairn("ImportAlertUsers", {"Users": USERS}),
    cairn("ExportAlertUsers"),
    cairn("DisableAlertRule", RULE),
    cairn("EnableAlertRule", RULE),
    ram("CreateUser", {"UserName": "every-user"}),
    ram("GetUser", {"UserName": "every-user"}),
    ram("ListUsers"),
    ram("CreateAccessKey", {"UserName": "every-user"}, keep("key", "AccessKey", "AccessKeyId")),
    ram("ListAccessKeys", {"UserName": "every-user"}),
    ram(
        "UpdateAccessKey",
        lambda walk: {"UserName": "every-user", "UserAccessKeyId": walk.made["key"], "Status": "Inactive"},
    ),
    ram("DeleteAccessKey", lambda walk: {"UserName": "every-user", "UserAccessKeyId": walk.made["key"]}),
    ram("CreatePolicy", {"PolicyName": "every-policy", "PolicyDocument": POLICY}),
    ram("GetPolicy", {"PolicyName": "every-policy", "PolicyType": "Custom"}),
    ram("ListPolicies"),
    ram("AttachPolicyToUser", {"PolicyType": "Custom", "PolicyName": "every-policy", "UserName": "every-user"}),
    ram("ListPoliciesForUser", {"UserName": "every-user"}),
    ram("DetachPolicyFromUser", {"PolicyType": "Custom", "PolicyName": "every-policy", "UserName": "every-user"}),
    ram("ListEntitiesForPolicy", policy("every-policy")),
    ram("CreatePolicyVersion", {"PolicyName": "every-policy", "PolicyDocument": POLICY}),
    ram("GetPolicyVersion", policy("every-policy", VersionId="v2")),
    ram("ListPolicyVersions", policy("every-policy")),
    ram("SetDefaultPolicyVersion", {"PolicyName": "every-policy", "VersionId": "v2"}),
    ram("DeletePolicyVersion", {"PolicyName": "every-policy", "VersionId": "v1"}),
    ram("CreateGroup", {"GroupName": "every-group"}),
    ram("GetGroup", {"GroupName": "every-group"}),
    ram("UpdateGroup", {"GroupName": "every-group", "NewComments": "all of them"}),
    ram("ListGroups"),
    ram("AddUserToGroup", {"UserName": "every-user", "GroupName": "every-group"}),
    ram("ListGroupsForUser", {"UserName": "every-user"}),
    ram("ListUsersForGroup", {"GroupName": "every-group"}),
    ram("RemoveUserFromGroup", {"UserName": "every-user", "GroupName": "every-group"}),
    ram("AttachPolicyToGroup", policy("every-policy", GroupName="every-group")),
    ram("ListPoliciesForGroup", {"GroupName": "every-group"}),
    ram("DetachPolicyFromGroup", policy("every-policy", GroupName="every-group")),
    ram("DeleteGroup", {"GroupName": "every-group"}),
    ram("CreateRole", lambda walk: {"RoleName": "every-role", "AssumeRolePolicyDocument": TRUST % walk.account}),
    ram("GetRole", {"RoleName": "every-role"}),
    ram("UpdateRole", {"RoleName": "every-role", "NewMaxSessionDuration": "7200"}),
    ram("ListRoles"),
    ram("AttachPolicyToRole", policy("every-policy", RoleName="every-role")),
    ram("ListPoliciesForRole", {"RoleName": "every-role"}),
    ram("DetachPolicyFromRole", policy("every-policy", RoleName="every-role")),
    sts(
        "AssumeRole",
        lambda walk: {"RoleArn": f"acs:ram::{walk.account}:role/every-role", "RoleSessionName": "every"},
        by="user",
    ),
    ram("DeleteRole", {"RoleName": "every-role"}),
    ram("UpdateUser", {"UserName": "every-user", "NewComments": "one of them"}),
    ram("GetAccessKeyLastUsed", lambda walk: {"UserAccessKeyId": walk.key_id}),
    ram("CreateLoginProfile", {"UserName": "every-user", "Password": "every-User-1-signs-in"}),
    ram("GetLoginProfile", {"UserName": "every-user"}),
    ram("UpdateLoginProfile", {"UserName": "every-user", "PasswordResetRequired": "false"}),
    ram("DeleteLoginProfile", {"UserName": "every-user"}),
    ram("SetPasswordPolicy", {"MinimumPasswordLength": "12"}),
    ram("GetPasswordPolicy"),
    ram("CreateVirtualMFADevice", {"VirtualMFADeviceName": "every-device"}, device),
    ram("ListVirtualMFADevices"),
    ram("BindMFADevice", lambda walk: codes(walk) | {"UserName": "every-user", "SerialNumber": walk.made["device"]}),
    ram("GetUserMFAInfo", {"UserName": "every-user"}),
    ram("UnbindMFADevice", {"UserName": "every-user"}),
    ram("CreateVirtualMFADevice", {"VirtualMFADeviceName": "second-device"}, device),
    ram("DeleteVirtualMFADevice", lambda walk: {"SerialNumber": walk.made["device"]}),
    ram("SetAccountAlias", {"AccountAlias": "every-alias"}),
    ram("GetAccountAlias"),
    ram("ClearAccountAlias"),
    ram("DeletePolicy", {"PolicyName": "every-policy"}),
    ram("DeleteUser", {"UserName": "every-user"}),
    cairn("SetAccountPassword", {"Password": "the-Account-signs-in-1"}),
    sts("GetCallerIdentity", is_free=True),
    ram("CreateLoginProfile", {"UserName": "somebody", "Password": "somebody-Signs-in-1"}),
    ram("AttachPolicyToUser", {"PolicyType": "System", "PolicyName": "AliyunRAMFullAccess", "UserName": "somebody"}),
    ram("ChangePassword", {"OldPassword": "somebody-Signs-in-1", "NewPassword": "somebody-Signs-in-2"}, by="user"),
    rd("EnableResourceDirectory"),
    rd("GetResourceDirectory", {}, keep("top", "ResourceDirectory", "RootFolderId")),
    rd("CreateFolder", {"FolderName": "every-folder"}, keep("folder", "Folder", "FolderId")),
    rd("GetFolder", made("folder", "FolderId")),
    rd("UpdateFolder", made("folder", "FolderId", NewFolderName="all-of-them")),
    rd("ListFoldersForParent"),
    rd("CreateResourceAccount", {"DisplayName": "every-member"}, keep("member", "Account", "AccountId")),
    rd("GetAccount", made("member", "AccountId")),
    rd("UpdateAccount", made("member", "AccountId", NewDisplayName="one-of-them")),
    rd("ListAccounts"),
    rd("ListAccountsForParent"),
    rd("MoveAccount", lambda walk: {"AccountId": walk.made["member"], "DestinationFolderId": walk.made["folder"]}),
    rd("RegisterDelegatedAdministrator", made("member", "AccountId", ServicePrincipal="actiontrail.aliyuncs.com")),
    rd("ListDelegatedAdministrators"),
    rd("ListDelegatedServicesForAccount", made("member", "AccountId")),
    rd("ListTrustedServiceStatus"),
    rd("DeregisterDelegatedAdministrator", made("member", "AccountId", ServicePrincipal="actiontrail.aliyuncs.com")),
    rd("InviteAccountToResourceDirectory", invite, keep("handshake", "Handshake", "HandshakeId")),
    rd("GetHandshake", made("handshake", "HandshakeId")),
    rd("CancelHandshake", made("handshake", "HandshakeId")),
    rd("InviteAccountToResourceDirectory", invite, keep("handshake", "Handshake", "HandshakeId")),
    rd("DeclineHandshake", made("handshake", "HandshakeId"), by="another"),
    rd("InviteAccountToResourceDirectory", invite, keep("handshake", "Handshake", "HandshakeId")),
    rd("ListHandshakesForAccount", by="another"),
    rd("ListHandshakesForResourceDirectory"),
    rd("AcceptHandshake", made("handshake", "HandshakeId"), by="another"),
    rd("RemoveCloudAccount", made("another", "AccountId")),
    rd("RemoveCloudAccount", made("member", "AccountId")),
    rd("DeleteFolder", made("folder", "FolderId")),
    rd("DestroyResourceDirectory"),
    of_2017("Echo", is_free=True),
    of_2017("Help", is_free=True),
]
