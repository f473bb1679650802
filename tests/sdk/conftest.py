"""Nodes for the tests: started on a free port of the loopback interface and a fresh folder, stopped always."""

import os
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bucket import FolderBucket
from calls import Key
from clients import SDKS
from node import Node
from reference import ROOT

# The SDKs would ask a proxy for 127.0.0.1 otherwise.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


@pytest.fixture(scope="session")
def binary() -> Path:
    path = Path(os.environ.get("CAIRN_BIN", ROOT / "target/debug/cairn"))
    assert path.is_file(), f"{path} is missing; run `cargo build` or name the binary in CAIRN_BIN"
    return path


# Nodes that run now: the end of their log goes into the report of a test that fails.
RUNNING = []


@contextmanager
def running(binary: Path, folder: Path, settings: dict | None = None):
    node = Node(binary, folder, settings)
    RUNNING.append(node)
    try:
        yield node.start()
    finally:
        RUNNING.remove(node)
        node.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.sections += [(str(node.log_path), node.log_tail()) for node in RUNNING]
    return report


@pytest.fixture
def start_node(binary, tmp_path):
    """Starts a node with settings of the test's own, in the environment."""
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(running(binary, tmp_path, settings))


@pytest.fixture(scope="module")
def node(binary, tmp_path_factory):
    """One node for all tests of a file, which must not get in each other's way."""
    with running(binary, tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest.fixture(scope="module")
def root(node) -> Key:
    return root_key(node)


@pytest.fixture
def bucket(tmp_path) -> FolderBucket:
    return FolderBucket(tmp_path / "bucket")


@pytest.fixture(params=SDKS, ids=lambda sdk: sdk.name)
def sdk(request):
    """Each of the two SDKs, as a class to be made with a key."""
    return request.param


def root_key(node: Node) -> Key:
    return Key(node.port, node.key["access_key_id"], node.key["access_key_secret"])
