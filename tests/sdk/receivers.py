"""Where notifications arrive: a real mail server, and a webhook receiver that fails, hangs and recovers."""

import email
import email.policy
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from node import free_port
from reference import ROOT

TLS = ROOT / "crates/node/tests/it/tls"
AUTHORITY = TLS / "first-authority.pem"
USER, PASSWORD = "audit", "the-password-of-the-mail-server"


class MailServer:
    """aiosmtpd on the loopback interface: STARTTLS and a password are required."""

    def __init__(self):
        self.messages = []
        # The controller calls itself once to see that it listens, so it must know the number.
        self.port = free_port()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "first.pem", TLS / "first.key")
        self.controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )

    async def handle_DATA(self, _server, session, envelope):
        assert session.ssl is not None, "a message came in the clear"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append((envelope.rcpt_tos, message))
        return "250 queued"

    def __enter__(self) -> "MailServer":
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()

    def to(self, address: str) -> list:
        return [message for recipients, message in list(self.messages) if address in recipients]


def authenticate(_server, _session, _envelope, _mechanism, data) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


class Receiver:
    """A webhook receiver. `behaviour` says how the next requests are answered, one after another: a status, or
    "hang" for longer than anybody waits; then 200 for ever."""

    def __init__(self, *behaviour):
        self.behaviour = list(behaviour)
        self.seen = []
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, headers: dict, body: bytes):
        with self.lock:
            how = self.behaviour.pop(0) if self.behaviour else 200
            self.seen.append((how, headers, json.loads(body)))
            return how

    def taken(self) -> list:
        """(notification id, body) of what was answered with 200."""
        return [(headers["x-cairn-notification"], body) for how, headers, body in list(self.seen) if how == 200]


def handler(receiver: Receiver) -> type:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            headers = {name.lower(): value for name, value in self.headers.items()}
            how = receiver.answer(headers, self.rfile.read(int(headers["content-length"])))
            if how == "hang":
                time.sleep(8)
                return
            self.send_response(how)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler
