"""The reference data beside the repository: published events and the counts a lookup must give."""

import gzip
import json
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"

# The hour and a half that the main job's events lie in; everything the node records about itself lies elsewhere.
INVICTUS_WINDOW = {"StartTime": "2023-07-10T11:00:00Z", "EndTime": "2023-07-10T12:59:59Z"}


@cache
def invictus_lines() -> tuple:
    """2,900 events of an account under attack, as they are sent."""
    return tuple(gzip_lines("data/actiontrail_shaped/invictus.ndjson.gz"))


@cache
def invictus_by_id() -> dict:
    return {json.loads(line)["eventId"]: line for line in invictus_lines()}


@cache
def invictus_oracle() -> dict:
    """Expected counts: attribute, or two joined by `+`, to value, or two joined by `|`, to count."""
    oracle = json.loads(needed("data/lookup_oracle/invictus.json").read_text())
    assert oracle["records"] == len(invictus_lines())
    return oracle["counts"]


def docs_shaped() -> list:
    """Events in several generations of the format, taken out of their wrapping."""
    return [json.loads(line)["event"] for line in gzip_lines("data/actiontrail/docs_shaped_A.ndjson.gz")]


def sample_texts() -> dict:
    """Published events, as the files have them: several lines each."""
    files = sorted(needed("reference/event-samples").glob("[0-9]*.json"))
    assert files
    return {file.name: file.read_text().strip() for file in files}


def gzip_lines(path: str) -> list:
    with gzip.open(needed(path), "rb") as lines:
        return [line.rstrip(b"\n") for line in lines if line.strip()]


def needed(path: str) -> Path:
    found = SHARED / path
    assert found.exists(), f"{found} is missing; put the reference data beside the repository"
    return found
