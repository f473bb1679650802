"""Delivery history jobs, roles and metrics on a running node: killed in the middle, refused, repaired."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from calls import RAM_VERSION, TRAIL_VERSION
from clients import NewSdk, Refused
from conftest import root_key
from node import wait_until
from reference import invictus_by_id, invictus_lines

HISTORY = {"StartTime": "2023-07-01T00:00:00Z", "EndTime": "2023-08-01T00:00:00Z"}


def create_job(root, **params) -> str:
    """With Cairn's own parameters, which the SDK's model does not have."""
    reply = root.rpc("CreateDeliveryHistoryJob", TRAIL_VERSION, TrailName="history-trail", **params)
    assert reply.status == 200, reply.text
    return reply.json["JobId"]


def test_a_job_killed_in_the_middle_writes_each_event_once(start_node, bucket):
    # Two hundred small batches, so that a kill falls between and into them.
    node = start_node(CAIRN_DELIVERY_BYTES="16384")
    root = root_key(node)
    root.put_lines(invictus_lines())
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    client = NewSdk(root)
    client.call("CreateTrail", Name="history-trail", OssBucketName="audit-archive")
    job = create_job(root, **HISTORY)
    seen = 0
    for _ in range(4):
        wait_until(lambda seen=seen: len(bucket.objects()) > seen, "the job goes on", 30)
        node.kill()
        seen = len(bucket.objects())
        node.start()
    done = wait_until(
        lambda: (state := client.call("GetDeliveryHistoryJob", JobId=job))["JobStatus"] >= 2 and state, "the job ends"
    )
    assert done["JobStatus"] == 2, root.rpc("GetDeliveryHistoryJob", TRAIL_VERSION, JobId=job).text
    expected = invictus_by_id()
    counts = bucket.event_counts()
    assert counts.keys() == expected.keys()
    assert set(counts.values()) == {1}
    bucket.check_names()
    assert {region["Status"] for region in done["Status"]} == {2}
    own = root.rpc("GetDeliveryHistoryJob", TRAIL_VERSION, JobId=job).json
    assert own["EventsDelivered"] == len(expected) == sum(region["EventsDelivered"] for region in own["Status"])


def test_jobs_through_the_sdk(start_node, bucket):
    node = start_node()
    root = root_key(node)
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    client = NewSdk(root)
    client.call("CreateTrail", Name="history-trail", OssBucketName="audit-archive")
    once = client.call("CreateDeliveryHistoryJob", TrailName="history-trail", ClientToken="once")["JobId"]
    assert client.call("CreateDeliveryHistoryJob", TrailName="history-trail", ClientToken="once")["JobId"] == once
    state = client.call("GetDeliveryHistoryJob", JobId=once)
    assert state["TrailName"] == "history-trail" and state["HomeRegion"] == "cn-hangzhou"
    wait_until(lambda: client.call("GetDeliveryHistoryJob", JobId=once)["JobStatus"] == 2, "the job ends")
    listed = client.call("ListDeliveryHistoryJobs", PageNumber=1, PageSize=10)
    assert listed["TotalCount"] == 1 and listed["DeliveryHistoryJobs"][0]["JobId"] == once
    client.call("DeleteDeliveryHistoryJob", JobId=once)
    for operation in ("GetDeliveryHistoryJob", "DeleteDeliveryHistoryJob"):
        with pytest.raises(Refused) as refused:
            client.call(operation, JobId=once)
        assert (refused.value.status, refused.value.code) == (404, "DeliveryHistoryJobNotFound")
    with pytest.raises(Refused) as refused:
        client.call("CreateDeliveryHistoryJob", TrailName="no-such-trail")
    assert (refused.value.status, refused.value.code) == (404, "TrailNotFoundException")


def ram(key, action: str, **params) -> dict:
    reply = key.rpc(action, RAM_VERSION, **params)
    assert reply.status == 200, reply.text
    return reply.json


def test_a_role_that_is_revoked_stops_delivery_and_given_back_loses_nothing(start_node, bucket):
    node = start_node()
    root = root_key(node)
    made = root.cairn("CreateAccount", Name="tenant")
    account = made["Account"]["AccountId"]
    tenant = type(root)(root.port, made["AccessKey"]["AccessKeyId"], made["AccessKey"]["AccessKeySecret"])
    root.cairn("CreateBucket", Name="audit-archive", Url=bucket.url)
    service = f"{account}@actiontrail.aliyuncs.com"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [service]}}
    ram(root, "CreateRole", RoleName="writer", AssumeRolePolicyDocument=policy(trust))
    allowed = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": "acs:oss:*:*:audit-archive/of-tenant/*"}
    ram(root, "CreatePolicy", PolicyName="write", PolicyDocument=policy(allowed))
    attachment = {"PolicyType": "Custom", "PolicyName": "write", "RoleName": "writer"}
    ram(root, "AttachPolicyToRole", **attachment)

    client = NewSdk(tenant)
    role = f"acs:ram::{root_account(node)}:role/writer"
    target = {"OssBucketName": "audit-archive", "OssKeyPrefix": "of-tenant", "OssWriteRoleArn": role}
    client.call("CreateTrail", Name="cross-trail", **target)
    client.call("StartLogging", Name="cross-trail")
    first, second = invictus_lines()[:50], invictus_lines()[50:100]
    tenant.put_lines(first)
    wait_until(lambda: ids(first) <= bucket.event_counts().keys(), "delivered through the role")

    ram(root, "DetachPolicyFromRole", **attachment)
    tenant.put_lines(second)
    status = wait_until(
        lambda: (now := client.call("GetTrailStatus", Name="cross-trail"))["LatestDeliveryError"] and now,
        "the trail says that it was stopped",
    )
    assert role in status["LatestDeliveryError"] and status["OssBucketStatus"] is False
    assert not ids(second) & bucket.event_counts().keys()
    failed = metric(tenant, "delivery_oss_fail_count")
    assert sum(failed) > 0

    ram(root, "AttachPolicyToRole", **attachment)
    wait_until(lambda: ids(second) <= bucket.event_counts().keys(), "delivered again", 30)
    counts = bucket.event_counts()
    assert [each for each in ids(first) | ids(second) if counts[each] != 1] == []
    wait_until(lambda: client.call("GetTrailStatus", Name="cross-trail")["OssBucketStatus"], "and the status says so")
    assert sum(metric(tenant, "delivery_oss_success_count")) == len(bucket.objects())


def policy(statement: dict) -> str:
    return json.dumps({"Version": "1", "Statement": [statement]})


def root_account(node) -> str:
    return node.key["account_id"]


def ids(lines) -> set:
    return {json.loads(line)["eventId"] for line in lines}


def metric(key, name: str) -> list:
    now = datetime.now(UTC)
    window = {"StartTime": stamp(now - timedelta(minutes=30)), "EndTime": stamp(now + timedelta(minutes=1))}
    reply = key.rpc(
        "DescribeTrailDeliveryMetricData", TRAIL_VERSION, TrailName="cross-trail", MetricName=name, Period=60, **window
    )
    assert reply.status == 200, reply.text
    return [point["Count"] for point in reply.json["MetricList"]]


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
