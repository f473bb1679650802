"""A valid call of every operation, in an order in which each finds what it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

POLICY = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"actiontrail:LookupEvents","Resource":"*"}]}'


@dataclass(frozen=True)
class Step:
    service: str
    operation: str
    params: Callable
    then: Callable | None = None


def of(service: str):
    def step(operation: str, params=None, then=None) -> Step:
        return Step(service, operation, params if callable(params) else lambda _: dict(params or {}), then)

    return step


def keep(name: str, *path):
    """Remembers a value of the reply for the calls that follow."""

    def then(walk, reply):
        value = reply
        for part in path:
            value = value[part]
        walk.made[name] = value

    return then


cairn, trail, ram = of("Cairn"), of("Actiontrail"), of("Ram")

SCENARIO = [
    cairn("CreateAccount", {"Name": "another"}, keep("account", "Account", "AccountId")),
    cairn("ListAccounts"),
    cairn("CreateBucket", lambda walk: {"Name": "every-bucket", "Url": walk.folder.url}),
    cairn("ListBuckets"),
    cairn("CheckBucket", {"Name": "every-bucket"}),
    cairn("CreateIngestToken", {"Name": "every-token"}, keep("token", "IngestToken", "IngestTokenId")),
    cairn("ListIngestTokens"),
    cairn("DeleteIngestToken", lambda walk: {"IngestTokenId": walk.made["token"]}),
    trail("DescribeRegions"),
    trail("CreateTrail", {"Name": "every-trail", "OssBucketName": "every-bucket"}),
    trail("DescribeTrails", {"NameList": "every-trail"}),
    trail("StartLogging", {"Name": "every-trail"}),
    trail("GetTrailStatus", {"Name": "every-trail"}),
    trail("UpdateTrail", {"Name": "every-trail", "EventRW": "Write"}),
    trail(
        "LookupEvents",
        lambda walk: {
            "StartTime": (walk.started - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "EndTime": (walk.started + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "MaxResults": "5",
            "LookupAttribute.1.Key": "ServiceName",
            "LookupAttribute.1.Value": "Cairn",
        },
    ),
    trail("StopLogging", {"Name": "every-trail"}),
    trail("DeleteTrail", {"Name": "every-trail"}),
    cairn("DeleteBucket", {"Name": "every-bucket"}),
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
    ram("DeletePolicy", {"PolicyName": "every-policy"}),
    ram("DeleteUser", {"UserName": "every-user"}),
]
