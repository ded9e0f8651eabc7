"""The world outside for the tests of outbound HTTP: a server with bad manners, a fickle resolver."""

import http.server
import socket
import threading
import time
from contextlib import contextmanager

from atlas.outbound import OutboundPolicy

REAL_LOOK_UP = socket.getaddrinfo


class Handler(http.server.BaseHTTPRequestHandler):
    """Answer by path; remember what was asked."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, *_):
        """Stay silent."""

    def handle_any(self):
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        action = self.path.strip("/").split("?")[0].split("/")[0] or "hello"
        getattr(self, f"answer_{action}")()

    do_GET = do_POST = do_HEAD = handle_any  # noqa: N815  # the names that the base looks for

    def send(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_hello(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.send(body=b'{"hello": "%s"}' % self.rfile.read(length), X_Kind="Plain")

    def answer_status(self):
        self.send(int(self.path.split("?")[0].split("/")[2]), b"words")

    def answer_big(self):
        self.send_response(200)
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b"x" * 10_000)
        self.close_connection = True

    def answer_drip(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        for _ in range(200):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.05)

    def answer_header_drip(self):
        self.close_connection = True
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 200:
            self.wfile.write(bytes([letter]))
            self.wfile.flush()
            time.sleep(0.05)

    def answer_silence(self):
        time.sleep(3)
        self.close_connection = True

    def answer_gzip(self):
        self.send(body=b"\x1f\x8b", Content_Encoding="gzip")

    def answer_cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def answer_to(self):
        self.send(302, Location=self.path.split("?to=")[1])

    def answer_loop(self):
        self.send(307, Location="/loop")

    def answer_nowhere(self):
        self.send(302)


class Server(http.server.ThreadingHTTPServer):
    """Serve on a free port of this machine; clients of these tests hang up on purpose."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def handle_error(self, request, client_address):
        """Stay silent."""


@contextmanager
def served(tls=None):
    """Run a server for a while."""
    server = Server()
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    ).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class Resolver:
    """A resolver whose answer changes from one look to the next, as a rebinding host's does."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host, port, *arguments, **options):
        if host[0].isdigit() or ":" in host:
            return REAL_LOOK_UP(host, port, *arguments, **options)  # an address stays itself
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]


def address(server, path="/hello", host="127.0.0.1"):
    return f"http://{host}:{server.server_port}{path}"


def rules(*servers, private=True, hosts=("127.0.0.1", "localhost")):
    listed = [f"{host}:{server.server_port}" for server in servers for host in hosts]
    return OutboundPolicy.of(listed, private_addresses=private)
