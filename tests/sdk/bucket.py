"""A trail's bucket that is a folder: what its objects hold, and whether they are named by what they hold."""

import gzip
import hashlib
import json
import re
from collections import Counter
from pathlib import Path

OBJECT_KEY = re.compile(
    r"(?P<prefix>.*/)?AliyunLogs/Actiontrail/(?P<region>[a-z0-9-]+)/(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/"
    r"Actiontrail_(?P=region)_(?P=year)(?P=month)(?P=day)\d{6}_1002_(?P<count>\d+)_(?P<size>\d+)_(?P<md5>[0-9a-f]{32})\.gz"
)


class FolderBucket:
    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def objects(self) -> dict:
        """Key to uncompressed text. A file that is still being written has another name."""
        files = (path for path in self.folder.rglob("*.gz") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): gzip.decompress(path.read_bytes()) for path in files}

    def check_names(self, prefix: str | None = ""):
        """Each object is named by prefix (any, for None), region, day, count, size and MD5 of its text."""
        for key, text in self.objects().items():
            name = OBJECT_KEY.fullmatch(key)
            assert name, key
            assert prefix is None or (name["prefix"] or "") == prefix, key
            assert int(name["size"]) == len(text), key
            assert name["md5"] == hashlib.md5(text).hexdigest(), key
            events = json.loads(text)
            assert int(name["count"]) == len(events), key
            for event in events:
                assert event.get("isGlobal") in (True, "true") or event.get("acsRegion") in (name["region"], None), key

    def event_counts(self) -> Counter:
        """How often each eventId is there."""
        return Counter(event["eventId"] for text in self.objects().values() for event in json.loads(text))

    def events(self) -> dict:
        """eventId to the event's text with every key in its place, also one that occurs twice."""
        found = {}
        for text in self.objects().values():
            for pairs in json.loads(text, object_pairs_hook=Pairs, parse_int=str, parse_float=str):
                found[dict(pairs)["eventId"]] = pairs
        return found


class Pairs(tuple):
    """A JSON object as its pairs, in order."""


def pairs(line: bytes):
    return json.loads(line, object_pairs_hook=Pairs, parse_int=str, parse_float=str)
