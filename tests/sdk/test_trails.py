"""Trails through both SDKs: their life, their errors, both signatures, GET and POST, JSON and XML."""

from xml.etree import ElementTree

import pytest

from bucket import FolderBucket
from calls import TRAIL_VERSION
from clients import SDKS, NewSdk, Refused
from conftest import root_key
from node import wait_until


@pytest.fixture(scope="module")
def archive(root, tmp_path_factory) -> FolderBucket:
    bucket = FolderBucket(tmp_path_factory.mktemp("trails") / "bucket")
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    return bucket


@pytest.fixture
def client(root, archive, sdk):
    """One SDK on an account without trails."""
    client = sdk(root)
    yield client
    for trail in client.call("DescribeTrails")["TrailList"]:
        client.call("DeleteTrail", Name=trail["Name"])


def described(client, name):
    trails = client.call("DescribeTrails", NameList=name)["TrailList"]
    return trails[0] if trails else None


def test_a_trail_lives_from_create_to_delete(client):
    name = "life-of-a-trail"
    made = client.call(
        "CreateTrail", Name=name, OssBucketName="audit-archive", EventRW="Write", OssKeyPrefix="first-prefix"
    )
    assert made["Name"] == name and made["HomeRegion"] == "cn-hangzhou" and made["EventRW"] == "Write"
    fresh = described(client, name)
    assert fresh["Status"] == "Fresh" and fresh["OssBucketName"] == "audit-archive"
    assert fresh["OssKeyPrefix"] == "first-prefix" and fresh["TrailRegion"] == "All"
    assert client.call("GetTrailStatus", Name=name)["IsLogging"] is False

    client.call("StartLogging", Name=name)
    assert described(client, name)["Status"] == "Enable"
    status = client.call("GetTrailStatus", Name=name)
    assert status["IsLogging"] is True and status["StartLoggingTime"]

    client.call("UpdateTrail", Name=name, EventRW="All", TrailRegion="cn-hangzhou,cn-beijing")
    changed = described(client, name)
    assert (changed["EventRW"], changed["Status"], changed["OssKeyPrefix"]) == ("All", "Enable", "first-prefix")
    assert set(changed["TrailRegion"].split(",")) == {"cn-hangzhou", "cn-beijing"}

    client.call("StopLogging", Name=name)
    assert described(client, name)["Status"] == "Disable"
    assert client.call("GetTrailStatus", Name=name)["StopLoggingTime"]
    client.call("DeleteTrail", Name=name)
    assert described(client, name) is None


def test_a_trail_delivers_the_calls_of_its_own_account(client, archive):
    client.call("CreateTrail", Name="own-calls", OssBucketName="audit-archive")
    client.call("StartLogging", Name="own-calls")
    client.call("DescribeRegions")
    marks = wait_until(
        lambda: [event for event in client.lookup([("ServiceName", "Actiontrail"), ("EventName", "DescribeRegions")])],
        "the call is found by a lookup",
    )
    newest = marks[0]["eventId"]
    wait_until(lambda: newest in archive.event_counts(), "the record of the call is delivered")
    archive.check_names(prefix=None)


def test_names_lists_and_regions(client):
    for name in ("trail-one", "trail-two", "trail-three"):
        client.call("CreateTrail", Name=name, OssBucketName="audit-archive")
    names = {trail["Name"] for trail in client.call("DescribeTrails", NameList="trail-one,trail-three")["TrailList"]}
    assert names == {"trail-one", "trail-three"}
    regions = client.call("DescribeRegions")["Regions"]["Region"]
    assert "cn-hangzhou" in {region["RegionId"] for region in regions}


REFUSALS = [
    ("CreateTrail", {"Name": "Bad Name", "OssBucketName": "audit-archive"}, 400, "InvalidTrailNameException"),
    ("CreateTrail", {"Name": "trail-none"}, 400, "InvalidDeliveryConfigurationException"),
    ("CreateTrail", {"Name": "trail-gone", "OssBucketName": "no-such-bucket"}, 404, "BucketDoesNotExistException"),
    (
        "CreateTrail",
        {"Name": "trail-pre", "OssBucketName": "audit-archive", "OssKeyPrefix": "1"},
        400,
        "InvalidPrefixException",
    ),
    (
        "CreateTrail",
        {"Name": "trail-rw", "OssBucketName": "audit-archive", "EventRW": "Some"},
        400,
        "InvalidQueryParameter",
    ),
    ("UpdateTrail", {"Name": "no-such-trail", "EventRW": "All"}, 404, "TrailNotFoundException"),
    ("DeleteTrail", {"Name": "no-such-trail"}, 404, "TrailNotFoundException"),
    ("StartLogging", {"Name": "no-such-trail"}, 404, "TrailNotFoundException"),
    ("StopLogging", {"Name": "no-such-trail"}, 404, "TrailNotFoundException"),
    ("GetTrailStatus", {"Name": "no-such-trail"}, 404, "TrailNotFoundException"),
]


@pytest.mark.parametrize(("operation", "params", "status", "code"), REFUSALS, ids=lambda value: str(value)[:24])
def test_what_is_refused_has_the_published_code(client, operation, params, status, code):
    with pytest.raises(Refused) as refused:
        client.call(operation, **params)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert refused.value.message


