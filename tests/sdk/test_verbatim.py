"""What goes in comes out: every published event, text for text, and the odd things JSON can hold."""

import gzip
import json

import pytest

from bucket import FolderBucket, pairs
from calls import Key
from clients import NewSdk, OldSdk
from node import wait_until
from reference import docs_shaped, sample_texts

AROUND_ALL = {"StartTime": "2015-01-01T00:00:00Z", "EndTime": "2025-12-31T23:59:59Z"}


@pytest.fixture(scope="module")
def archive(root, tmp_path_factory) -> FolderBucket:
    """Where a trail delivers what the tests of this file put into the management account."""
    bucket = FolderBucket(tmp_path_factory.mktemp("verbatim") / "bucket")
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    trail = NewSdk(root)
    trail.call("CreateTrail", Name="verbatim-trail", OssBucketName="audit-archive")
    trail.call("StartLogging", Name="verbatim-trail")
    return bucket


def found_text(key: Key, event_id: str) -> str:
    """The one event of this id as the reply has it, byte for byte."""
    text = key.search(EventId=event_id, start=AROUND_ALL["StartTime"], end=AROUND_ALL["EndTime"]).text
    events = json.loads(text)["Events"]
    assert [each["Event"]["eventId"] for each in events] == [event_id]
    return text


def test_published_events_keep_every_character(root, archive):
    texts = sample_texts()
    reply = root.put(("[" + ",".join(texts.values()) + "]").encode(), content_type="application/json")
    assert reply.status == 200 and reply.json["Accepted"] == len(texts), reply.text
    for name, text in texts.items():
        assert text in found_text(root, json.loads(text)["eventId"]), name
    for client in (NewSdk(root), OldSdk(root)):
        for text in texts.values():
            event = json.loads(text)
            assert list(client.lookup([("EventId", event["eventId"])], **AROUND_ALL)) == [event]
    by_id = {json.loads(text)["eventId"]: pairs(text.encode()) for text in texts.values()}
    wait_until(lambda: by_id.keys() <= archive.event_counts().keys(), "the published events are delivered")
    delivered = archive.events()
    assert {each: delivered[each] for each in by_id} == by_id


def test_events_of_several_generations_go_to_the_accounts_they_name(start_node):
    node = start_node(CAIRN_INGEST_CREATE_ACCOUNTS="true")
    root = Key(node.port, node.key["access_key_id"], node.key["access_key_secret"])
    events = docs_shaped()
    lines = [json.dumps(event, ensure_ascii=False).encode() for event in events]
    assert root.put_lines(lines, account="from-event")["Accepted"] == len(events)
    for event, line in zip(events, lines, strict=True):
        account = event.get("recipientAccountId") or event["userIdentity"]["accountId"]
        made = root.rpc("CreateAccessKey", "2015-05-01", AccountId=account).json["AccessKey"]
        own = Key(node.port, made["AccessKeyId"], made["AccessKeySecret"])
        assert line.decode() in found_text(own, event["eventId"])
        assert list(NewSdk(own).lookup([("EventId", event["eventId"])], **AROUND_ALL)) == [event]


ODD = {
    "big-number": '{"eventId":"odd-1","eventTime":"2024-01-01T00:00:00Z","n":123456789012345678901234567890,"f":1.10}',
    "same-key-twice": '{"eventId":"odd-2","eventTime":"2024-01-01T00:00:01Z","key":1,"key":2,"Key":3}',
    "not-ascii": '{"eventId":"odd-3","eventTime":"2024-01-01T00:00:02Z","name":"删除 🗑","escaped":"\\u5220"}',
    "white-space": '{ "eventId" :\t"odd-4" , "eventTime":"2024-01-01T00:00:03Z","nested":{ "a" : [ 1 , 2 ] } }',
    "unknown-fields": '{"eventId":"odd-5","eventTime":"2024-01-01T00:00:04Z","eventRW":"Maybe","":null,"eventType":7}',
    "slashes": '{"eventId":"odd-6","eventTime":"2024-01-01T00:00:05Z","path":"a\\/b\\\\c\\"d\\u0000"}',
}


@pytest.mark.parametrize("name", ODD)
def test_odd_json_keeps_every_character(root, archive, name):
    text = ODD[name]
    root.put_lines([text.encode()])
    event_id = json.loads(text)["eventId"]
    assert text in found_text(root, event_id)
    wait_until(lambda: event_id in archive.event_counts(), f"{name} is delivered")
    assert archive.events()[event_id] == pairs(text.encode())


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_compressed_bodies_are_taken(root, encoding):
    lines = [
        json.dumps({"eventId": f"packed-{encoding}-{number}", "eventTime": "2024-02-01T00:00:00Z"}).encode()
        for number in range(100)
    ]
    body = b"\n".join(lines)
    packed = gzip.compress(body) if encoding == "gzip" else stored_zstd(body)
    reply = root.put(packed, encoding=encoding)
    assert reply.status == 200 and reply.json["Accepted"] == 100, reply.text
    assert lines[42].decode() in found_text(root, f"packed-{encoding}-42")


def stored_zstd(body: bytes) -> bytes:
    """A zstd frame of one raw block (RFC 8878): Python 3.11 has no encoder, and the format needs none."""
    assert len(body) < 1 << 17
    header = (0xFD2FB528).to_bytes(4, "little") + bytes([0b1010_0000]) + len(body).to_bytes(4, "little")
    return header + (len(body) << 3 | 1).to_bytes(3, "little") + body


def test_each_refused_event_is_named_and_the_others_are_taken(root):
    body = [
        {"eventId": "mixed-1", "eventTime": "2024-03-01T00:00:00Z"},
        {"eventTime": "2024-03-01T00:00:00Z"},
        {"eventId": "mixed-3"},
        {"eventId": "mixed-4", "eventTime": "yesterday"},
        ["no", "object"],
        {"eventId": "mixed-6", "eventTime": "2024-03-01T00:00:00Z", "long": "x" * 300_000},
        {"eventId": "mixed-7", "eventTime": "2199-01-01T00:00:00Z"},
        {"eventId": "mixed-8", "eventTime": "2024-03-01T00:00:00Z"},
    ]
    reply = root.put(json.dumps(body).encode(), content_type="application/json")
    assert reply.status == 200, reply.text
    assert reply.json["Accepted"] == 2
    codes = {refused["Index"]: refused["Code"] for refused in reply.json["Refused"]}
    assert codes == {
        1: "MissingEventId",
        2: "MissingEventTime",
        3: "InvalidEventTime",
        4: "NotAnObject",
        5: "EventTooLarge",
        6: "EventTimeInFuture",
    }
    assert all(refused["Message"] for refused in reply.json["Refused"])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'[{"eventId":"a"', "application/json", 400),
        (b"", "application/x-ndjson", 400),
        (b"<events/>", "text/xml", 415),
        (b"\n".join([b'{"eventId":"a","eventTime":"2024-01-01T00:00:00Z"}'] * 10_001), "application/x-ndjson", 413),
        (b"[" + b" " * (10 * 1024 * 1024 + 1) + b"]", "application/json", 413),
    ],
    ids=["cut short", "empty", "no JSON", "too many", "too large"],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(root, body, content_type, status):
    reply = root.put(body, content_type=content_type)
    assert reply.status == status, reply.text
    assert reply.json["Code"] and reply.json["Message"] and reply.json["RequestId"]
