"""A valid call of every operation, in an order in which each finds what it needs."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

TRUST = (
    '{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"RAM":["acs:ram::%s:root"],"Service":["actiontrail.aliyuncs.com"]}}]}'
)
POLICY = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"actiontrail:LookupEvents","Resource":"*"}]}'


@dataclass(frozen=True)
class Step:
    service: str
    operation: str
    params: Callable
    then: Callable | None = None
    # Called by a RAM user with the system policies of the services; else by the account itself.
    by_user: bool = False
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


cairn, trail, ram, sts = of("Cairn"), of("Actiontrail"), of("Ram"), of("Sts")

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
        by_user=True,
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
]
