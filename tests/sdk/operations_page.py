"""The table of operations as a node shows it at `/docs/operations`: names, services, parameters."""

import re
import urllib.request
from dataclasses import dataclass

SERVICE = re.compile(r"^## (?P<name>\S+) (?P<version>\d{4}-\d\d-\d\d)$")
# Those of an older version have it behind their names.
OPERATION = re.compile(r"^### (?P<name>\w+)(?: \(\d{4}-\d\d-\d\d\))?$")
PARAMETER = re.compile(r"^\| `(?P<name>[\w.]+)` \| (?P<rule>.*?) \| .* \|$")


@dataclass(frozen=True)
class Parameter:
    name: str
    rule: str

    @property
    def is_required(self) -> bool:
        return self.rule.endswith("; required")

    @property
    def on_the_wire(self) -> str:
        return self.name.replace(".N", ".1")

    @property
    def wrong(self) -> str | None:
        """A value that breaks the rule, whatever it is: a control character, and longer than nearly all may be."""
        return None if "KiB" in self.rule or self.rule.startswith("a list") else "\a" + "~" * 3000


@dataclass(frozen=True)
class Operation:
    service: str
    version: str
    name: str
    parameters: tuple


def operations(port: int) -> list[Operation]:
    """Every RPC operation on the page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/docs/operations", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    found, service, version, name, parameters = [], None, None, None, []

    def close():
        if service and name:
            found.append(Operation(service, version, name, tuple(parameters)))

    for line in lines:
        if head := SERVICE.match(line) or OPERATION.match(line) or (line.startswith("## ") or None):
            close()
            name, parameters = None, []
            if head is True:
                service = None
            elif "version" in head.groupdict():
                service, version = head["name"], head["version"]
                if any(each.service == service for each in found):
                    # An older version of the service.
                    service += version[:4]
            else:
                name = head["name"]
        elif row := PARAMETER.match(line):
            parameters.append(Parameter(row["name"], row["rule"]))
    close()
    return found
