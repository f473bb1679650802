"""Calls made by hand: both signature schemes from the published description, for what the SDKs do not send.

`Key` signs; a `Call` can be changed after signing and sent twice, which is what a forger would do.
"""

import base64
import hashlib
import hmac
import http.client
import json
import urllib.parse
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

CAIRN_VERSION = "2026-11-21"
TRAIL_VERSION = "2020-07-06"
RAM_VERSION = "2015-05-01"


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Call:
    """A signed request, ready to be sent any number of times."""

    port: int
    method: str
    path: str
    query: str
    headers: dict = field(default_factory=dict)
    body: bytes = b""

    def send(self, timeout: float = 60.0) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            target = self.path + ("?" + self.query if self.query else "")
            try:
                connection.request(self.method, target, body=self.body, headers=self.headers)
            except BrokenPipeError:
                # A body that is too large is refused before it is read; the answer is there to be read.
                pass
            reply = connection.getresponse()
            headers = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, headers, reply.read())
        finally:
            connection.close()


@dataclass
class Key:
    """An access key and the node it is for; a temporary one has a security token."""

    port: int
    id: str
    secret: str
    token: str = ""

    def acs3(self, method, path, params, action, version, headers=None, body=b"", at=None, nonce=None) -> Call:
        """Signed with ACS3-HMAC-SHA256, everything in the headers."""
        query = "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(params.items()))
        digest = hashlib.sha256(body).hexdigest()
        signed = {name.lower(): value for name, value in (headers or {}).items()} | {
            "host": f"127.0.0.1:{self.port}",
            "x-acs-action": action,
            "x-acs-version": version,
            "x-acs-date": stamp(at),
            "x-acs-signature-nonce": nonce or uuid.uuid4().hex,
            "x-acs-content-sha256": digest,
        }
        signed |= {"x-acs-security-token": self.token} if self.token else {}
        names = sorted(name for name in signed if name in ("host", "content-type") or name.startswith("x-acs-"))
        lines = "".join(f"{name}:{signed[name]}\n" for name in names)
        canonical = "\n".join([method, path, query, lines, ";".join(names), digest])
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.new(self.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        credential = f"Credential={self.id},SignedHeaders={';'.join(names)},Signature={signature}"
        signed["authorization"] = "ACS3-HMAC-SHA256 " + credential
        return Call(self.port, method, path, query, signed, body)

    def legacy(self, method, params, action, version, in_body=(), at=None, nonce=None) -> Call:
        """Signed with HMAC-SHA1, everything in parameters; those named in `in_body` go into a form."""
        every = {name: str(value) for name, value in params.items()} | {
            "AccessKeyId": self.id,
            "Action": action,
            "Version": version,
            "Timestamp": stamp(at),
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": nonce or uuid.uuid4().hex,
        }
        every |= {"SecurityToken": self.token} if self.token else {}
        canonical = "&".join(f"{encode(name)}={encode(every[name])}" for name in sorted(every))
        to_sign = f"{method}&%2F&{encode(canonical)}"
        digest = hmac.new((self.secret + "&").encode(), to_sign.encode(), hashlib.sha1).digest()
        every["Signature"] = base64.b64encode(digest).decode()
        form = {name: every.pop(name) for name in in_body}
        headers = {"content-type": "application/x-www-form-urlencoded"} if form else {}
        body = urllib.parse.urlencode(form).encode()
        return Call(self.port, method, "/", urllib.parse.urlencode(every), headers, body)

    def rpc(self, action: str, version: str, **params) -> Reply:
        params = {name: str(value) for name, value in params.items()}
        return self.acs3("POST", "/", params, action, version).send()

    def cairn(self, action: str, **params) -> dict:
        """One of Cairn's own operations, which must succeed."""
        reply = self.rpc(action, CAIRN_VERSION, **params)
        assert reply.status == 200, reply.text
        return reply.json

    def sign_in(self, **form) -> Reply:
        """A sign-in at this key's node; the key itself is not used."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return Call(self.port, "POST", "/v1/signin", "", headers, urllib.parse.urlencode(form).encode()).send()

    def put(self, body: bytes, content_type="application/x-ndjson", encoding=None, account=None) -> Reply:
        headers = {"content-type": content_type} | ({"content-encoding": encoding} if encoding else {})
        params = {"account": account} if account else {}
        return self.acs3("POST", "/v1/events", params, "PutEvents", CAIRN_VERSION, headers, body).send()

    def put_lines(self, lines, account=None) -> dict:
        """Puts events, which must be taken."""
        reply = self.put(b"\n".join(lines), account=account)
        assert reply.status == 200, reply.text
        assert reply.json["Refused"] == [], reply.json["Refused"][:3]
        return reply.json

    def search(self, **params) -> Reply:
        """One page of GET /v1/events."""
        params = {name: str(value) for name, value in params.items()}
        return self.acs3("GET", "/v1/events", params, "LookupEvents", TRAIL_VERSION).send()

    def search_all(self, **params) -> list:
        """Every page of GET /v1/events, 1,000 a page."""
        found, following = [], {}
        while True:
            reply = self.search(limit=1000, **params, **following)
            assert reply.status == 200, reply.text
            found += reply.json["Events"]
            if not reply.json.get("NextToken"):
                return found
            following = {"next": reply.json["NextToken"]}


def encode(text) -> str:
    return urllib.parse.quote(str(text), safe="~")


def stamp(at: datetime | None = None) -> str:
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(**distance) -> datetime:
    return datetime.now(UTC) - timedelta(**distance)
