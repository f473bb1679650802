"""A Logstore full of known events, for tests that hold what it answers against an evaluation without Cairn."""

import json
from datetime import UTC, datetime

from aliyun.log import GetHistogramsRequest

from alerts import logstore_of_everything
from calls import Key
from logs import log_client, through
from node import Node, wait_until
from oracle import cells

# The main job's events; what the node records about itself lies elsewhere.
FROM, TO = (int(datetime(2023, 7, 10, hour, tzinfo=UTC).timestamp()) for hour in (11, 13))
EARLIEST = FROM - 90 * 86_400
PAGE = 100


def with_values(event: dict, values: dict) -> dict:
    """The event with each value at its path."""
    for path, value in values.items():
        inner = event
        *outer, last = path.split(".")
        for key in outer:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return event


def is_same(row: dict, expected: dict) -> bool:
    return row.keys() == expected.keys() and all(row[name] in cells(value) for name, value in expected.items())


class FilledLogstore:
    """The Logstore of a new trail of management events, when it shows everything that was put."""

    def __init__(self, node: Node, root: Key, project: str, trail: str, lines: list):
        self.port, self.project = node.port, project
        self.client = log_client(root)
        with through(self.port):
            self.name = logstore_of_everything(self.client, root, node.key["account_id"], project, trail)
        for start in range(0, len(lines), 500):
            root.put_lines(lines[start : start + 500])
        by_id = {}
        for line in lines:
            event = json.loads(line)
            by_id.setdefault(event["eventId"], event)
        # Each id once, as it was accepted. Category decides what the trail selects.
        self.events = [each for each in by_id.values() if each.get("eventCategory", "Management") == "Management"]
        wait_until(lambda: self.count("*", EARLIEST) == len(self.events), "every event is in the Logstore")

    def count(self, search: str, start: int = FROM) -> int:
        with through(self.port):
            reply = self.client.get_histograms(GetHistogramsRequest(self.project, self.name, start, TO, "", search))
        assert reply.is_completed()
        return reply.get_total_count()

    def rows(self, query: str, start: int = FROM, **page) -> list:
        with through(self.port):
            reply = self.client.get_log(self.project, self.name, start, TO, query=query, **page)
        assert reply.is_completed()
        return [log.get_contents() for log in reply.get_logs()]

    def ids(self, search: str, start: int = FROM) -> list:
        """Of every event found, page by page."""
        ids = []
        while True:
            page = self.rows(search, start, size=PAGE, offset=len(ids))
            ids += [json.loads(row["event"])["eventId"] for row in page]
            if len(page) < PAGE:
                return ids
