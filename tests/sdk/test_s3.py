"""A trail that delivers to an S3 server: the same objects as in a folder, through failures of the server too."""

import json
import subprocess

import pytest

from bucket import FolderBucket, pairs
from clients import NewSdk
from conftest import root_key
from node import wait_until
from reference import invictus_by_id, invictus_lines
from s3_server import S3Server


@pytest.fixture
def s3(tmp_path):
    server = S3Server(tmp_path / "s3")
    (server.folder / "audit-logs").mkdir(parents=True)
    server.start()
    yield server
    server.stop()


def test_each_event_once_though_the_server_was_away(start_node, s3):
    root = root_key(start_node(CAIRN_DELIVERY_RETRY_MAX_SECONDS="1"))
    root.cairn(
        "CreateBucket",
        Name="remote-archive",
        Url="s3://audit-logs/from-cairn",
        Endpoint=s3.endpoint,
        BucketRegion="us-east-1",
        BucketAccessKeyId="KEYID",
        BucketAccessKeySecret="SECRET",
        PathStyle="true",
        AllowHttp="true",
    )
    assert root.cairn("CheckBucket", Name="remote-archive")["Writable"] is True
    client = NewSdk(root)
    client.call("CreateTrail", Name="remote-trail", OssBucketName="remote-archive", OssKeyPrefix="company")
    client.call("StartLogging", Name="remote-trail")

    lines = invictus_lines()
    root.put_lines(lines[:1000])
    objects = FolderBucket(s3.folder / "audit-logs")
    wait_until(lambda: sum(objects.event_counts().values()) >= 1000, "the first thousand are delivered")

    s3.stop()
    root.put_lines(lines[1000:])
    status = wait_until(lambda: failing(client), "the failure shows in the trail's status")
    assert status["IsLogging"] is True

    s3.start()
    expected = invictus_by_id()
    wait_until(lambda: expected.keys() <= objects.event_counts().keys(), "every event is in an object")
    counts = objects.event_counts()
    assert [each for each in expected if counts[each] != 1] == []
    objects.check_names(prefix="from-cairn/company/")
    delivered = objects.events()
    assert all(delivered[each] == pairs(line) for each, line in expected.items())
    assert not client.call("GetTrailStatus", Name="remote-trail").get("LatestDeliveryError")


def failing(client):
    status = client.call("GetTrailStatus", Name="remote-trail")
    return status if status.get("LatestDeliveryError") else None


def test_a_bucket_that_cannot_be_written_is_told_at_once(start_node, s3):
    root = root_key(start_node())
    root.cairn(
        "CreateBucket",
        Name="wrong-key",
        Url="s3://audit-logs",
        Endpoint=s3.endpoint,
        BucketAccessKeyId="KEYID",
        BucketAccessKeySecret="not-the-secret",
        PathStyle="true",
        AllowHttp="true",
    )
    checked = root.cairn("CheckBucket", Name="wrong-key")
    assert checked["Writable"] is False and checked["Error"]
    reply = root.rpc("CreateTrail", "2020-07-06", Name="never-trail", OssBucketName="wrong-key")
    assert (reply.status, reply.json["Code"]) == (403, "InsufficientBucketPolicyException"), reply.text


def test_a_backup_in_a_bucket_is_restored_with_every_event(start_node, s3, tmp_path):
    node = start_node(CAIRN_STORE_RECENT_AGE_SECONDS="1")
    root = root_key(node)
    lines = invictus_lines()
    root.put_lines(lines[:1000])
    at = ["--endpoint-url", s3.endpoint, "--access-key-id", "KEYID", "--allow-http", "--json"]
    secret = {"CAIRN_BACKUP_ACCESS_KEY_SECRET": "SECRET"}

    def cairn(*arguments) -> dict:
        command = [node.binary, *arguments, *at]
        done = subprocess.run(command, capture_output=True, text=True, env=node.environment | secret, timeout=60)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    first = cairn("backup", "--data", node.data, "--to", "s3://audit-logs/backups/cairn")
    root.put_lines(lines[1000:])
    wait_until(lambda: len(list((node.data / "segments").glob("*.parquet"))) > 0, "a segment is written")
    second = cairn("backup", "--data", node.data, "--to", "s3://audit-logs/backups/cairn")
    assert second["head"] >= first["head"] + len(lines) - 1000
    assert 0 < second["copied"]["bytes_copied"] < second["copied"]["bytes"]
    restored = cairn("restore", "--from", "s3://audit-logs/backups/cairn", "--data", tmp_path / "restored")
    assert restored["report"]["verdict"] != "damaged" and restored["restored"]["head"] == second["head"]
