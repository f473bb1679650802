"""Who may do what: RAM users through RAM's SDK, denials on the record, forged and replayed requests refused."""

import json

import pytest
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

from bucket import FolderBucket
from calls import RAM_VERSION, TRAIL_VERSION, Key, ago
from clients import NewSdk, Refused, ram
from node import wait_until


@pytest.fixture(scope="module")
def archive(root, tmp_path_factory) -> FolderBucket:
    bucket = FolderBucket(tmp_path_factory.mktemp("identity") / "bucket")
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    return bucket


def user_with_policy(root: Key, name: str, policy: str | None, kind="System") -> Key:
    """A RAM user with a key, made through RAM's own SDK."""
    client = ram(root)
    client.create_user(ram_models.CreateUserRequest(user_name=name, display_name=name))
    made = client.create_access_key(ram_models.CreateAccessKeyRequest(user_name=name)).body.access_key
    if policy:
        client.attach_policy_to_user(
            ram_models.AttachPolicyToUserRequest(policy_type=kind, policy_name=policy, user_name=name)
        )
    return Key(root.port, made.access_key_id, made.access_key_secret)


def test_a_reader_reads_and_its_denied_write_is_on_the_record(root, archive, sdk):
    name = "reader-" + sdk.name[:6]
    reader = sdk(user_with_policy(root, name, "AliyunActionTrailReadOnlyAccess"))
    assert "TrailList" in reader.call("DescribeTrails")
    with pytest.raises(Refused) as refused:
        reader.call("CreateTrail", Name="not-for-readers", OssBucketName="audit-archive")
    assert (refused.value.status, refused.value.code) == (403, "NoPermission")

    conditions = [("ServiceName", "Actiontrail"), ("EventName", "CreateTrail")]

    def denial():
        return [event for event in reader.lookup(conditions) if event["userIdentity"].get("userName") == name]

    event = wait_until(denial, "the denial is found by a lookup")[0]
    assert event["errorCode"] == "NoPermission" and event["errorMessage"]
    assert event["eventRW"] == "Write" and event["eventType"] == "ApiCall" and event["apiVersion"] == TRAIL_VERSION
    assert event["userIdentity"]["type"] == "ram-user"
    assert event["userIdentity"]["accessKeyId"] == reader.key.id
    assert event["userIdentity"]["accountId"] == event["recipientAccountId"]
    assert event["sourceIpAddress"] == "127.0.0.1" and event["userAgent"]
    assert event["requestParameters"]["Name"] == "not-for-readers"
    # Neither the secret nor the signature of the call is in its record.
    assert reader.key.secret not in json.dumps(event) and "Signature" not in event["requestParameters"]


def test_a_user_without_policy_may_do_nothing(root, sdk):
    nobody = sdk(user_with_policy(root, "nobody-" + sdk.name[:6], None))
    for operation in ("DescribeTrails", "LookupEvents"):
        with pytest.raises(Refused) as refused:
            nobody.call(operation)
        assert (refused.value.status, refused.value.code) == (403, "NoPermission")


def test_a_denial_in_a_policy_wins_over_what_another_allows(root, archive):
    document = {
        "Version": "1",
        "Statement": [
            {"Effect": "Deny", "Action": "actiontrail:Delete*", "Resource": "acs:actiontrail:*:*:trail/kept-*"}
        ],
    }
    client = ram(root)
    client.create_policy(
        ram_models.CreatePolicyRequest(policy_name="keep-trails", policy_document=json.dumps(document))
    )
    keeper = user_with_policy(root, "keeper", "keep-trails", kind="Custom")
    client.attach_policy_to_user(
        ram_models.AttachPolicyToUserRequest(
            policy_type="System", policy_name="AliyunActionTrailFullAccess", user_name="keeper"
        )
    )
    trails = NewSdk(keeper)
    for name in ("kept-trail", "other-trail"):
        trails.call("CreateTrail", Name=name, OssBucketName="audit-archive")
    trails.call("DeleteTrail", Name="other-trail")
    with pytest.raises(Refused) as refused:
        trails.call("DeleteTrail", Name="kept-trail")
    assert refused.value.code == "NoPermission"
    NewSdk(root).call("DeleteTrail", Name="kept-trail")


def test_ram_says_what_is_wrong_in_its_own_codes(root):
    client = ram(root)
    for call, status, code in [
        (lambda: client.get_user(ram_models.GetUserRequest(user_name="nobody-here")), 404, "EntityNotExist.User"),
        (
            lambda: client.create_policy(ram_models.CreatePolicyRequest(policy_name="broken", policy_document="{")),
            400,
            "MalformedPolicyDocument",
        ),
    ]:
        with pytest.raises(AlibabaCloudException) as refused:
            call()
        assert (refused.value.status_code, refused.value.code) == (status, code)


def test_accounts_do_not_see_each_other(root, archive, sdk):
    made = root.cairn("CreateAccount", Name="tenant-" + sdk.name[:6])
    tenant = Key(root.port, made["AccessKey"]["AccessKeyId"], made["AccessKey"]["AccessKeySecret"])
    client = sdk(root)
    client.call("CreateTrail", Name="walls-trail", OssBucketName="audit-archive")
    try:
        with pytest.raises(Refused) as refused:
            sdk(tenant).call("GetTrailStatus", Name="walls-trail")
        assert refused.value.code == "TrailNotFoundException"
        assert sdk(tenant).call("DescribeTrails")["TrailList"] == []
        root.put_lines([b'{"eventId":"walls-1","eventTime":"2024-05-01T00:00:00Z"}'])
        assert tenant.search_all(EventId="walls-1") == []
        assert len(root.search_all(EventId="walls-1")) == 1
        reply = tenant.put(b'{"eventId":"walls-2","eventTime":"2024-05-01T00:00:00Z"}', account=root_account(root))
        assert reply.status in (403, 404), reply.text
    finally:
        client.call("DeleteTrail", Name="walls-trail")


