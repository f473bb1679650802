"""A node that cannot start says what failed, where, why, what to do, and a code that can be looked up."""

import json
import os
import resource
import socket
import sqlite3
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from calls import stamp
from conftest import root_key
from node import Node, wait_until
from reference import ROOT

PAGE = (ROOT / "docs/book/errors.md").read_text()


class Place:
    """A data folder, starts on it that succeed, and those that must not."""

    def __init__(self, binary: Path, folder: Path):
        self.binary, self.folder = binary, folder
        self.data = folder / "data"
        self.node = None

    @contextmanager
    def running(self, **settings):
        if self.node is None:
            self.node = Node(self.binary, self.folder)
        self.node.environment |= settings
        self.node.start()
        try:
            yield self.node
        finally:
            self.node.stop()

    def used(self):
        """Starts and stops: all is well."""
        with self.running():
            pass

    def refused(self, *arguments, listen="127.0.0.1:0", limit=None, says=(), **settings) -> str:
        """A start that must be refused; the code it gives."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CAIRN_")}
        command = [self.binary, "serve", "--data", self.data, "--listen", listen, *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            env=environment | settings,
            # Python ignores the signal of a file that grows too large; so does the child then, and sees the error.
            restore_signals=False,
            preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
        )
        text = done.stderr
        assert done.returncode == 1, f"{done.returncode}\n{done.stdout}\n{text}"
        assert "listening on" not in done.stdout and "panicked" not in text, text
        for each in says:
            assert each in text, f"{each!r} is not in\n{text}"
        lines = text.strip().splitlines()
        code = lines[-1].strip().removeprefix("code: ").removesuffix(" (docs/book/errors.md)")
        assert f"\n## {code}\n" in PAGE, text
        # Before the code stands what to do, after what failed.
        assert len(lines) >= 3 and len(lines[-2].strip()) > 20, text
        return code


@pytest.fixture
def place(binary, tmp_path) -> Place:
    return Place(binary, tmp_path)


def test_a_wrong_configuration(place, tmp_path):
    file = tmp_path / "cairn.toml"
    for text, says in [
        ("[history]\ndayz = 3\n", ["history.dayz", "no such setting; there are days", str(file)]),
        ("[history]\ndays = -1\n", ["history.days", "-1", str(file)]),
        ("[limits]\nconnections = 0\n", ["limits.connections", "at least 1", str(file)]),
        ("[history\n", [str(file)]),
        ('[tls]\ncertificate = "a.pem"\n', ["tls.key is needed"]),
    ]:
        file.write_text(text)
        assert place.refused("--config", file, says=["--check-config", *says]) == "config-invalid"
    says = ["CAIRN_LIMITS_REQUESTS", "many", "whole number"]
    assert place.refused(CAIRN_LIMITS_REQUESTS="many", says=says) == "config-invalid"
    assert place.refused("--config", tmp_path / "none.toml", says=["none.toml"]) == "config-invalid"
    assert not place.data.exists(), "nothing was started"


def test_a_certificate_that_cannot_be_used(place, tmp_path):
    pem = tmp_path / "tls.pem"
    pem.write_text("not a certificate")
    settings = {"CAIRN_TLS_CERTIFICATE": str(pem), "CAIRN_TLS_KEY": str(pem)}
    assert place.refused(says=[str(pem), "BEGIN CERTIFICATE"], **settings) == "tls-unusable"


def test_an_address_in_use(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert place.refused(listen=address, says=[address, "in use", "--listen"]) == "address-unavailable"
    assert not place.data.exists()


def test_a_folder_in_use(place):
    with place.running():
        assert place.refused(says=[str(place.data), "in use by another node"]) == "folder-in-use"


def test_a_folder_that_cannot_be_made(place, tmp_path):
    (tmp_path / "file").write_text("")
    place.data = tmp_path / "file" / "data"
    assert place.refused(says=[str(place.data), "Not a directory", "--data"]) == "folder-unusable"


def test_a_disk_that_takes_no_more(place):
    assert place.refused(limit=16, says=["master-key", "File too large", "Make room"]) == "disk-full"
    # Nothing half-written is in the way afterwards.
    place.used()


def test_the_master_key(place, tmp_path):
    place.used()
    key = place.data.with_name("data.master-key")
    kept = key.read_text()
    key.unlink()
    assert place.refused(says=[str(key), "missing", "backup", "CAIRN_MASTER_KEY"]) == "master-key-missing"
    key.write_text("c2hvcnQ=\n")
    assert place.refused(says=[str(key), "32 bytes in Base64"]) == "master-key-invalid"
    assert place.refused(CAIRN_MASTER_KEY="short", says=["CAIRN_MASTER_KEY", "32 bytes"]) == "master-key-invalid"
    key.write_text("A" * 43 + "=\n")
    assert place.refused(says=["cannot be opened with this master key"]) == "master-key-wrong"
    named = tmp_path / "elsewhere"
    settings = {"CAIRN_SECRETS_MASTER_KEY_FILE": str(named)}
    assert place.refused(says=[str(named), "No such file"], **settings) == "master-key-invalid"
    key.write_text(kept)
    place.used()


def test_a_catalog_of_a_newer_version(place):
    place.used()
    with sqlite3.connect(place.data / "catalog.sqlite") as catalog:
        catalog.execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)"
            " VALUES (4711, 'from the future', 1, x'00', 0)"
        )
    catalog.close()
    assert place.refused(says=["catalog.sqlite", "newer version", "4711", "backup"]) == "catalog-newer"


def test_a_catalog_that_is_none(place):
    place.used()
    for path in place.data.glob("catalog.sqlite*"):
        path.write_bytes(b"not a database" * 1000)
    assert place.refused(says=["catalog.sqlite", "not a database"]) == "catalog-unusable"


def put(node: Node, *ids: str):
    for event_id in ids:
        event = {"eventId": event_id, "eventTime": stamp(), "eventName": "Made"}
        root_key(node).put_lines([json.dumps(event).encode()])


def test_a_damaged_journal(place):
    with place.running() as node:
        put(node, "first-event", "second-event")
        node.kill()
    journal = next(path for path in (place.data / "journal").glob("*.journal") if b"first-event" in path.read_bytes())
    whole = journal.read_bytes()
    damaged = whole.replace(b"first-event", b"First-event")
    journal.write_bytes(damaged)
    says = [str(journal), "damaged at byte", "Nothing was changed", "backup"]
    assert place.refused(says=says) == "journal-damaged"
    assert journal.read_bytes() == damaged, "nothing was changed"
    journal.write_bytes(whole)
    with place.running() as node:
        assert "first-event" in root_key(node).search(EventName="Made").text


def test_a_missing_segment(place):
    segments = place.data / "segments"
    with place.running(CAIRN_STORE_RECENT_AGE_SECONDS="1") as node:
        put(node, "an-event")
        wait_until(lambda: any(segments.glob("*.index")), "there is a segment")
    index = next(segments.glob("*.index"))
    kept = index.read_bytes()
    index.unlink()
    assert place.refused(says=[index.name, "No such file", "backup"]) == "segment-damaged"
    index.write_bytes(kept[:100])
    assert place.refused(says=[index.name, "damaged", "backup"]) == "segment-damaged"
    index.write_bytes(kept)
    place.used()
