"""ClickHouse for `cargo xtask bench`: one process that loads events and answers questions.

It is started with the folder of its data and told what to do in JSON lines on standard input; each gets one line back.
What is measured happens between two such lines: CPU time is this process's own, a question's time is that of the query
alone, its text made beforehand. The table is what a careful user would make for these questions; the reasons stand
beside each choice.
"""

import json
import os
import resource
import string
import sys
import time

import chdb

# The places where Cairn cuts a text into tokens: a request id is one token to both. ClickHouse's own default
# (splitByNonAlpha) makes more tokens of the same text: a third more CPU to insert and 13 bytes an event more.
SEPARATORS = " " + "".join(mark for mark in string.punctuation if mark not in "-_.")

# Attribute, column, type, and where in the event its value is. Values that repeat are LowCardinality, as ClickHouse
# advises; those of which an account may have many thousands are plain.
TEXTS = [
    ("EventId", "event_id", "String CODEC(ZSTD(1))", "eventId"),
    ("ServiceName", "service_name", "LowCardinality(String)", "serviceName"),
    ("EventName", "event_name", "LowCardinality(String)", "eventName"),
    ("User", "user_name", "String CODEC(ZSTD(1))", "userIdentity.userName"),
    ("EventRW", "event_rw", "LowCardinality(String)", "eventRW"),
    ("EventAccessKeyId", "access_key_id", "String CODEC(ZSTD(1))", "userIdentity.accessKeyId"),
    ("SensitiveAction", "sensitive_action", "LowCardinality(String)", "eventAttributes.SensitiveAction"),
    ("SourceIpAddress", "source_ip_address", "String CODEC(ZSTD(1))", "sourceIpAddress"),
    ("EventType", "event_type", "LowCardinality(String)", "eventType"),
    ("RoleName", "role_name", "LowCardinality(String)", "userIdentity.roleName"),
    ("PrincipalId", "principal_id", "String CODEC(ZSTD(1))", "userIdentity.principalId"),
    ("Region", "region", "LowCardinality(String)", "acsRegion"),
    ("ErrorCode", "error_code", "LowCardinality(String)", "errorCode"),
    ("UserType", "user_type", "LowCardinality(String)", "userIdentity.type"),
    ("EventCategory", "event_category", "LowCardinality(String)", "eventCategory"),
    ("IdentityAccountId", "identity_account_id", "LowCardinality(String)", "userIdentity.accountId"),
]
# `referencedResources` is left out: in the made-up events it repeats these two, so ClickHouse has less to do.
LISTS = [
    ("ResourceType", "resource_types", "Array(LowCardinality(String))", "resourceType"),
    ("ResourceName", "resource_names", "Array(String) CODEC(ZSTD(1))", "resourceName"),
]
IS = {attribute: f"{column} = {{}}" for attribute, column, _, _ in TEXTS}
IS |= {attribute: f"has({column}, {{}})" for attribute, column, _, _ in LISTS}
IS["RecipientAccountId"] = "account = {}"

# Nothing left to merge for this long means that merging has ended.
QUIET_SECONDS = 3.0


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def table(name: str) -> str:
    """The statement that makes the table.

    Granules of 1,024 rows instead of 8,192: a page of 50 events then unpacks an eighth of the JSON, which nearly
    halves the times of most questions and costs one byte in a hundred. A filter on the user costs next to nothing and
    finds a rare one. Event ids have a sharper filter than the default, so that long histories are not read in vain.
    """
    columns = [f"{column} {kind}" for _, column, kind, _ in TEXTS + LISTS]
    separators = ", ".join(map(quoted, SEPARATORS))
    return f"""
        CREATE TABLE {name} (
            account UInt64 CODEC(ZSTD(1)),
            event_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
            {", ".join(columns)},
            raw String CODEC(ZSTD(3)),
            INDEX event_ids event_id TYPE bloom_filter(0.001) GRANULARITY 1,
            INDEX resources resource_names TYPE bloom_filter GRANULARITY 1,
            INDEX access_keys access_key_id TYPE bloom_filter GRANULARITY 1,
            INDEX users user_name TYPE bloom_filter GRANULARITY 1,
            INDEX words raw TYPE text(tokenizer = splitByString([{separators}]))
        )
        ENGINE = MergeTree ORDER BY (account, event_time)
        SETTINGS index_granularity = 1024, old_parts_lifetime = 5"""


def tuple_type() -> str:
    """The type that one pass over an event's JSON gives, with the nested objects as tuples of their own."""
    fields = {"recipientAccountId": "String", "eventTime": "DateTime64(3, 'UTC')"}
    nested: dict[str, list[str]] = {}
    for _, _, _, path in TEXTS + LISTS:
        first, _, rest = path.partition(".")
        if rest:
            nested.setdefault(first, []).append(f"{rest} String")
        else:
            fields[first] = "String"
    fields |= {name: f"Tuple({', '.join(inner)})" for name, inner in nested.items()}
    return f"Tuple({', '.join(f'{name} {kind}' for name, kind in fields.items())})"


