"""Sources of market data on this machine: real sockets, answers as the real hosts shape them."""

import http.server
import json
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from atlas.http import fetch
from atlas.outbound import OutboundPolicy
from execution.marketdata.asking import AskTerms, Source
from execution.marketdata.circuits import Circuits

QUICK = AskTerms(
    request_seconds=0.4,
    total_seconds=1.2,
    rounds=2,
    first_wait_seconds=0.01,
    longest_wait_seconds=0.02,
)


class Says:
    """One answer: status, headers and a body that is JSON unless it is bytes."""

    def __init__(self, body=b"", *, status=200, wait=0.0, cut=False, **headers):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.wait, self.cut = status, wait, cut
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *_):
        """Stay silent."""

    def date_time_string(self, timestamp=None):
        """Tell the clock of the test and not of the machine."""
        return super().date_time_string(self.server.time or timestamp)

    def do_GET(self):  # the name that the base looks for
        address = urlsplit(self.path)
        _, endpoint, *rest = address.path.split("/")
        path = "/" + "/".join(rest)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        self.server.seen.append((endpoint, path, query))
        said = self.server.answers.get((endpoint, path)) or self.server.answers.get(path)
        said = said(query) if callable(said) else said
        self.say(said or Says(b"nothing here", status=404))

    def say(self, said):
        time.sleep(said.wait)
        self.send_response(said.status)
        self.send_header("Content-Length", str(len(said.body)))
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.body[: len(said.body) // 2] if said.cut else said.body)
        self.close_connection = self.close_connection or said.cut


class Stub(http.server.ThreadingHTTPServer):
    """Answers by path, or by endpoint and path; remembers what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.seen, self.time = {}, [], None

    def handle_error(self, request, client_address):
        """Stay silent: clients of these tests hang up on purpose."""

    def asked(self, path):
        return [endpoint for endpoint, seen, _ in self.seen if seen == path]

    def source(self, name, *endpoints, terms=QUICK, circuits=None, wrap=None):
        """Make a source whose endpoints are folders of this server."""
        port = self.server_address[1]
        policy = OutboundPolicy.of([f"127.0.0.1:{port}"], private_addresses=True)
        send = partial(fetch, policy=policy)
        return Source(
            name,
            tuple(f"http://127.0.0.1:{port}/{one}" for one in endpoints or ("one", "two")),
            terms,
            fetch=wrap(send) if wrap else send,
            circuits=circuits or Circuits(per_second=1000, burst=1000),
        )


@contextmanager
def stub_server():
    server = Stub()
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
