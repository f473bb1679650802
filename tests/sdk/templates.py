"""The built-in alert rules, read from the release's data files, and what they should make of events: rows by DuckDB,
conditions and groups evaluated here. Nothing of Cairn's own evaluation is used.
"""

import json
import re
from dataclasses import dataclass

from oracle import Expected, SearchPart, cells, holds, seconds, text_of, value_at
from reference import ROOT

FOLDER = ROOT / "crates/alert/data/rules"
UNIT_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
# `cnt >= 5 && first_seen > __end_time__ - 1800`: what the templates use of the grammar.
COMPARISON = re.compile(r"(\w+) (>=|>|<) (\w+)(?: - (\d+))?$")


def duration(text: str) -> int:
    return int(text[:-1]) * UNIT_SECONDS[text[-1]]


@dataclass
class Template:
    """A rule as the data file has it, with its parameters' usual values."""

    id: str
    query: str
    window: int
    interval: int
    severity: int
    condition: str
    group: list

    @property
    def search(self) -> str:
        return self.query.split(" | ", 1)[0]

    @property
    def sql(self) -> str:
        """Empty for a plain search, whose rows are its events."""
        return self.query.partition(" | ")[2]


def templates() -> list:
    found = []
    for name in ("actiontrail.json", "cairn.json"):
        for data in json.loads((FOLDER / name).read_text()):
            query, condition = data["query"], data.get("condition", "")
            for parameter, value in data.get("parameters", {}).items():
                query = query.replace("{{" + parameter + "}}", value)
                condition = condition.replace("{{" + parameter + "}}", value)
            window, interval = duration(data["window"]), duration(data["interval"])
            found.append(
                Template(data["id"], query, window, interval, data["severity"], condition, data.get("group", []))
            )
    assert len(found) > 80
    return found


def passes(condition: str, row: dict, end: int) -> bool:
    """Whether a row meets a condition; what is no number meets no comparison."""
    for part in condition.split(" && ") if condition else []:
        left, sign, right, less = COMPARISON.match(part).groups()
        try:
            values = [end if name == "__end_time__" else float(row.get(name, name)) for name in (left, right)]
        except (TypeError, ValueError):
            return False
        values[1] -= int(less or 0)
        if not {">=": values[0] >= values[1], ">": values[0] > values[1], "<": values[0] < values[1]}[sign]:
            return False
    return True


class Firing:
    """Which alerts of a template fire at which instants."""

    def __init__(self, template: Template, events: list):
        self.template = template
        tree = SearchPart(template.search).tree
        self.found = sorted((event for event in events if holds(tree, event)), key=seconds)

    def groups(self, instant: int) -> set:
        """The labels of the groups that meet the condition, for a run at this second."""
        template = self.template
        events = [event for event in self.found if instant - template.window <= seconds(event) < instant]
        if not template.sql:
            return {tuple((path, text_of(value_at(event, path)) or "") for path in template.group) for event in events}
        rows = Expected(template.sql, events).rows if events or not template.group else []
        passing = [row for row in rows if passes(template.condition, row, instant)]
        return {tuple((name, cells(row[name])[0]) for name in template.group) for row in passing}

    def incidents(self, start: int, end: int) -> list:
        """Each alert of a range's runs: labels, first fire, end or none, number of runs."""
        open_, closed = {}, []
        first = (start // self.template.interval + 1) * self.template.interval
        for instant in range(first, end + 1, self.template.interval):
            firing = self.groups(instant)
            for labels in firing:
                fired, runs = open_.get(labels, (instant, 0))
                open_[labels] = (fired, runs + 1)
            for labels in [labels for labels in open_ if labels not in firing]:
                closed.append((labels, open_[labels][0], instant, open_.pop(labels)[1]))
        return closed + [(labels, fired, None, runs) for labels, (fired, runs) in open_.items()]
