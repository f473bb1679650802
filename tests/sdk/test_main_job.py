"""The main job: 2,900 real events go in over HTTP, every lookup counts right, a trail delivers each once."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from bucket import FolderBucket, pairs
from clients import SDKS
from node import wait_until
from reference import INVICTUS_WINDOW, invictus_by_id, invictus_lines, invictus_oracle

# What LookupEvents has no key for; GET /v1/events or a window asks for these.
BEYOND_LOOKUP = ("Region", "ErrorCode")
LOOKUP_KEYS = sorted(key for key in invictus_oracle() if key not in (*BEYOND_LOOKUP, "Hour"))


@pytest.fixture(scope="module")
def main_bucket(tmp_path_factory) -> FolderBucket:
    return FolderBucket(tmp_path_factory.mktemp("main") / "bucket")


@pytest.fixture(scope="module")
def loaded(root, main_bucket):
    """The node with a trail that was logging before the events came."""
    root.cairn("CreateBucket", Name="audit-archive", Url=main_bucket.url)
    trail = SDKS[0](root)
    trail.call("CreateTrail", Name="main-trail", OssBucketName="audit-archive", OssKeyPrefix="company", EventRW="All")
    trail.call("StartLogging", Name="main-trail")
    lines = invictus_lines()
    for start in range(0, len(lines), 500):
        batch = lines[start : start + 500]
        reply = root.put_lines(batch)
        assert (reply["Accepted"], reply["Duplicates"]) == (len(batch), 0)
    return root


def count(client, attributes, **window) -> int:
    ids = [event["eventId"] for event in client.lookup(attributes, **window)]
    assert len(ids) == len(set(ids)), f"{attributes}: an event came twice"
    return len(ids)


@pytest.mark.parametrize("key", LOOKUP_KEYS)
def test_every_count_through_the_sdk(loaded, sdk, key):
    client = sdk(loaded)

    def counted(value):
        attributes = list(zip(key.split("+"), value.split("|"), strict=True))
        return value, count(client, attributes, **INVICTUS_WINDOW)

    expected = invictus_oracle()[key]
    with ThreadPoolExecutor(4) as pool:
        assert dict(pool.map(counted, expected)) == expected


def test_every_hour_through_the_sdk(loaded, sdk):
    client = sdk(loaded)
    expected = invictus_oracle()["Hour"]
    hours = {hour: count(client, [], StartTime=f"{hour}:00:00Z", EndTime=f"{hour}:59:59Z") for hour in expected}
    assert hours == expected


@pytest.mark.parametrize("key", BEYOND_LOOKUP)
def test_every_count_that_lookup_events_has_no_key_for(loaded, key):
    window = {"start": INVICTUS_WINDOW["StartTime"], "end": INVICTUS_WINDOW["EndTime"]}
    expected = invictus_oracle()[key]
    assert {value: len(loaded.search_all(**{key: value}, **window)) for value in expected} == expected


def test_pages_join_into_the_whole_in_both_directions(loaded, sdk):
    client = sdk(loaded)
    backward = list(client.lookup(**INVICTUS_WINDOW))
    forward = list(client.lookup(Direction="FORWARD", limit=49, **INVICTUS_WINDOW))
    assert len(backward) == len(invictus_lines())
    assert [event["eventId"] for event in forward] == [event["eventId"] for event in reversed(backward)]
    times = [event["eventTime"] for event in forward]
    assert times == sorted(times)


def test_the_sdk_gets_every_key_and_value(loaded, sdk):
    found = {event["eventId"]: event for event in sdk(loaded).lookup(**INVICTUS_WINDOW)}
    assert found == {each: json.loads(line) for each, line in invictus_by_id().items()}


def test_lookups_give_the_text_that_was_put(loaded):
    page = loaded.search(limit=50, EventName="Decrypt").body
    for found in json.loads(page)["Events"]:
        assert invictus_by_id()[found["Event"]["eventId"]] in page


def test_conditions_combine_freely_through_get(loaded):
    conditions = {"ServiceName": "Kms", "EventName": "Decrypt", "User": "bert-jan", "EventRW": "Read"}
    found = loaded.search_all(**conditions)
    events = [json.loads(line) for line in invictus_lines()]
    expected = {
        event["eventId"]
        for event in events
        if (event["serviceName"], event["eventName"], event["eventRW"]) == ("Kms", "Decrypt", "Read")
        and event["userIdentity"].get("userName") == "bert-jan"
    }
    assert expected and {each["Event"]["eventId"] for each in found} == expected


def test_a_word_anywhere_in_an_event_is_found(loaded):
    line = invictus_lines()[1234]
    request_id = json.loads(line)["requestId"]
    found = [each["Event"]["eventId"] for each in loaded.search_all(text=request_id.lower())]
    expected = [json.loads(each)["eventId"] for each in invictus_lines() if request_id.encode() in each]
    assert sorted(found) == sorted(expected)


def test_the_trail_delivered_each_event_once_and_unchanged(loaded, main_bucket, sdk):
    expected = invictus_by_id()
    wait_until(lambda: expected.keys() <= main_bucket.event_counts().keys(), "every event is in an object")
    counts = main_bucket.event_counts()
    assert [each for each, times in counts.items() if times != 1] == []
    main_bucket.check_names(prefix="company/")
    delivered = main_bucket.events()
    assert all(delivered[each] == pairs(line) for each, line in expected.items())
    status = sdk(loaded).call("GetTrailStatus", Name="main-trail")
    assert status["IsLogging"] and status["LatestDeliveryTime"] and not status.get("LatestDeliveryError")


def test_the_file_again_changes_nothing(loaded, sdk):
    lines = list(invictus_lines())
    replies = [loaded.put_lines(lines[start : start + 1000]) for start in range(0, len(lines), 1000)]
    assert Counter(accepted=sum(reply["Accepted"] for reply in replies)) == Counter(accepted=0)
    assert sum(reply["Duplicates"] for reply in replies) == len(lines)
    assert count(sdk(loaded), [], **INVICTUS_WINDOW) == len(lines)
