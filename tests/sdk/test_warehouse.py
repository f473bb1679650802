"""Trails that fill tables, read by programs that do not know Cairn: the packages `deltalake` and `duckdb`.

DuckDB's own reader of Delta tables is a download of its own, so DuckDB reads what `deltalake` lists.
"""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import psycopg
import pytest
from deltalake import DeltaTable

from calls import TRAIL_VERSION
from clients import NewSdk
from conftest import root_key
from node import free_port, wait_until
from reference import invictus_by_id, invictus_lines
from s3_server import S3Server

HISTORY = {"StartTime": "2023-07-01T00:00:00Z", "EndTime": "2023-08-01T00:00:00Z"}
TRAIL = "table-trail"
# A batch is a second or less; the tests run on busy machines.
WAIT_SECONDS = 120


class Table:
    """A trail's table, opened anew for each question: its newest version."""

    def __init__(self, node, location: Path):
        account = node.key["account_id"]
        self.arn = f"acs:odps:cn-hangzhou:{account}:project/actiontrail_{account}"
        self.folder = location / account / f"actiontrail_{account}" / f"actiontrail_{TRAIL}"

    def ask(self, sql: str) -> list:
        """What DuckDB says about the table `events`."""
        with duckdb.connect() as connection:
            connection.register("events", DeltaTable(self.folder).to_pyarrow_dataset())
            return connection.sql(sql).fetchall()

    def ids(self) -> Counter:
        """How often each event is there; no event before the table is."""
        if not (self.folder / "_delta_log").is_dir():
            return Counter()
        return Counter(event_id for (event_id,) in self.ask("SELECT event_id FROM events"))

    def create_trail(self, root):
        client = NewSdk(root)
        client.call("CreateTrail", Name=TRAIL, EventRW="All", MaxComputeProjectArn=self.arn)
        client.call("StartLogging", Name=TRAIL)

    def has_all_once(self) -> bool:
        """Whether every reference event is there. At no time may one be there twice."""
        ids = self.ids()
        assert not ids or max(ids.values()) == 1, ids.most_common(3)
        return invictus_by_id().keys() <= ids.keys()


def check_rows(table: Table, account: str):
    """The columns against the events as they were sent, by plain Python; and what DuckDB makes of columns and JSON."""
    expected = {event_id: json.loads(line) for event_id, line in invictus_by_id().items()}
    rows = table.ask("SELECT event_id, event, event_name, user_name, day, account_id FROM events")
    by_id = {row[0]: row[1:] for row in rows if row[0] in expected}
    for event_id, line in invictus_by_id().items():
        event = expected[event_id]
        user = event.get("userIdentity", {}).get("userName") or None
        columns = (event.get("eventName"), user, date.fromisoformat(event["eventTime"][:10]), account)
        assert by_id[event_id] == (line.decode(), *columns)
    old = "event_time < TIMESTAMPTZ '2024-01-01 00:00:00Z'"
    services = table.ask(f"SELECT service_name, count(*) FROM events WHERE {old} GROUP BY 1")
    assert dict(services) == Counter(event.get("serviceName") for event in expected.values())
    kind = "json_extract_string(event, '$.userIdentity.type')"
    kinds = table.ask(f"SELECT {kind}, count(*) FROM events WHERE {old} GROUP BY 1")
    assert dict(kinds) == Counter(event.get("userIdentity", {}).get("type") for event in expected.values())


def ask_the_node(node, port: int, sql: str) -> list:
    """The node's own SQL, through a PostgreSQL client."""
    login = {"user": node.key["access_key_id"], "password": node.key["access_key_secret"]}
    with psycopg.connect(host="127.0.0.1", port=port, **login) as connection:
        return connection.execute(sql).fetchall()


def test_a_trail_fills_its_table_through_kills(start_node):
    # Many small batches, so that a kill falls between and into them.
    port = free_port()
    node = start_node(CAIRN_DELIVERY_BYTES="65536", CAIRN_POSTGRES_LISTEN=f"127.0.0.1:{port}")
    root = root_key(node)
    table = Table(node, node.data / "warehouse")
    table.create_trail(root)
    root.put_lines(invictus_lines())
    seen = 0
    for _ in range(4):
        wait_until(lambda seen=seen: len(table.ids()) > seen, "the table grows", WAIT_SECONDS)
        node.kill()
        seen = len(table.ids())
        node.start()
    wait_until(table.has_all_once, "every event is in the table", WAIT_SECONDS)
    check_rows(table, node.key["account_id"])
    by_service = "SELECT service_name, count(*) FROM {} WHERE day = DATE '2023-07-10' GROUP BY service_name"
    own = ask_the_node(node, port, by_service.format(f'warehouse."actiontrail_{TRAIL}"'))
    assert own and sorted(own) == sorted(table.ask(by_service.format("events")))


def test_history_jobs_fill_the_table_and_repeat_nothing(start_node):
    node = start_node(CAIRN_DELIVERY_BYTES="65536")
    root = root_key(node)
    table = Table(node, node.data / "warehouse")
    lines = invictus_lines()
    root.put_lines(lines[:2000])
    table.create_trail(root)
    # These the trail delivers; the jobs, which are asked for afterwards, cover them too.
    root.put_lines(lines[2000:])
    client = NewSdk(root)
    for _ in range(2):
        created = root.rpc("CreateDeliveryHistoryJob", TRAIL_VERSION, TrailName=TRAIL, **HISTORY)
        assert created.status == 200, created.text
        job = created.json["JobId"]
        done = wait_until(
            lambda job=job: (state := client.call("GetDeliveryHistoryJob", JobId=job))["JobStatus"] >= 2 and state,
            "the job ends",
            WAIT_SECONDS,
        )
        assert done["JobStatus"] == 2, root.rpc("GetDeliveryHistoryJob", TRAIL_VERSION, JobId=job).text
        wait_until(table.has_all_once, "every event is in the table", WAIT_SECONDS)
    check_rows(table, node.key["account_id"])


def test_tables_in_a_bucket(start_node, tmp_path):
    server = S3Server(tmp_path / "s3")
    (server.folder / "lake").mkdir(parents=True)
    server.start()
    try:
        node = start_node()
        root = root_key(node)
        root.cairn(
            "CreateBucket",
            Name="lake-bucket",
            Url="s3://lake/tables",
            Endpoint=server.endpoint,
            BucketAccessKeyId="KEYID",
            BucketAccessKeySecret="SECRET",
            PathStyle="true",
            AllowHttp="true",
        )
        node.stop()
        node.environment["CAIRN_WAREHOUSE_LOCATION"] = f"bucket:{node.key['account_id']}/lake-bucket"
        node.start()
        table = Table(node, server.folder / "lake/tables")
        table.create_trail(root)
        root.put_lines(invictus_lines())
        wait_until(table.has_all_once, "every event is in the table", WAIT_SECONDS)
        check_rows(table, node.key["account_id"])
    finally:
        server.stop()


def test_a_location_that_makes_no_sense_is_named(start_node):
    with pytest.raises(AssertionError, match=r"warehouse\.location"):
        start_node(CAIRN_WAREHOUSE_LOCATION="s3://lake")