def root_account(root: Key) -> str:
    accounts = root.cairn("ListAccounts")["Accounts"]
    return next(account["AccountId"] for account in accounts if account["IsManagement"])


def forgeries(root: Key):
    wrong = Key(root.port, root.id, "not-the-secret-of-this-key")
    unknown = Key(root.port, "LTAI5tNobodyHasThisKey00", "whatever")
    return {
        "wrong secret": (wrong, {}, 400, "SignatureDoesNotMatch"),
        "unknown key": (unknown, {}, 404, "InvalidAccessKeyId.NotFound"),
        "old": (root, {"at": ago(minutes=20)}, 400, ("InvalidTimeStamp.Expired", "IllegalTimestamp")),
        "from the future": (root, {"at": ago(minutes=-20)}, 400, ("InvalidTimeStamp.Expired", "IllegalTimestamp")),
    }


@pytest.mark.parametrize("scheme", ["acs3", "legacy"])
@pytest.mark.parametrize("forgery", forgeries(Key(0, "", "")))
def test_forged_and_stale_requests_are_refused(root, scheme, forgery):
    key, more, status, codes = forgeries(root)[forgery]
    if scheme == "acs3":
        call = key.acs3("POST", "/", {}, "DescribeTrails", TRAIL_VERSION, **more)
    else:
        call = key.legacy("GET", {}, "DescribeTrails", TRAIL_VERSION, **more)
    reply = call.send()
    codes = codes if isinstance(codes, tuple) else (codes,)
    assert reply.status == status and reply.json["Code"] in codes, reply.text


@pytest.mark.parametrize("scheme", ["acs3", "legacy"])
def test_a_replayed_request_is_refused(root, scheme):
    if scheme == "acs3":
        call = root.acs3("POST", "/", {}, "DescribeTrails", TRAIL_VERSION)
    else:
        call = root.legacy("POST", {}, "DescribeTrails", TRAIL_VERSION)
    assert call.send().status == 200
    again = call.send()
    assert (again.status, again.json["Code"]) == (400, "SignatureNonceUsed"), again.text


def test_a_changed_body_or_query_breaks_the_signature(root):
    call = root.acs3("POST", "/v1/events", {}, "PutEvents", "2026-11-21", {"content-type": "application/json"}, b"[]")
    call.body = b'[{"eventId":"forged","eventTime":"2024-01-01T00:00:00Z"}]'
    reply = call.send()
    assert 400 <= reply.status < 500 and root.search_all(EventId="forged") == [], reply.text
    call = root.acs3("POST", "/", {"NameList": "trail-one"}, "DescribeTrails", TRAIL_VERSION)
    call.query = "NameList=trail-two"
    assert call.send().json["Code"] == "SignatureDoesNotMatch"


def test_the_old_sdk_recognises_a_wrong_secret(root):
    from clients import OldSdk

    with pytest.raises(Refused) as refused:
        OldSdk(Key(root.port, root.id, "not-the-secret")).call("DescribeTrails")
    # It compares the text it signed with the one in the message and then knows that only the secret can be wrong.
    assert refused.value.code == "InvalidAccessKeySecret"


def test_a_disabled_key_opens_nothing_until_it_is_enabled(root, sdk):
    name = "keyholder-" + sdk.name[:6]
    key = user_with_policy(root, name, "AliyunActionTrailFullAccess")
    holder = sdk(key)
    holder.call("DescribeTrails")

    def set_status(status):
        request = ram_models.UpdateAccessKeyRequest(user_name=name, user_access_key_id=key.id, status=status)
        ram(root).update_access_key(request)

    set_status("Inactive")
    with pytest.raises(Refused) as refused:
        holder.call("DescribeTrails")
    assert refused.value.code == "InvalidAccessKeyId.Inactive"
    set_status("Active")
    holder.call("DescribeTrails")
    reply = root.rpc("DeleteAccessKey", RAM_VERSION, UserName=name, UserAccessKeyId=key.id)
    assert reply.status == 200, reply.text
    with pytest.raises(Refused) as refused:
        holder.call("DescribeTrails")
    assert refused.value.code == "InvalidAccessKeyId.NotFound"


def test_an_ingest_token_puts_events_and_nothing_else(root):
    made = root.cairn("CreateIngestToken", Name="collector")
    bearer = {"authorization": "Bearer " + made["Token"], "content-type": "application/x-ndjson"}
    call = root.acs3("POST", "/v1/events", {}, "PutEvents", "2026-11-21")
    call.headers = dict(bearer)
    call.body = b'{"eventId":"by-token","eventTime":"2024-06-01T00:00:00Z"}'
    reply = call.send()
    assert reply.status == 200 and reply.json["Accepted"] == 1, reply.text
    assert len(root.search_all(EventId="by-token")) == 1
    call.method, call.body = "GET", b""
    assert call.send().status in (400, 401, 403)
    root.cairn("DeleteIngestToken", IngestTokenId=made["IngestToken"]["IngestTokenId"])
    call.method, call.body = "POST", b'{"eventId":"too-late","eventTime":"2024-06-01T00:00:00Z"}'
    assert 400 <= call.send().status < 500
