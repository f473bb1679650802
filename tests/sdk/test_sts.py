"""Roles and sessions through the SDKs of RAM and STS: who becomes a role, what the session may, when it is over."""

import json

import pytest
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_sts20150401 import models as sts_models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

from calls import Key
from clients import NewSdk, Refused, ram, sts
from conftest import root_key
from node import wait_until


def policy(action: str) -> str:
    return json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


def trusting(principal: dict) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "1", "Statement": [statement]})


@pytest.fixture(scope="module")
def account(node) -> str:
    return node.key["account_id"]


@pytest.fixture(scope="module")
def person(root) -> Key:
    client = ram(root)
    client.create_user(ram_models.CreateUserRequest(user_name="person"))
    attach = ram_models.AttachPolicyToUserRequest(
        policy_type="System", policy_name="AliyunSTSAssumeRoleAccess", user_name="person"
    )
    client.attach_policy_to_user(attach)
    made = client.create_access_key(ram_models.CreateAccessKeyRequest(user_name="person")).body.access_key
    return Key(root.port, made.access_key_id, made.access_key_secret)


def role(root: Key, name: str, trust: str, **more) -> str:
    """A role that may do everything in ActionTrail."""
    client = ram(root)
    request = ram_models.CreateRoleRequest(role_name=name, assume_role_policy_document=trust, **more)
    arn = client.create_role(request).body.role.arn
    attach = ram_models.AttachPolicyToRoleRequest(
        policy_type="System", policy_name="AliyunActionTrailFullAccess", role_name=name
    )
    client.attach_policy_to_role(attach)
    return arn


def assume(key: Key, arn: str, **more) -> Key:
    request = sts_models.AssumeRoleRequest(role_arn=arn, role_session_name="night-shift", **more)
    made = sts(key).assume_role(request).body.credentials
    return Key(key.port, made.access_key_id, made.access_key_secret, made.security_token)


def refused(call) -> tuple:
    with pytest.raises(AlibabaCloudException) as caught:
        call()
    return caught.value.status_code, caught.value.code


def test_a_user_becomes_a_role_and_acts_with_both_sdks(root, account, person, sdk):
    name = "role-" + sdk.name[:6]
    arn = role(root, name, trusting({"RAM": [f"acs:ram::{account}:root"]}))
    session = assume(person, arn)
    assert session.id.startswith("STS.")
    assert "TrailList" in sdk(session).call("DescribeTrails")
    who = sts(session).get_caller_identity().body
    assert (who.identity_type, who.arn, who.account_id) == ("AssumedRoleUser", f"{arn}/night-shift", account)

    def used():
        events = sdk(root).lookup([("EventName", "DescribeTrails")])
        return [event for event in events if event["userIdentity"]["accessKeyId"] == session.id]

    identity = wait_until(used, "the session's call is found")[0]["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("assumed-role", f"{name}:night-shift")
    assert identity["roleName"] == name and identity["principalId"].endswith(":night-shift")
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    begun = wait_until(
        lambda: [event for event in sdk(root).lookup([("EventName", "AssumeRole")]) if "errorCode" not in event],
        "AssumeRole is found",
    )[0]
    assert begun["serviceName"] == "Sts" and session.secret not in json.dumps(begun)
    assert session.token not in json.dumps(begun)


def test_a_session_policy_only_takes_away(root, account, person):
    arn = role(root, "narrowed", trusting({"RAM": [f"acs:ram::{account}:user/person"]}))
    session = NewSdk(assume(person, arn, policy=policy("actiontrail:LookupEvents")))
    session.call("LookupEvents")
    with pytest.raises(Refused) as denied:
        session.call("DescribeTrails")
    assert (denied.value.status, denied.value.code) == (403, "NoPermission")


def test_refusals_have_the_codes_of_sts(root, account, person):
    arn = role(root, "picky", trusting({"RAM": [f"acs:ram::{account}:user/somebody-else"]}))
    assert refused(lambda: assume(person, arn)) == (403, "NoPermission")
    assert refused(lambda: assume(root, arn)) == (403, "NoPermission")
    assert refused(lambda: assume(person, arn + "x")) == (404, "EntityNotExist.Role")
    own = role(root, "short", trusting({"RAM": [f"acs:ram::{account}:root"]}))
    too_long = refused(lambda: assume(person, own, duration_seconds=7200))
    assert too_long == (400, "InvalidParameter.DurationSeconds")
    ram(root).update_role(ram_models.UpdateRoleRequest(role_name="short", new_max_session_duration=7200))
    assume(person, own, duration_seconds=7200)
    assert refused(lambda: assume(person, own, policy="{")) == (400, "InvalidParameter.PolicyGrammar")


def test_an_external_id_is_asked_for(root, account, person):
    trust = json.loads(trusting({"RAM": [f"acs:ram::{account}:root"]}))
    trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "agreed"}}
    arn = role(root, "external", json.dumps(trust))
    assert refused(lambda: assume(person, arn))[1] == "NoPermission"
    assert refused(lambda: assume(person, arn, external_id="guess"))[1] == "NoPermission"
    NewSdk(assume(person, arn, external_id="agreed")).call("DescribeTrails")


