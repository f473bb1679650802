"""What is wrong with a call, as the official SDKs tell it; and odd events on their way through lookups and objects."""

import json

import pytest

from bucket import FolderBucket
from calls import Key, ago
from clients import NewSdk, Refused
from node import wait_until

TRAIL = "bad-input-trail"


@pytest.fixture(scope="module")
def archive(root, tmp_path_factory) -> FolderBucket:
    bucket = FolderBucket(tmp_path_factory.mktemp("bad-input") / "bucket")
    root.cairn("CreateBucket", Name="bad-input", Url=bucket.url)
    trail = NewSdk(root)
    trail.call("CreateTrail", Name=TRAIL, OssBucketName="bad-input")
    trail.call("StartLogging", Name=TRAIL)
    return bucket


ODD = {
    "beyond-2-53": '"n":9007199254740993,"m":123456789012345678901234567890,"f":1.10,"e":1e400',
    "lone-surrogate": '"a":"\\ud800","b":"\\udc00\\ud800"',
    "nul": '"eventName":"a\\u0000b","\\u0000":"\\u0000"',
    "unknown-words": '"eventType":"Telepathy","eventRW":"Maybe","eventCategory":"?"',
    "wrong-types": '"eventName":["x"],"serviceName":{"a":1},"userIdentity":"root","referencedResources":3',
    "same-key-twice": '"eventName":"First","eventName":"Second"',
    "deep": '"deep":' + "[" * 63 + "]" * 63,
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_event_is_found_and_delivered_as_it_was_sent(root, archive, sdk, name):
    event_id = f"{name}-{sdk.name}"
    text = f'{{"eventId":"{event_id}","eventTime":"{ago(minutes=5):%Y-%m-%dT%H:%M:%SZ}",{ODD[name]}}}'
    root.put_lines([text.encode()])
    assert f'"Event":{text}}}' in root.search(EventId=event_id).text
    found = list(sdk(root).lookup([("EventId", event_id)]))
    assert found == [json.loads(text)]
    wait_until(lambda: any(text.encode() in each for each in archive.objects().values()), f"{name} is delivered")


def test_bad_neighbours_cost_nothing(root):
    good = [f'{{"eventId":"good-{number}","eventTime":"{ago(minutes=5):%Y-%m-%dT%H:%M:%SZ}"}}' for number in range(3)]
    bad = [b"{", b'{"eventId":"x"}', b"\xff\xfe", b'{"eventId":"y","eventTime":"0000-01-01T00:00:00Z"}']
    lines = [part for number, each in enumerate(good) for part in (each.encode(), bad[number])] + [bad[3]]
    reply = root.put(b"\n".join(lines))
    assert reply.status == 200, reply.text
    assert reply.json["Accepted"] == 3
    codes = [(refused["Index"], refused["Code"]) for refused in reply.json["Refused"]]
    assert codes == [(1, "MalformedJson"), (3, "MissingEventTime"), (5, "MalformedJson"), (6, "InvalidEventTime")]
    for number in range(3):
        assert f'"eventId":"good-{number}"' in root.search(EventId=f"good-{number}").text


WRONG = [
    ("GetTrailStatus", {"Name": "trail-none"}, 404, "TrailNotFoundException", "trail-none"),
    (
        "GetTrailStatus",
        {"Name": "acs:actiontrail:cn-hangzhou:1:trail/trail-none"},
        404,
        "TrailNotFoundException",
        "acs:",
    ),
    (
        "CreateTrail",
        {"Name": "Not A Name", "OssBucketName": "bad-input"},
        400,
        "InvalidTrailNameException",
        "Not A Name",
    ),
    ("CreateTrail", {"Name": "trail-two", "OssBucketName": "nowhere"}, 404, "BucketDoesNotExistException", "nowhere"),
    ("CreateTrail", {"Name": "trail-two"}, 400, "InvalidDeliveryConfigurationException", "OssBucketName"),
    ("CreateTrail", {"Name": TRAIL, "OssBucketName": "bad-input"}, 400, "TrailAlreadyExistsException", TRAIL),
    ("LookupEvents", {"MaxResults": "51"}, 400, "InvalidQueryParameter", "from 1 to 50"),
    ("LookupEvents", {"NextToken": "forged"}, 400, "InvalidQueryParameter", "NextToken"),
    ("LookupEvents", {"StartTime": "noon"}, 400, "InvalidParameterStartTime", "noon"),
    ("LookupEvents", {"Direction": "SIDEWAYS"}, 400, "InvalidQueryParameter", "SIDEWAYS"),
]


@pytest.mark.parametrize(("operation", "params", "status", "code", "says"), WRONG)
def test_a_wrong_call_is_named_by_both_sdks(root, archive, sdk, operation, params, status, code, says):
    with pytest.raises(Refused) as refused:
        sdk(root).call(operation, **params)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert says in refused.value.message


def test_another_accounts_trail_is_no_trail(root, archive, sdk):
    made = root.cairn("CreateAccount", Name="other")["AccessKey"]
    other = sdk(Key(root.port, made["AccessKeyId"], made["AccessKeySecret"]))
    for operation in ("GetTrailStatus", "StopLogging", "DeleteTrail", "UpdateTrail"):
        with pytest.raises(Refused) as refused:
            other.call(operation, Name=TRAIL)
        assert (refused.value.status, refused.value.code) == (404, "TrailNotFoundException")
    assert other.call("DescribeTrails")["TrailList"] == []
    assert sdk(root).call("GetTrailStatus", Name=TRAIL)["IsLogging"] is True