def test_the_same_trail_twice_and_one_too_many(client):
    client.call("CreateTrail", Name="only-once", OssBucketName="audit-archive")
    with pytest.raises(Refused) as refused:
        client.call("CreateTrail", Name="only-once", OssBucketName="audit-archive")
    assert refused.value.code == "TrailAlreadyExistsException"
    for number in range(4):
        client.call("CreateTrail", Name=f"further-{number}", OssBucketName="audit-archive")
    with pytest.raises(Refused) as refused:
        client.call("CreateTrail", Name="one-too-many", OssBucketName="audit-archive")
    assert (refused.value.status, refused.value.code) == (403, "MaximumNumberOfTrailsExceededException")


def test_the_operator_says_how_many_trails_there_may_be(start_node, bucket):
    key = root_key(start_node(CAIRN_LIMITS_TRAILS_PER_REGION="1"))
    key.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    client = NewSdk(key)
    client.call("CreateTrail", Name="the-only-one", OssBucketName="audit-archive")
    with pytest.raises(Refused) as refused:
        client.call("CreateTrail", Name="one-too-many", OssBucketName="audit-archive")
    assert refused.value.code == "MaximumNumberOfTrailsExceededException" and " 1 trails" in refused.value.message


LOOKUP_REFUSALS = [
    ({"StartTime": "2026-01-02T00:00:00Z", "EndTime": "2026-01-01T00:00:00Z"}, "InvalidParameterCombination"),
    ({"StartTime": "yesterday", "EndTime": "2026-01-01T00:00:00Z"}, "InvalidParameterStartTime"),
    ({"StartTime": "2026-01-01T00:00:00Z", "EndTime": "tomorrow"}, "InvalidParameterEndTime"),
    ({"Direction": "SIDEWAYS"}, "InvalidQueryParameter"),
    ({"MaxResults": "51"}, "InvalidQueryParameter"),
    ({"NextToken": "no token of ours"}, "InvalidQueryParameter"),
    ({"LookupAttribute": [{"Key": "Colour", "Value": "red"}]}, "InvalidQueryParameter"),
    (
        {"LookupAttribute": [{"Key": "User", "Value": "a"}, {"Key": "EventRW", "Value": "Read"}]},
        "InvalidQueryParameter",
    ),
]


@pytest.mark.parametrize(("params", "code"), LOOKUP_REFUSALS, ids=lambda value: str(value)[:40])
def test_lookups_that_make_no_sense_are_refused(client, params, code):
    with pytest.raises(Refused) as refused:
        client.call("LookupEvents", **params)
    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_methods_with_both_signatures(root, archive, method):
    for call in (
        root.acs3(method, "/", {"NameList": "a-b-c-d-e, *~+/"}, "DescribeTrails", TRAIL_VERSION),
        root.legacy(method, {"AcceptLanguage": "zh-CN"}, "DescribeRegions", TRAIL_VERSION),
    ):
        reply = call.send()
        # The list of names is no list of names, and that is found out after the signature.
        assert reply.status == 200 or reply.json["Code"] == "InvalidTrailNameException", reply.text


def test_form_and_query_are_one(root, archive):
    params = {"Name": "form-trail", "OssBucketName": "audit-archive", "EventRW": "All"}
    call = root.legacy("POST", params, "CreateTrail", TRAIL_VERSION, in_body=["OssBucketName", "EventRW", "Signature"])
    reply = call.send()
    assert reply.status == 200, reply.text
    body = b"Name=form-trail"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = root.acs3("POST", "/", {}, "DeleteTrail", TRAIL_VERSION, headers, body).send()
    assert reply.status == 200, reply.text


def test_the_new_sdk_with_the_old_signature(root, archive):
    client = NewSdk(root, signature_algorithm="v2")
    assert client.call("DescribeRegions")["RequestId"]


def test_errors_and_answers_in_xml(root, archive):
    reply = root.legacy("POST", {"Format": "XML"}, "DescribeRegions", TRAIL_VERSION).send()
    answer = ElementTree.fromstring(reply.body)
    assert answer.tag == "DescribeRegionsResponse"
    assert "cn-hangzhou" in {each.text for each in answer.iter("RegionId")}

    reply = root.legacy("GET", {"Name": "no-such-trail", "Format": "XML"}, "GetTrailStatus", TRAIL_VERSION).send()
    assert reply.status == 404
    assert reply.headers["content-type"] == "text/xml;charset=utf-8"
    error = ElementTree.fromstring(reply.body)
    assert error.tag == "Error" and error.findtext("Code") == "TrailNotFoundException"
    assert error.findtext("RequestId") and error.findtext("HostId") and error.findtext("Message")

    # Both SDKs ask for JSON and find the code in it.
    for sdk in SDKS:
        with pytest.raises(Refused) as refused:
            sdk(root).call("GetTrailStatus", Name="no-such-trail")
        assert refused.value.code == "TrailNotFoundException"


@pytest.mark.parametrize(
    ("action", "version", "code"),
    [("Dance", TRAIL_VERSION, "InvalidAction"), ("DescribeTrails", "1999-01-01", "NoSuchVersion")],
)
def test_unknown_operations_and_versions(root, action, version, code):
    reply = root.rpc(action, version)
    assert 400 <= reply.status < 500
    assert reply.json["Code"].startswith(code), reply.text
