"""A real S3 server, for buckets elsewhere."""

import os
import socket
import subprocess
import time
from pathlib import Path

from node import free_port
from reference import ROOT

START_SECONDS = 30


class S3Server:
    """s3s-fs: a bucket is a folder below its own, an object a file."""

    def __init__(self, folder: Path):
        self.program = Path(os.environ.get("CAIRN_TEST_S3S", ROOT / "target/tools/bin/s3s-fs"))
        assert self.program.is_file(), f"{self.program} is missing; `cargo xtask test` installs it"
        self.folder = folder
        self.port = free_port()
        self.process = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        arguments = ["--host", "127.0.0.1", "--port", str(self.port), "--access-key", "KEYID", "--secret-key", "SECRET"]
        self.process = subprocess.Popen(
            [self.program, *arguments, self.folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, "the S3 server ended"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < deadline, "the S3 server does not answer"
            time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
