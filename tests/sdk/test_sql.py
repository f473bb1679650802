"""SQL for everyone: a PostgreSQL driver, psql, the catalogs as tools ask for them, `cairn sql` and `cairn query`."""

import csv
import io
import json
import os
import ssl
import subprocess
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alibabacloud_ram20150501 import models as ram_models

from calls import RAM_VERSION
from clients import NewSdk, ram
from conftest import root_key, running
from logs import log_client, through
from node import Node, free_port
from reference import ROOT

PROJECT = "audit-sql"
EVENTS = 2500
CATALOGS = ROOT / "tests/sdk/sql/catalogs.sql"
TLS = ROOT / "crates/node/tests/it/tls"


def event(number: int) -> dict:
    return {
        "eventId": f"sql-{number}",
        "eventTime": (datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventName": ["DescribeInstances", "DeleteInstance", "CreateUser"][number % 3],
        "eventRW": "Write" if number % 3 else "Read",
        "serviceName": "Ecs",
        "eventType": "ApiCall",
        "eventCategory": "Management",
        "userIdentity": {"userName": f"user-{number % 7}"},
        "requestParameters": {"text": f"it's ünï {number}", "Number": number},
    }


@pytest.fixture(scope="module")
def sql_node(binary, tmp_path_factory):
    """A node that serves PostgreSQL clients, with events and a Logstore."""
    settings = {"CAIRN_POSTGRES_LISTEN": f"127.0.0.1:{free_port()}"}
    with running(binary, tmp_path_factory.mktemp("sql"), settings) as node:
        node.postgres = int(settings["CAIRN_POSTGRES_LISTEN"].rpartition(":")[2])
        key = root_key(node)
        trail = NewSdk(key)
        with through(key.port):
            log_client(key).create_project(PROJECT, "of the tests")
        arn = f"acs:log:cn-hangzhou:{node.key['account_id']}:project/{PROJECT}"
        trail.call("CreateTrail", Name="writes", SlsProjectArn=arn, EventRW="Write", TrailRegion="All")
        trail.call("StartLogging", Name="writes")
        key.put_lines(json.dumps(event(number)).encode() for number in range(EVENTS))
        yield node


def connect(node, user=None, password=None, **options):
    options = {"host": "127.0.0.1", "port": node.postgres, "autocommit": True} | options
    user = user or node.key["access_key_id"]
    return psycopg.connect(user=user, password=password or node.key["access_key_secret"], **options)


@pytest.fixture(scope="module")
def connection(sql_node):
    with connect(sql_node) as connection:
        yield connection


def test_a_driver_asks_and_gets_rows(connection):
    counted = connection.execute(
        "SELECT eventname, count(*) AS n FROM events WHERE servicename = %s GROUP BY eventname ORDER BY eventname",
        ("Ecs",),
    ).fetchall()
    assert counted == [("CreateUser", 833), ("DeleteInstance", 833), ("DescribeInstances", 834)]
    columns = 'eventid, "event.userIdentity.userName", "event.requestParameters.text"'
    row = connection.execute(f"SELECT {columns} FROM events WHERE eventid = %s", ("sql-5",)).fetchone()
    assert row == ("sql-5", "user-5", "it's ünï 5")
    start = datetime(2026, 5, 1, 0, 10, tzinfo=UTC)
    asked = "SELECT min(time), max(time), count(*) FROM events WHERE time >= %s AND time < %s"
    first, last, count = connection.execute(asked, (start, start + timedelta(minutes=1))).fetchone()
    assert (first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)) == (start, start + timedelta(seconds=59))
    assert count == 60
    event_json = connection.execute("SELECT event FROM events WHERE eventid = 'sql-7'").fetchone()[0]
    assert json.loads(event_json)["eventId"] == "sql-7"


def test_all_rows_come_in_text_and_binary(connection):
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            rows = cursor.execute("SELECT eventid FROM events WHERE servicename = 'Ecs'").fetchall()
            assert {row[0] for row in rows} == {f"sql-{number}" for number in range(EVENTS)}, binary
            assert len(rows) == EVENTS


def test_a_logstore_is_a_table_by_two_names(connection):
    writes = [number for number in range(EVENTS) if number % 3]
    for name in ("actiontrail_writes", '"audit-sql".actiontrail_writes', "public.actiontrail_writes"):
        counted = connection.execute(f"SELECT count(*) FROM {name} WHERE servicename = 'Ecs'").fetchone()[0]
        assert counted == len(writes), name


def test_nothing_can_be_changed_and_errors_say_where(connection):
    for statement in ("DELETE FROM events", "CREATE TABLE t (a int)", "INSERT INTO events VALUES (1)"):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute(statement)
    with pytest.raises(psycopg.errors.SyntaxError) as refused:
        connection.execute("SELECT eventname FROM events WHERE")
    assert refused.value.diag.statement_position == "35"
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM nowhere")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("SELECT nothing FROM events")
    with connection.transaction():
        assert connection.execute("SELECT count(*) FROM events WHERE eventid = 'sql-1'").fetchone() == (1,)


