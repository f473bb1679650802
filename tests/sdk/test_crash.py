"""The same file twice, shuffled, in parallel, with `kill -9` in between: the same counts, each event once."""

import http.client
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from calls import Key
from clients import NewSdk
from conftest import root_key
from node import wait_until
from reference import INVICTUS_WINDOW, invictus_by_id, invictus_lines, invictus_oracle

BATCH = 50
WRITERS = 4
KILLS = 3
PATIENCE_SECONDS = 120


class Writers:
    """Puts batches from several threads and tries each again until it is acknowledged."""

    def __init__(self, key: Key):
        self.key = key
        self.acknowledged = 0
        self.moved = threading.Condition()

    def put(self, batch):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.key.put_lines(batch)
                break
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < deadline, "the node never came back"
                time.sleep(0.05)
        with self.moved:
            self.acknowledged += 1
            self.moved.notify_all()

    def wait_for(self, batches: int):
        with self.moved:
            reached = self.moved.wait_for(lambda: self.acknowledged >= batches, timeout=PATIENCE_SECONDS)
        assert reached, f"{self.acknowledged} of {batches} batches were acknowledged"


def shuffled_twice(seed: int) -> list:
    chance = random.Random(seed)
    lines = list(invictus_lines()) * 2
    chance.shuffle(lines)
    return [lines[start : start + BATCH] for start in range(0, len(lines), BATCH)]


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_while_writing_nothing_is_lost_or_doubled(start_node, bucket, seed):
    node = start_node()
    root = root_key(node)
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    client = NewSdk(root)
    client.call("CreateTrail", Name="crash-trail", OssBucketName="audit-archive")
    client.call("StartLogging", Name="crash-trail")

    batches = shuffled_twice(seed)
    writers = Writers(root)
    with ThreadPoolExecutor(WRITERS) as pool:
        work = [pool.submit(writers.put, batch) for batch in batches]
        for kill in range(1, KILLS + 1):
            writers.wait_for(len(batches) * kill // (KILLS + 1))
            node.kill()
            node.start()
        for each in work:
            each.result()

    check_lookups(client, root)
    expected = invictus_by_id()
    wait_until(lambda: expected.keys() <= bucket.event_counts().keys(), "every event is in an object")
    # Whatever is still being delivered are records of the calls above; an event delivered twice would show now.
    bucket.check_names()
    counts = bucket.event_counts()
    assert [each for each in expected if counts[each] != 1] == []


def check_lookups(client, root):
    """Counts per key, the whole file, and each text."""
    found = {event["eventId"]: event for event in client.lookup(**INVICTUS_WINDOW)}
    assert found == {each: json.loads(line) for each, line in invictus_by_id().items()}
    for key in ("ServiceName", "EventRW", "User"):
        expected = invictus_oracle()[key]
        counted = {value: len(list(client.lookup([(key, value)], **INVICTUS_WINDOW))) for value in expected}
        assert counted == expected


def test_an_acknowledged_event_survives_a_kill_in_the_same_moment(start_node):
    node = start_node()
    root = root_key(node)
    for line in invictus_lines()[:5]:
        root.put_lines([line])
        node.kill()
        node.start()
    expected = [json.loads(line)["eventId"] for line in invictus_lines()[:5]]
    for each in expected:
        assert [found["eventId"] for found in NewSdk(root).lookup([("EventId", each)], **INVICTUS_WINDOW)] == [each]


def test_a_trail_stopped_before_a_kill_stays_stopped(start_node, bucket):
    node = start_node()
    root = root_key(node)
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    client = NewSdk(root)
    client.call("CreateTrail", Name="crash-trail", OssBucketName="audit-archive")
    client.call("StartLogging", Name="crash-trail")
    during = invictus_lines()[:100]
    root.put_lines(during)
    client.call("StopLogging", Name="crash-trail")
    node.kill()
    node.start()
    root.put_lines(invictus_lines()[100:200])
    expected = {json.loads(line)["eventId"] for line in during}
    wait_until(lambda: expected <= bucket.event_counts().keys(), "what came before the stop is delivered")
    status = client.call("GetTrailStatus", Name="crash-trail")
    assert status["IsLogging"] is False
    ids = {json.loads(line)["eventId"] for line in invictus_lines()}
    assert {each for each in bucket.event_counts() if each in ids} == expected
