"""A trail into a project of Log Service elsewhere: what arrives is read with the official SDK's own code.

Log Service itself is not to be had here; a server of this file takes what is sent and refuses once before.
"""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aliyun.log.auth import make_auth
from aliyun.log.compress import lz_decompress
from aliyun.log.credentials import StaticCredentialsProvider
from aliyun.log.log_logs_pb2 import LogGroup

from clients import NewSdk
from conftest import root_key
from node import wait_until

KEY_ID, SECRET = "LTAI5tFarAway", "the-far-away-secret"
SIGNED = re.compile("x-log-|x-acs-|content-type$|host$")


class Recorder(ThreadingHTTPServer):
    """Refuses the first request and takes the rest."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []

    def events(self) -> list:
        groups = [group(headers, body) for status, _, headers, body in list(self.seen) if status == 200]
        return [json.loads(log.Contents[0].Value) for each in groups for log in each.Logs]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        status = 200 if self.server.seen else 403
        self.server.seen.append((status, self.path, headers, body))
        reply = b"" if status == 200 else b'{"errorCode":"Unauthorized","errorMessage":"not yet"}'
        self.send_response(status)
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass


def group(headers: dict, body: bytes) -> LogGroup:
    found = LogGroup()
    found.ParseFromString(lz_decompress(int(headers["x-log-bodyrawsize"]), body))
    return found


def expected_signature(path: str, headers: dict, body: bytes) -> str:
    """As the SDK would have signed this request."""
    auth = make_auth(StaticCredentialsProvider(KEY_ID, SECRET), "v4", "cn-hangzhou")
    signed = {name: value for name, value in headers.items() if SIGNED.match(name)}
    at = signed.pop("x-log-date")
    return auth._do_sign_request("POST", path, {}, signed, body, at)


@pytest.fixture
def recorder():
    server = Recorder()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_events_arrive_signed_and_as_they_were_sent(start_node, recorder):
    node = start_node(CAIRN_DELIVERY_RETRY_MAX_SECONDS="1")
    root = root_key(node)
    endpoint = f"http://127.0.0.1:{recorder.server_address[1]}"
    settings = {"Endpoint": endpoint, "AllowHttp": "true", "HostHeader": "true", "ProjectRegion": "cn-hangzhou"}
    key = {"ProjectAccessKeyId": KEY_ID, "ProjectAccessKeySecret": SECRET}
    root.cairn("CreateRemoteProject", Name="far-away", **settings, **key)
    trail = NewSdk(root)
    arn = f"acs:log:cn-hangzhou:{node.key['account_id']}:project/far-away"
    trail.call("CreateTrail", Name="main-trail", SlsProjectArn=arn, EventRW="All", TrailRegion="All")
    trail.call("StartLogging", Name="main-trail")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    sent = [{"eventId": f"far-{n}", "eventTime": now, "acsRegion": "cn-hangzhou", "ü": 2**60 + n} for n in range(500)]
    root.put_lines(json.dumps(event).encode() for event in sent)
    wanted = {event["eventId"]: event for event in sent}

    def arrived():
        found = {event["eventId"]: event for event in recorder.events()}
        return wanted.keys() <= found.keys() and found

    found = wait_until(arrived, "every event to arrive")
    assert {event_id: found[event_id] for event_id in wanted} == wanted
    for _, path, headers, body in recorder.seen:
        assert path == "/logstores/actiontrail_main-trail/shards/lb"
        assert headers["host"].startswith("far-away.127.0.0.1:")
        assert headers["authorization"] == expected_signature(path, headers, body)
        each = group(headers, body)
        assert each.Topic == "actiontrail_audit_event"
        assert {content.Key for log in each.Logs for content in log.Contents} == {"event"}
    status = trail.call("GetTrailStatus", Name="main-trail")
    assert (status["SlsLogStoreStatus"], status["LatestDeliveryLogServiceError"]) == (True, "")
