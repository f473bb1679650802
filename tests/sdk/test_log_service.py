"""Log Service through its official clients: projects, Logstores, reading to the end, saved searches, dashboards."""

import json
import time

import pytest
from alibabacloud_sls20201230 import models as sls_models
from aliyun.log import LogException
from aliyun.log.consumer import ConsumerProcessorBase, ConsumerWorker, CursorPosition, LogHubConfig

from calls import Key
from clients import NewSdk
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
    listed = cli(root, "list_logstore", f"--project_name={PROJECT}")
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout)["logstores"] == [logstore]


def test_changes_leave_events_and_reads_do_not(root, logstore):
    log_client(root).update_project(PROJECT, "of the tests")
    found = wait_until(lambda: root.search_all(EventName="UpdateProject"), "the change is recorded")
    assert {each["Event"]["serviceName"] for each in found} == {"Sls"}
    assert root.search_all(EventName="PullLogs") == []