def test_another_accounts_role_acts_in_that_account(root, account, person):
    made = root.cairn("CreateAccount", Name="tenant-sts")
    tenant = Key(root.port, made["AccessKey"]["AccessKeyId"], made["AccessKey"]["AccessKeySecret"])
    arn = role(tenant, "guest", trusting({"RAM": [f"acs:ram::{account}:root"]}))
    session = assume(person, arn)
    assert sts(session).get_caller_identity().body.account_id == made["Account"]["AccountId"]
    ours = list(NewSdk(session).lookup())
    assert {event["recipientAccountId"] for event in ours} == {made["Account"]["AccountId"]}


@pytest.mark.parametrize("scheme", ["acs3", "legacy"])
def test_a_token_counts_for_its_own_key_only(root, account, person, scheme):
    arn = role(root, f"token-{scheme}", trusting({"RAM": [f"acs:ram::{account}:root"]}))
    one, other = assume(person, arn), assume(person, arn)

    def code(key: Key):
        if scheme == "acs3":
            reply = key.acs3("POST", "/", {}, "DescribeTrails", "2020-07-06").send()
        else:
            reply = key.legacy("POST", {}, "DescribeTrails", "2020-07-06").send()
        return reply.json.get("Code")

    assert code(one) is None
    assert code(Key(one.port, one.id, one.secret, other.token)) == "InvalidSecurityToken.MismatchWithAccessKey"
    assert code(Key(one.port, one.id, one.secret)) == "MissingSecurityToken"
    assert code(Key(one.port, one.id, other.secret, one.token)) == "SignatureDoesNotMatch"
    assert code(Key(one.port, one.id, one.secret, one.token[8:])) == "InvalidSecurityToken.Malformed"


def test_a_session_survives_a_restart_and_not_its_role(start_node):
    node = start_node()
    root, account = root_key(node), node.key["account_id"]
    client = ram(root)
    client.create_user(ram_models.CreateUserRequest(user_name="person"))
    client.attach_policy_to_user(
        ram_models.AttachPolicyToUserRequest(
            policy_type="System", policy_name="AliyunSTSAssumeRoleAccess", user_name="person"
        )
    )
    made = client.create_access_key(ram_models.CreateAccessKeyRequest(user_name="person")).body.access_key
    person = Key(root.port, made.access_key_id, made.access_key_secret)
    session = assume(person, role(root, "auditor", trusting({"RAM": [f"acs:ram::{account}:root"]})))
    node.kill()
    node.start()
    NewSdk(session).call("DescribeTrails")
    detach = ram_models.DetachPolicyFromRoleRequest(
        policy_type="System", policy_name="AliyunActionTrailFullAccess", role_name="auditor"
    )
    ram(root).detach_policy_from_role(detach)
    with pytest.raises(Refused) as denied:
        NewSdk(session).call("DescribeTrails")
    assert denied.value.code == "NoPermission"
    ram(root).delete_role(ram_models.DeleteRoleRequest(role_name="auditor"))
    with pytest.raises(Refused) as over:
        NewSdk(session).call("DescribeTrails")
    assert over.value.code == "InvalidSecurityToken.Expired"