def test_a_query_is_cancelled_and_ends_after_its_time(sql_node):
    # Each event with each event of each event: more than any machine counts.
    endless = "SELECT count(*) FROM events a, events b, events c WHERE a.eventid || b.eventid || c.eventid = 'x'"
    with connect(sql_node) as connection:
        timer = threading.Timer(1.0, connection.cancel_safe)
        timer.start()
        started = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            connection.execute(endless)
        timer.join()
        connection.execute("SET statement_timeout = '500ms'")
        with pytest.raises(psycopg.errors.QueryCanceled, match="timeout"):
            connection.execute(endless)
        assert time.monotonic() - started < 30
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_who_may_not_is_refused_and_sees_no_other_tables(sql_node):
    for user, password in ((None, "wrong"), ("LTAI5tNobody", "wrong")):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(sql_node, user, password)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(sql_node, dbname="another")
    root = root_key(sql_node)
    tenant = root.cairn("CreateAccount", Name="tenant")["Account"]["AccountId"]
    made = root.rpc("CreateAccessKey", RAM_VERSION, AccountId=tenant).json["AccessKey"]
    tables = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema <> 'information_schema'"
    with connect(sql_node, made["AccessKeyId"], made["AccessKeySecret"]) as connection:
        assert connection.execute(tables).fetchall() == [("public", "events")]
        assert connection.execute("SELECT count(*) FROM events WHERE servicename = 'Ecs'").fetchone() == (0,)
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM actiontrail_writes")
    client = ram(root)
    client.create_user(ram_models.CreateUserRequest(user_name="nobody", display_name="nobody"))
    key = client.create_access_key(ram_models.CreateAccessKeyRequest(user_name="nobody")).body.access_key
    with connect(sql_node, key.access_key_id, key.access_key_secret) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM events")


def statements() -> list:
    found = []
    for part in CATALOGS.read_text().split("\n----\n"):
        lines = part.strip().split("\n")
        title = [line for line in lines if line.startswith("--")][-1].removeprefix("-- ")
        sql = "\n".join(line for line in lines if not line.startswith("--"))
        found.append(pytest.param(sql, title.endswith("; rows"), id=title.removesuffix("; rows")))
    return found


@pytest.mark.parametrize(("statement", "has_rows"), statements())
def test_tools_find_their_way_around(connection, statement, has_rows):
    rows = connection.execute(statement.encode()).fetchall()
    assert bool(rows) or not has_rows


def examples() -> list:
    """Every statement of the page for users."""
    page = (ROOT / "docs/book/sql.md").read_text()
    return [block.split("```", 1)[0] for block in page.split("```sql\n")[1:]]


@pytest.mark.parametrize("statement", examples())
def test_the_examples_of_the_page_are_answered(connection, statement):
    connection.execute(statement.encode()).fetchall()


def psql(node, command: str) -> str:
    environment = os.environ | {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(node.postgres),
        "PGUSER": node.key["access_key_id"],
        "PGPASSWORD": node.key["access_key_secret"],
        "PGDATABASE": "cairn",
    }
    arguments = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", command]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), f"{command}: {done.stderr}"
    return done.stdout


def test_psql_asks_and_describes(sql_node):
    assert psql(sql_node, "SELECT count(*) FROM events WHERE servicename = 'Ecs'") == f"{EVENTS}\n"
    tables = [line.split("|")[:3] for line in psql(sql_node, r"\dt").splitlines()]
    assert tables == [
        ["audit-sql", "actiontrail_writes", "table"],
        ["public", "actiontrail_writes", "table"],
        ["public", "events", "table"],
    ]
    everywhere = [line.split("|")[:2] for line in psql(sql_node, r"\dt *.actiontrail_writes").splitlines()]
    assert everywhere == [["audit-sql", "actiontrail_writes"], ["public", "actiontrail_writes"]]
    columns = [line.split("|")[0] for line in psql(sql_node, r"\d events").splitlines()]
    assert columns[0] == "time" and {"eventname", "sourceipaddress", "event"} <= set(columns)
    assert "audit-sql" in psql(sql_node, r"\dn")
    assert "cairn" in psql(sql_node, r"\l")
    for command in (r"\d+ events", r"\dt+", r"\dn+", r"\dv", r"\di", r"\df"):
        psql(sql_node, command)


class TlsNode(Node):
    """A node that has a certificate from some start on."""

    has_certificate = False

    @property
    def url(self) -> str:
        return f"http{'s' if self.has_certificate else ''}://127.0.0.1:{self.port}"

    def use_certificate(self):
        self.has_certificate = True
        self.environment |= {
            "CAIRN_TLS_CERTIFICATE": str(TLS / "first.pem"),
            "CAIRN_TLS_KEY": str(TLS / "first.key"),
        }

    def is_ready(self) -> bool:
        trusting = ssl.create_default_context(cafile=TLS / "first-authority.pem") if self.has_certificate else None
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5, context=trusting) as reply:
                return reply.status == 200
        except OSError:
            return False


