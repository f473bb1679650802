"""A node under test: a data folder, a port, a process that always ends."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

# A start on an empty or a crashed data folder takes a second or two, on a busy machine a few more.
READY_SECONDS = 60
STOP_SECONDS = 30


class Node:
    """Starts, stops, kills and restarts `cairn serve` on one data folder."""

    def __init__(self, binary: Path, folder: Path, settings: dict | None = None):
        self.binary = binary
        self.data = folder / "data"
        self.log_path = folder / "cairn.log"
        self.port = free_port()
        self.process = None
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CAIRN_")}
        self.environment = inherited | {
            "CAIRN_HISTORY_DAYS": "0",
            # Objects close after a second, so that a test does not wait for a minute.
            "CAIRN_DELIVERY_AGE_SECONDS": "1",
            "CAIRN_LOG_FORMAT": "json",
            # One port for all nodes would be taken by the first.
            "CAIRN_POSTGRES_LISTEN": "",
        }
        self.environment |= settings or {}
        self.key = self.initialise()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def initialise(self) -> dict:
        """`cairn init`: the management account and its key."""
        arguments = [self.binary, "init", "--data", self.data, "--json"]
        done = subprocess.run(arguments, capture_output=True, text=True, env=self.environment, timeout=READY_SECONDS)
        assert done.returncode == 0, f"cairn init failed:\n{done.stdout}\n{done.stderr}"
        key = json.loads(done.stdout)
        assert set(key) >= {"account_id", "access_key_id", "access_key_secret"}, key
        return key

    def start(self) -> "Node":
        arguments = [self.binary, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            assert self.process.poll() is None, f"cairn ended with {self.process.returncode}:\n{self.log_tail()}"
            assert time.monotonic() < deadline, f"cairn is not ready after {READY_SECONDS} s:\n{self.log_tail()}"
            time.sleep(0.05)
        return self

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as reply:
                return reply.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self):
        """`kill -9`: no chance to write anything more."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=STOP_SECONDS)

    def stop(self):
        """Asks it to end and sees that it does."""
        if self.process is None:
            return
        if self.process.poll() is not None:
            assert self.process.returncode == -signal.SIGKILL, f"cairn ended by itself:\n{self.log_tail()}"
            return
        self.process.terminate()
        try:
            code = self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"cairn did not end within {STOP_SECONDS} s:\n{self.log_tail()}") from None
        assert code == 0, f"cairn ended with {code}:\n{self.log_tail()}"

    def log_tail(self) -> str:
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return "\n".join(text.splitlines()[-40:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(found, what: str, seconds: float = 60.0):
    """Asks until the answer is true and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.1)
