"""Log Service through its official clients: projects, Logstores, reading to the end, saved searches, dashboards."""

import json
import time

import pytest
from alibabacloud_ram20150501 import models as ram_models
from alibabacloud_sls20201230 import models as sls_models
from alibabacloud_sts20150401 import models as sts_models
from alibabacloud_tea_util.models import RuntimeOptions
from aliyun.log import GetHistogramsRequest, LogException, LogItem, PutLogsRequest
from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, CursorPosition, LogHubConfig

from calls import Key
from clients import NewSdk, ram, sts
from logs import ENDPOINT, REGION, VERSIONS, cli, log_client, tea_logs, through
from node import wait_until

PROJECT, LOGSTORE = "audit-logs", "actiontrail_everything"
EVENTS = 3000


@pytest.fixture(scope="module", autouse=True)
def proxied(node):
    with through(node.port):
        yield


@pytest.fixture(scope="module")
def logstore(node, root) -> str:
    """A Logstore with events: made by a trail that is logging."""
    client = log_client(root)
    client.create_project(PROJECT, "of the tests")
    account = node.key["account_id"]
    trail = NewSdk(root)
    arn = f"acs:log:{REGION}:{account}:project/{PROJECT}"
    trail.call("CreateTrail", Name="everything", SlsProjectArn=arn, EventRW="All", TrailRegion="All")
    trail.call("StartLogging", Name="everything")
    root.put_lines(json.dumps(event(number)).encode() for number in range(EVENTS))
    return LOGSTORE