def test_a_password_goes_over_tls_only(binary, tmp_path):
    port, password = free_port(), "Correct-Horse-1"
    node = TlsNode(binary, tmp_path, {"CAIRN_POSTGRES_LISTEN": f"127.0.0.1:{port}"})
    node.postgres = port
    alice = f"alice@{node.key['account_id']}"
    try:
        root = root_key(node.start())
        for name, given in (
            ("CreateUser", {}),
            ("CreateLoginProfile", {"Password": password}),
            ("AttachPolicyToUser", {"PolicyType": "System", "PolicyName": "AliyunActionTrailReadOnlyAccess"}),
        ):
            reply = root.rpc(name, RAM_VERSION, UserName="alice", **given)
            assert reply.status == 200, reply.text
        with pytest.raises(psycopg.OperationalError, match="over TLS only"):
            connect(node, alice, password)
        node.stop()
        node.use_certificate()
        node.start()
        verified = {"sslmode": "verify-full", "sslrootcert": str(TLS / "first-authority.pem")}
        for user, secret in ((None, None), (alice, password)):
            with connect(node, user, secret, **verified) as connection:
                assert connection.pgconn.ssl_in_use
                assert connection.execute("SELECT count(*) > 0 FROM events").fetchone() == (True,)
        with connect(node, sslmode="disable") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="over TLS only"):
            connect(node, alice, password, sslmode="disable")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(node, alice, "Wrong-Horse-1", **verified)
        with pytest.raises(psycopg.OperationalError):
            connect(node, sslmode="verify-full", sslrootcert=str(TLS / "second-authority.pem"))
    finally:
        node.stop()


def cairn(node, *arguments, extra=(), code=0) -> subprocess.CompletedProcess:
    """The command line, as the management account."""
    environment = node.environment | {
        "CAIRN_ENDPOINT": node.url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": node.key["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": node.key["access_key_secret"],
    }
    command = [node.binary, *arguments, *extra]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


COUNTS = "SELECT eventname, count(*) AS n FROM events WHERE servicename = 'Ecs' GROUP BY eventname ORDER BY eventname"


def test_the_command_line_prints_rows_in_each_form(sql_node, tmp_path):
    expected = [("CreateUser", 833), ("DeleteInstance", 833), ("DescribeInstances", 834)]
    table = cairn(sql_node, "sql", COUNTS).stdout.splitlines()
    assert [line.split() for line in table] == [["EVENTNAME", "N"]] + [[name, str(n)] for name, n in expected]
    rows = [json.loads(line) for line in cairn(sql_node, "sql", COUNTS, "--format", "json").stdout.splitlines()]
    assert [(row["eventname"], row["n"]) for row in rows] == expected
    rows = list(csv.reader(io.StringIO(cairn(sql_node, "sql", COUNTS, "--format", "csv").stdout)))
    assert rows == [["eventname", "n"]] + [[name, str(n)] for name, n in expected]
    file = tmp_path / "counts.parquet"
    cairn(sql_node, "sql", COUNTS, "--format", "parquet", "--file", str(file))
    assert file.read_bytes()[:4] == file.read_bytes()[-4:] == b"PAR1"


def test_the_query_language_on_the_command_line(sql_node):
    query = "serviceName: Ecs and eventName: CreateUser | select count(1) as n"
    assert cairn(sql_node, "query", query, "--format", "csv").stdout == "n\n833\n"
    found = cairn(sql_node, "query", "eventId: sql-17", "--format", "json").stdout.splitlines()
    assert [json.loads(json.loads(line)["event"])["eventId"] for line in found] == ["sql-17"]
    minute = ["--from", "2026-05-01T00:10:00Z", "--to", "2026-05-01T00:11:00Z"]
    assert cairn(sql_node, "query", "* | select count(1) as n", "--format", "csv", extra=minute).stdout == "n\n60\n"


def test_what_is_cut_short_or_wrong_is_said(sql_node):
    cut = cairn(sql_node, "sql", "SELECT eventid FROM events", "--rows", "10", "--format", "csv", code=2)
    assert len(cut.stdout.splitlines()) == 11
    assert "not all rows" in cut.stderr and "more than 10 rows" in cut.stderr
    wrong = cairn(sql_node, "sql", "SELECT eventname FROM events WHERE", code=1)
    assert wrong.stderr.splitlines()[1:3] == ["  SELECT eventname FROM events WHERE", " " * 36 + "^"]
    wrong = cairn(sql_node, "query", "eventName: (a", code=1)
    assert "^" in wrong.stderr
