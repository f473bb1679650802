"""Log Service's official clients, unmodified, through the node as their HTTP proxy: no name has to resolve.

The endpoint's name begins with a region, as the real ones do; the project comes before it.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from alibabacloud_sls20201230.client import Client as TeaLogs
from alibabacloud_tea_openapi.utils_models import Config
from aliyun.log import LogClient

from calls import Key

REGION = "cn-hangzhou"
ENDPOINT = f"{REGION}.log.cairn.test"
VERSIONS = ["v1", "v4"]


@contextmanager
def through(port: int):
    """The node as the proxy of every client that asks the environment for one."""
    before = {name: os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY")}
    os.environ["http_proxy"] = os.environ["HTTP_PROXY"] = f"http://127.0.0.1:{port}"
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def log_client(key: Key, version: str = "v1") -> LogClient:
    """aliyun-log-python-sdk."""
    return LogClient(
        f"http://{ENDPOINT}", key.id, key.secret, securityToken=key.token or None, auth_version=version, region=REGION
    )


def tea_logs(key: Key) -> TeaLogs:
    """alibabacloud_sls20201230: v1 with SHA-256."""
    return TeaLogs(
        Config(
            access_key_id=key.id,
            access_key_secret=key.secret,
            security_token=key.token or None,
            region_id=REGION,
            endpoint=ENDPOINT,
            protocol="HTTP",
        )
    )


def cli(key: Key, *arguments: str) -> subprocess.CompletedProcess:
    """aliyun-log-cli."""
    command = [Path(sys.executable).parent / "aliyunlog", "log", *arguments]
    command += [f"--access-id={key.id}", f"--access-key={key.secret}", f"--region-endpoint=http://{ENDPOINT}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)