def insertion(name: str, file: str) -> str:
    """The statement that reads a file of NDJSON. Each event is parsed once, by ClickHouse's own JSON parser."""
    texts = [f"event.{path} AS {column}" for _, column, _, path in TEXTS]
    lists = [
        f"arrayFilter(x -> x != '', splitByRegexp('[;,]', event.{path})) AS {column}" for _, column, _, path in LISTS
    ]
    return f"""
        INSERT INTO {name}
        WITH JSONExtract(line, {quoted(tuple_type())}) AS event
        SELECT toUInt64(event.recipientAccountId), event.eventTime, {", ".join(texts + lists)}, line
        FROM file({quoted(file)}, LineAsString, 'line String')"""


def lookup(name: str, question: dict) -> str:
    """The query for a question, as the bench's Rust half writes it."""
    conditions = [
        f"account = {int(question['account'])}",
        f"event_time >= fromUnixTimestamp64Milli({int(question['from_ms'])}, 'UTC')",
        f"event_time <= fromUnixTimestamp64Milli({int(question['through_ms'])}, 'UTC')",
    ]
    conditions += [IS[attribute].format(quoted(value)) for attribute, value in question["is"]]
    conditions += [f"hasAllTokens(raw, {quoted(text)})" for text in question["text"]]
    order = "DESC" if question["newest_first"] else "ASC"
    return (
        f"SELECT raw FROM {name} WHERE {' AND '.join(conditions)} "
        f"ORDER BY event_time {order} LIMIT {int(question['limit'])}"
    )


class ClickHouse:
    def __init__(self, folder: str):
        self.connection = chdb.connect(folder)
        self.sql("CREATE DATABASE IF NOT EXISTS bench")
        if not self.number("SELECT count() FROM system.tables WHERE database = 'bench' AND name = 'events'"):
            self.sql(table("bench.events"))
            self.sql(table("bench.warmup"))

    def sql(self, statement: str) -> bytes:
        return self.connection.query(statement, "LineAsString").bytes()

    def number(self, statement: str) -> int:
        return int(self.sql(statement).decode() or 0)

    def load(self, request: dict) -> dict:
        started = time.perf_counter()
        self.sql(insertion("bench.events", request["file"]))
        return {"seconds": time.perf_counter() - started}

    def load_warmup(self, request: dict) -> dict:
        """A few events in a table of their own, so that a cold question is not the process's first query."""
        self.sql(insertion("bench.warmup", request["file"]))
        return {}

    def settle(self, _: dict) -> dict:
        """Waits until the merges that ClickHouse starts by itself are over."""
        state = "SELECT concat(toString(count()), ' ', toString((SELECT count() FROM system.merges))) FROM system.parts"
        last, since = None, time.monotonic()
        while True:
            now = self.sql(f"{state} WHERE database = 'bench' AND table = 'events' AND active").decode().strip()
            if now != last or not now.endswith(" 0"):
                last, since = now, time.monotonic()
            elif time.monotonic() - since >= QUIET_SECONDS:
                return {}
            time.sleep(0.5)

    def optimize(self, _: dict) -> dict:
        self.sql("OPTIMIZE TABLE bench.events FINAL")
        return {}

    def figures(self, _: dict) -> dict:
        used = resource.getrusage(resource.RUSAGE_SELF)
        of_parts = "FROM system.parts WHERE database = 'bench' AND table = 'events' AND active"
        index = "SELECT sum(data_compressed_bytes) FROM system.data_skipping_indices WHERE table = 'events'"
        return {
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "events": self.number(f"SELECT sum(rows) {of_parts}"),
            "parts": self.number(f"SELECT count() {of_parts}"),
            "disk_bytes": self.number(f"SELECT sum(bytes_on_disk) {of_parts}"),
            "index_bytes": self.number(index),
        }

    def ask(self, request: dict) -> dict:
        query = lookup(f"bench.{request['table']}", request)
        started = time.perf_counter()
        page = self.connection.query(query, "LineAsString")
        seconds = time.perf_counter() - started
        return {"found": page.bytes().count(b"\n"), "seconds": seconds}

    def sql_rows(self, request: dict) -> dict:
        """Any statement; its rows as tab-separated text."""
        started = time.perf_counter()
        answer = self.connection.query(request["sql"], "TabSeparated")
        seconds = time.perf_counter() - started
        return {"rows": answer.bytes().decode().splitlines(), "seconds": seconds}


def main(folder: str):
    # ClickHouse may print; the answers keep the real standard output to themselves.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    clickhouse = ClickHouse(folder)
    work = {
        name: getattr(clickhouse, name)
        for name in ("load", "load_warmup", "settle", "optimize", "figures", "ask", "sql_rows")
    }
    print(json.dumps({"chdb": chdb.__version__, "clickhouse": chdb.engine_version}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "stop":
            break
        try:
            reply = work[request["do"]](request)
        except Exception as error:
            # The bench ends with this sentence; there is nobody else to tell.
            reply = {"error": str(error)}
        print(json.dumps(reply), file=answers)
    clickhouse.connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