def event(number: int) -> dict:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    return {
        "eventId": f"log-{number}",
        "eventTime": now,
        "eventName": "DescribeInstances" if number % 3 else "DeleteInstance",
        "eventRW": "Read" if number % 3 else "Write",
        "serviceName": "Ecs",
        "eventType": "ApiCall",
        "eventCategory": "Management",
        "text": f"ünï {number}",
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_projects_and_logstores_are_found(root, logstore, version):
    client = log_client(root, version)
    project = client.get_project(PROJECT)
    assert (project.get_region(), project.get_status(), project.description) == (REGION, "Normal", "of the tests")
    listed = client.list_project()
    assert [each["projectName"] for each in listed.get_projects()] == [PROJECT]
    assert client.list_logstore(PROJECT).get_logstores() == [logstore]
    found = client.get_logstore(PROJECT, logstore)
    assert (found.get_shard_count(), found.get_ttl()) == (1, 3650)
    assert client.get_index_config(PROJECT, logstore).get_index_config().key_config_list
    assert client.list_shards(PROJECT, logstore).get_shards_info()[0]["shardID"] == 0


def test_what_is_not_there_has_its_code(root, logstore):
    client = log_client(root)
    for call, status, code in [
        (lambda: client.get_project("nothing-here"), 404, "ProjectNotExist"),
        (lambda: client.get_logstore(PROJECT, "none"), 404, "LogStoreNotExist"),
        (lambda: client.create_project(PROJECT, ""), 400, "ProjectAlreadyExist"),
        (lambda: client.create_logstore(PROJECT, logstore), 400, "LogStoreAlreadyExist"),
        (lambda: client.create_logstore(PROJECT, "mine"), 400, "ParameterInvalid"),
        (lambda: client.pull_logs(PROJECT, logstore, 1, "MA=="), 404, "ShardNotExist"),
        (lambda: client.pull_logs(PROJECT, logstore, 0, "nonsense"), 400, "ParameterInvalid"),
        (lambda: client.split_shard(PROJECT, logstore, 0, "7f" * 16), 400, "ParameterInvalid"),
        (lambda: client.delete_project(PROJECT), 400, "ProjectNotEmpty"),
        (lambda: log_client(Key(root.port, root.id, "wrong")).list_project(), 401, "SignatureNotMatch"),
        (lambda: log_client(Key(root.port, "nobody", "wrong")).list_project(), 401, "InvalidAccessKeyId"),
    ]:
        with pytest.raises(LogException) as refused:
            call()
        assert (refused.value.resp_status, refused.value.get_error_code()) == (status, code), str(refused.value)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("compression", ["lz4", "zstd", None])
def test_pulling_to_the_end_gives_every_event_once(root, logstore, version, compression):
    client = log_client(root, version)
    cursor = client.get_begin_cursor(PROJECT, logstore, 0).get_cursor()
    end = client.get_end_cursor(PROJECT, logstore, 0).get_cursor()
    found = []
    while cursor != end:
        page = client.pull_logs(
            PROJECT,
            logstore,
            0,
            cursor,
            count=10,
            end_cursor=end,
            compress=bool(compression),
            accept_compress_type=compression,
        )
        found += page.get_flatten_logs_json()
        assert page.get_next_cursor() != cursor
        cursor = page.get_next_cursor()
    ids = [json.loads(each["event"])["eventId"] for each in found]
    assert [each for each in ids if each.startswith("log-")] == [f"log-{number}" for number in range(EVENTS)]
    assert {each["__topic__"] for each in found} == {"actiontrail_audit_event"}


def test_a_time_of_receipt_is_a_place(root, logstore):
    client = log_client(root)
    begin = client.get_begin_cursor(PROJECT, logstore, 0).get_cursor()
    end = client.get_end_cursor(PROJECT, logstore, 0).get_cursor()
    assert client.get_cursor(PROJECT, logstore, 0, int(time.time()) + 60).get_cursor() == end
    long_ago = client.get_cursor(PROJECT, logstore, 0, int(time.time()) - 86400).get_cursor()
    assert long_ago == begin
    received = client.get_cursor_time(PROJECT, logstore, 0, begin).get_cursor_time()
    assert abs(received - time.time()) < 600


class Collector(ConsumerProcessorBase):
    def __init__(self, into):
        super().__init__()
        self.into = into

    def process(self, log_groups, tracker):
        for group in log_groups.LogGroups:
            for log in group.Logs:
                self.into += [json.loads(pair.Value)["eventId"] for pair in log.Contents if pair.Key == "event"]
        tracker.save_check_point(True)


def consume(key: Key, logstore: str, group: str, name: str, into: list) -> ConsumerWorker:
    config = LogHubConfig(
        f"http://{ENDPOINT}",
        key.id,
        key.secret,
        PROJECT,
        logstore,
        group,
        name,
        cursor_position=CursorPosition.BEGIN_CURSOR,
        heartbeat_interval=1,
        data_fetch_interval=0.1,
    )
    worker = ConsumerWorker(Collector, config, args=(into,))
    worker.start()
    return worker


def test_a_consumer_group_reads_every_event_once_across_consumers(root, logstore):
    first, second = [], []
    worker = consume(root, logstore, "readers", "one", first)
    wait_until(lambda: len(set(first)) >= EVENTS, "the first consumer has read all")
    follower = consume(root, logstore, "readers", "two", second)
    worker.shutdown()
    worker.join(timeout=30)
    root.put_lines(json.dumps(event(EVENTS + number)).encode() for number in range(50))
    wait_until(
        lambda: sum(each.startswith("log-") for each in second) >= 50, "the second goes on where the first ended"
    )
    follower.shutdown()
    follower.join(timeout=30)
    both = [each for each in first + second if each.startswith("log-")]
    assert sorted(both) == sorted(f"log-{number}" for number in range(EVENTS + 50))
    client = log_client(root)
    kept = client.get_check_point(PROJECT, logstore, "readers").get_consumer_group_check_points()
    assert kept[0]["shard"] == 0 and kept[0]["checkpoint"]
    client.delete_consumer_group(PROJECT, logstore, "readers")
    assert client.list_consumer_group(PROJECT, logstore).get_consumer_groups() == []


def window() -> dict:
    return {"from_time": int(time.time()) - 3600, "to_time": int(time.time()) + 60}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("is_second", [True, False], ids=["GetLogsV2", "GetLogs"])
def test_a_search_finds_what_it_says(root, logstore, version, is_second):
    client = log_client(root, version)
    client._get_logs_v2_enabled = is_second
    query = "event.eventName: DeleteInstance and not event.eventId: log-0"
    page = client.get_log(PROJECT, logstore, **window(), query=query, size=10, reverse=True)
    assert page.is_completed() and page.get_count() == 10 and not page.get_has_sql()
    times = [log.get_time() for log in page.get_logs()]
    assert times == sorted(times, reverse=True)
    every = client.get_log(PROJECT, logstore, **window(), query=query, size=-1)
    events = [json.loads(log.get_contents()["event"]) for log in every.get_logs()]
    wanted = {f"log-{number}" for number in range(3, EVENTS, 3)}
    assert {each["eventId"] for each in events} >= wanted and len(events) == len({each["eventId"] for each in events})
    assert {each["eventName"] for each in events} == {"DeleteInstance"}
    beyond = client.get_log(PROJECT, logstore, **window(), query=query, offset=len(events))
    assert beyond.get_count() == 0
    assert client.get_log(PROJECT, logstore, **window(), topic="another").get_count() == 0
    word = client.get_log(PROJECT, logstore, **window(), query='ünï and "log-7"')
    assert [json.loads(log.get_contents()["event"])["text"] for log in word.get_logs()] == ["ünï 7"]


def test_histograms_count_what_a_search_finds(root, logstore):
    client = log_client(root)
    begin, end = window()["from_time"], window()["to_time"]
    asked = GetHistogramsRequest(PROJECT, logstore, begin, end, query="event.eventName: DeleteInstance")
    counted = client.get_histograms(asked)
    assert counted.is_completed() and counted.get_total_count() >= EVENTS / 3
    parts = counted.get_histograms()
    assert parts[0].get_from() == begin and parts[-1].get_to() == end
    assert all(one.get_to() == other.get_from() for one, other in zip(parts, parts[1:], strict=False))
    assert sum(part.get_count() for part in parts) == counted.get_total_count()
    request = sls_models.GetHistogramsRequest(from_=begin, to=end, query="event.eventName: DeleteInstance")
    body = tea_logs(root).get_histograms(PROJECT, logstore, request).body
    assert sum(part.count for part in body) == counted.get_total_count()


def test_the_context_of_an_event_is_what_lies_around_it(root, logstore):
    client = log_client(root)
    found = client.get_log(PROJECT, logstore, **window(), query='event.eventId: "log-100" | with_pack_meta')
    contents = found.get_logs()[0].get_contents()
    around = client.get_context_logs(
        PROJECT, logstore, contents["__tag__:__pack_id__"], contents["__pack_meta__"], back_lines=2, forward_lines=3
    )
    ids = [json.loads(log.get_contents()["event"])["eventId"] for log in around.get_logs()]
    assert ids == [f"log-{number}" for number in range(98, 104)]
    numbers = [log.get_contents()["__index_number__"] for log in around.get_logs()]
    assert numbers == ["-2", "-1", "0", "1", "2", "3"]


def test_bad_questions_are_refused_by_name(root, logstore):
    client = log_client(root)
    at = window()
    for arguments, said in [
        ({"query": "a and (b"}, "position"),
        ({"query": "*abc"}, "position"),
        ({"offset": -1}, "limit expression is required"),
        ({"from_time": at["to_time"]}, "from must be less"),
        ({"from_time": -1}, "The parameter from must be a positive integer"),
        ({"query": "* | select 1", "offset": 5}, "offset is not available for pagination in sql query"),
    ]:
        with pytest.raises(LogException) as refused:
            client.get_log(PROJECT, logstore, **(at | arguments))
        error = refused.value
        assert (error.resp_status, error.get_error_code()) == (400, "ParameterInvalid"), (arguments, str(error))
        assert said in error.get_error_message(), error.get_error_message()


def test_nobody_writes_into_a_logstore(root, logstore):
    client = log_client(root)
    put = PutLogsRequest(PROJECT, logstore, "", "", [LogItem(int(time.time()), contents=[("a", "x" * 100)] * 50)])
    for request in (put, PutLogsRequest(PROJECT, logstore, "", "", put.get_log_items() * 500, compress=False)):
        with pytest.raises(LogException) as refused:
            client.put_logs(request)
        assert "read-only" in refused.value.get_error_message()
        assert refused.value.resp_status == 400


def test_saved_searches_and_dashboards_are_given_back_as_sent(root, logstore):
    client = log_client(root)
    search = {
        "savedsearchName": "errors",
        "searchQuery": "event.errorCode: *",
        "logstore": logstore,
        "displayName": "E",
    }
    client.create_savedsearch(PROJECT, search)
    assert client.get_savedsearch(PROJECT, "errors").get_entity() == search
    client.update_savedsearch(PROJECT, search | {"topic": "t"})
    assert client.list_savedsearch(PROJECT).get_entities() == ["errors"]
    board = {"dashboardName": "board", "displayName": "B", "description": "", "charts": [{"title": "a", "search": {}}]}
    client.create_dashboard(PROJECT, board)
    assert client.get_dashboard(PROJECT, "board").get_entity() == board
    with pytest.raises(LogException) as twice:
        client.create_dashboard(PROJECT, board)
    assert twice.value.get_error_message() == "specified dashboard already exists"
    client.delete_dashboard(PROJECT, "board")
    client.delete_savedsearch(PROJECT, "errors")
    with pytest.raises(LogException) as gone:
        client.get_savedsearch(PROJECT, "errors")
    assert (gone.value.resp_status, gone.value.get_error_code()) == (404, "SavedSearchNotExist")


def test_the_other_clients_see_the_same(root, logstore):
    tea = tea_logs(root)
    listed = tea.list_project(sls_models.ListProjectRequest(offset=0, size=10)).body
    assert [project.project_name for project in listed.projects] == [PROJECT]
    assert tea.get_log_store(PROJECT, logstore).body.logstore_name == logstore
    cursor = tea.get_cursor(PROJECT, logstore, "0", sls_models.GetCursorRequest(from_="begin")).body.cursor
    assert cursor == log_client(root).get_begin_cursor(PROJECT, logstore, 0).get_cursor()
    request = sls_models.GetLogsV2Request(
        from_=window()["from_time"], to=window()["to_time"], query='event.eventId: "log-9"', reverse=True
    )
    reply = tea.get_logs_v2with_options(
        PROJECT, logstore, request, sls_models.GetLogsV2Headers(accept_encoding="zstd"), RuntimeOptions()
    )
    assert reply.body.meta.progress == "Complete"
    assert [json.loads(row["event"])["eventId"] for row in reply.body.data] == ["log-9"]
    listed = cli(root, "list_logstore", f"--project_name={PROJECT}")
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout)["logstores"] == [logstore]


