"""RAM through its SDK: groups, roles, versions of policies, passwords and second factors, each with its effect."""

import base64
import hashlib
import hmac
import json
import struct
import time

import pytest
from alibabacloud_ram20150501 import models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

from calls import Key
from clients import NewSdk, Refused, ram
from node import wait_until

LOOKUP = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "actiontrail:LookupEvents", "Resource": "*"}]}
DESCRIBE = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "actiontrail:Describe*", "Resource": "*"}]}


def user(root: Key, name: str) -> Key:
    client = ram(root)
    client.create_user(models.CreateUserRequest(user_name=name))
    made = client.create_access_key(models.CreateAccessKeyRequest(user_name=name)).body.access_key
    return Key(root.port, made.access_key_id, made.access_key_secret)


def may(key: Key, operation: str) -> bool:
    try:
        NewSdk(key).call(operation)
    except Refused as refused:
        assert refused.code == "NoPermission"
        return False
    return True


def refused(call) -> tuple:
    with pytest.raises(AlibabaCloudException) as caught:
        call()
    return caught.value.status_code, caught.value.code


def test_a_group_gives_its_users_what_it_has(root):
    client, member = ram(root), user(root, "member")
    client.create_group(models.CreateGroupRequest(group_name="readers", comments="they read"))
    client.create_policy(models.CreatePolicyRequest(policy_name="look", policy_document=json.dumps(LOOKUP)))
    attach = models.AttachPolicyToGroupRequest(policy_type="Custom", policy_name="look", group_name="readers")
    client.attach_policy_to_group(attach)
    assert not may(member, "LookupEvents")
    client.add_user_to_group(models.AddUserToGroupRequest(user_name="member", group_name="readers"))
    assert may(member, "LookupEvents") and not may(member, "DescribeTrails")

    listed = client.list_groups_for_user(models.ListGroupsForUserRequest(user_name="member")).body.groups.group
    assert [group.group_name for group in listed] == ["readers"]
    listed = client.list_users_for_group(models.ListUsersForGroupRequest(group_name="readers")).body.users.user
    assert [each.user_name for each in listed] == ["member"]
    listed = client.list_policies_for_group(models.ListPoliciesForGroupRequest(group_name="readers")).body.policies
    assert [policy.policy_name for policy in listed.policy] == ["look"]
    entities = models.ListEntitiesForPolicyRequest(policy_type="Custom", policy_name="look")
    entities = client.list_entities_for_policy(entities).body
    assert [group.group_name for group in entities.groups.group] == ["readers"]

    client.update_group(models.UpdateGroupRequest(group_name="readers", new_group_name="auditors"))
    assert may(member, "LookupEvents"), "another name changes nothing"
    shown = client.get_group(models.GetGroupRequest(group_name="auditors")).body.group
    assert (shown.comments, shown.group_name) == ("they read", "auditors")
    delete = models.DeleteGroupRequest(group_name="auditors")
    assert refused(lambda: client.delete_group(delete)) == (409, "DeleteConflict.Group.User")
    client.remove_user_from_group(models.RemoveUserFromGroupRequest(user_name="member", group_name="auditors"))
    assert not may(member, "LookupEvents")
    detach = models.DetachPolicyFromGroupRequest(policy_type="Custom", policy_name="look", group_name="auditors")
    client.detach_policy_from_group(detach)
    client.delete_group(delete)
    assert refused(lambda: client.get_group(models.GetGroupRequest(group_name="auditors")))[1] == "EntityNotExist.Group"


