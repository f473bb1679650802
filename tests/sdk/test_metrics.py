"""The metrics of a running node, read by Prometheus' own tool."""

import os
import subprocess
import urllib.request


def metrics(node, accept: str) -> bytes:
    request = urllib.request.Request(f"{node.url}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return reply.read()


def test_promtool_finds_nothing_to_say(node, root):
    root.put(b'{"eventId":"refused"}')
    root.search(EventId="none")
    text = metrics(node, "text/plain")
    assert b"cairn_gateway_events_refused_total{" in text
    promtool = os.environ.get("CAIRN_TEST_PROMTOOL", "promtool")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