def test_a_role_reads_what_its_policy_says_and_nobody_else_sees_the_project(node, root, logstore):
    account = node.key["account_id"]
    client = ram(root)
    read = {
        "Effect": "Allow",
        "Action": ["log:GetLogStoreLogs", "log:GetCursorOrData"],
        "Resource": f"acs:log:*:{account}:project/{PROJECT}/logstore/{logstore}",
    }
    document = json.dumps({"Version": "1", "Statement": [read]})
    client.create_policy(ram_models.CreatePolicyRequest(policy_name="log-reader", policy_document=document))
    client.create_user(ram_models.CreateUserRequest(user_name="log-person"))
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [f"acs:ram::{account}:root"]}}
    trust = json.dumps({"Version": "1", "Statement": [trust]})
    client.create_role(ram_models.CreateRoleRequest(role_name="log-role", assume_role_policy_document=trust))
    client.attach_policy_to_role(
        ram_models.AttachPolicyToRoleRequest(policy_type="Custom", policy_name="log-reader", role_name="log-role")
    )
    client.attach_policy_to_user(
        ram_models.AttachPolicyToUserRequest(
            policy_type="System", policy_name="AliyunSTSAssumeRoleAccess", user_name="log-person"
        )
    )
    made = client.create_access_key(ram_models.CreateAccessKeyRequest(user_name="log-person")).body.access_key
    person = Key(node.port, made.access_key_id, made.access_key_secret)
    wish = sts_models.AssumeRoleRequest(
        role_arn=f"acs:ram::{account}:role/log-role", role_session_name="logs", duration_seconds=900
    )
    given = sts(person).assume_role(wish).body.credentials
    session = Key(node.port, given.access_key_id, given.access_key_secret, given.security_token)
    for version in VERSIONS:
        as_role = log_client(session, version)
        found = as_role.get_log(PROJECT, logstore, **window(), query='event.eventId: "log-5"')
        assert found.get_count() == 1
        for refused_call in (
            lambda who=as_role: who.get_project(PROJECT),
            lambda who=as_role: who.list_logstore(PROJECT),
        ):
            with pytest.raises(LogException) as refused:
                refused_call()
            assert (refused.value.resp_status, refused.value.get_error_code()) == (403, "Unauthorized")
    tea = tea_logs(session)
    request = sls_models.GetLogsV2Request(from_=window()["from_time"], to=window()["to_time"], query='"log-5"')
    reply = tea.get_logs_v2with_options(PROJECT, logstore, request, sls_models.GetLogsV2Headers(), RuntimeOptions())
    assert reply.body.meta.count == 1
    for bad in (Key(node.port, session.id, session.secret), Key(node.port, session.id, session.secret, "bm90aGluZw==")):
        with pytest.raises(LogException) as refused:
            log_client(bad).list_project()
        assert refused.value.get_error_code() == "SecurityTokenInvalid"
    other = root.cairn("CreateAccount", Name="log-tenant")["AccessKey"]
    stranger = log_client(Key(node.port, other["AccessKeyId"], other["AccessKeySecret"]))
    assert stranger.list_project().get_projects() == []
    with pytest.raises(LogException) as refused:
        stranger.get_log(PROJECT, logstore, **window())
    assert refused.value.get_error_code() == "ProjectNotExist"


def test_changes_leave_events_and_reads_do_not(root, logstore):
    log_client(root).update_project(PROJECT, "of the tests")
    found = wait_until(lambda: root.search_all(EventName="UpdateProject"), "the change is recorded")
    assert {each["Event"]["serviceName"] for each in found} == {"Sls"}
    assert root.search_all(EventName="PullLogs") == []