def test_the_default_version_of_a_policy_counts(root):
    client, holder = ram(root), user(root, "version-holder")
    client.create_policy(models.CreatePolicyRequest(policy_name="versions", policy_document=json.dumps(LOOKUP)))
    attach = models.AttachPolicyToUserRequest(policy_type="Custom", policy_name="versions", user_name="version-holder")
    client.attach_policy_to_user(attach)

    def add(document, **more):
        request = models.CreatePolicyVersionRequest(
            policy_name="versions", policy_document=json.dumps(document), **more
        )
        return client.create_policy_version(request).body.policy_version.version_id

    assert add(DESCRIBE) == "v2"
    assert may(holder, "LookupEvents") and not may(holder, "DescribeTrails")
    client.set_default_policy_version(models.SetDefaultPolicyVersionRequest(policy_name="versions", version_id="v2"))
    assert may(holder, "DescribeTrails") and not may(holder, "LookupEvents")
    assert [add(LOOKUP) for _ in range(3)] == ["v3", "v4", "v5"]
    assert refused(lambda: add(LOOKUP)) == (409, "LimitExceeded.Policy.Version")
    assert add(LOOKUP, rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded") == "v6"
    listed = models.ListPolicyVersionsRequest(policy_type="Custom", policy_name="versions")
    listed = client.list_policy_versions(listed).body.policy_versions.policy_version
    assert [(each.version_id, each.is_default_version) for each in listed] == [
        ("v2", True),
        ("v3", False),
        ("v4", False),
        ("v5", False),
        ("v6", False),
    ]
    delete = models.DeletePolicyVersionRequest(policy_name="versions", version_id="v2")
    assert refused(lambda: client.delete_policy_version(delete))[0] == 409
    got = client.get_policy(models.GetPolicyRequest(policy_type="Custom", policy_name="versions")).body
    assert json.loads(got.default_policy_version.policy_document) == DESCRIBE
    assert got.policy.default_version == "v2"


def code(seed: str, steps: int = 0) -> str:
    """What an authenticator shows, written down from RFC 6238."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(seed), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_user_signs_in_with_password_and_second_factor(root, node):
    client, account = ram(root), node.key["account_id"]
    user(root, "person")
    rules = models.SetPasswordPolicyRequest(minimum_password_length=12, require_numbers=True)
    assert client.set_password_policy(rules).body.password_policy.minimum_password_length == 12
    login = lambda password: client.create_login_profile(  # noqa: E731
        models.CreateLoginProfileRequest(user_name="person", password=password, mfabind_required=True)
    )
    assert refused(lambda: login("too-short")) == (400, "InvalidPassword")
    assert login("correct-horse-1").body.login_profile.mfabind_required is True
    form = {"Account": account, "UserName": "person", "Password": "correct-horse-1"}
    reply = root.sign_in(**form)
    assert (reply.status, reply.json["Code"]) == (401, "MFARequired"), reply.text

    device = client.create_virtual_mfadevice(
        models.CreateVirtualMFADeviceRequest(virtual_mfadevice_name="phone")
    ).body.virtual_mfadevice
    seed = device.base_32string_seed
    client.bind_mfadevice(
        models.BindMFADeviceRequest(
            serial_number=device.serial_number,
            user_name="person",
            authentication_code_1=code(seed, -2),
            authentication_code_2=code(seed, -1),
        )
    )
    info = client.get_user_mfainfo(models.GetUserMFAInfoRequest(user_name="person")).body.mfadevice
    assert info.serial_number == device.serial_number
    client.set_account_alias(models.SetAccountAliasRequest(account_alias="example"))
    assert client.get_account_alias().body.account_alias == "example"
    reply = root.sign_in(**form | {"Account": "example", "AuthenticationCode": code(seed)})
    assert reply.status == 200, reply.text
    made = reply.json["Credentials"]
    session = Key(root.port, made["AccessKeyId"], made["AccessKeySecret"], made["SecurityToken"])
    assert not may(session, "LookupEvents"), "the user has no policy"

    root_sdk = NewSdk(root)

    def signins():
        return [event for event in root_sdk.lookup([("EventName", "ConsoleSignin")])]

    events = wait_until(lambda: len(found := signins()) == 2 and found, "both sign-ins are found")
    assert {event.get("errorCode") for event in events} == {None, "MFARequired"}
    good = next(event for event in events if "errorCode" not in event)
    assert good["serviceName"] == "AasCustomer" and good["additionalEventData"]["isMFAChecked"] == "true"
    assert "correct-horse" not in json.dumps(events)
    client.delete_login_profile(models.DeleteLoginProfileRequest(user_name="person"))
    with pytest.raises(Refused) as over:
        NewSdk(session).call("LookupEvents")
    assert over.value.code == "InvalidSecurityToken.Expired"


def test_a_users_key_follows_its_new_name_and_its_last_use_is_known(root):
    client, key = ram(root), user(root, "old-name")
    used = models.GetAccessKeyLastUsedRequest(user_name="new-name", user_access_key_id=key.id)
    assert not may(key, "DescribeTrails")
    client.update_user(models.UpdateUserRequest(user_name="old-name", new_user_name="new-name"))
    wait_until(
        lambda: client.get_access_key_last_used(used).body.access_key_last_used.last_used_date, "the use is known"
    )
    shown = client.get_user(models.GetUserRequest(user_name="new-name")).body.user
    assert shown.user_name == "new-name"
