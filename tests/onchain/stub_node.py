"""A node of a make-believe chain on loopback, with the bad manners that real nodes have."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from onchain.rpc.endpoints import EndpointConfig

CHAIN = 31337
ADDRESS = "0x" + "aa" * 20
Answer = Callable[["Node", list[Any]], Any]


@dataclass
class Failure(Exception):  # it is what a node says, no error of ours
    """A JSON-RPC error that a node answers with."""

    code: int
    message: str
    data: Any = None


@dataclass
class Raw(Exception):  # it is what a node says, no error of ours
    """An HTTP answer that a node gives instead of JSON-RPC."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Node:
    """One node: its chain, its head, and what it answers; `seen` counts what it was asked."""

    def __init__(self, name="stub", *, chain_id=CHAIN, head=100, fork=0):
        self.name = name
        self.chain_id = chain_id
        self.head = head
        self.fork = fork
        self.fork_from = 0
        self.logs: list[dict[str, Any]] = []
        self.answers: dict[str, Answer] = {}
        self.seen: list[str] = []
        self.port = 0
        self.age_seconds = 0.0
        self.clock_seconds = time.time()

    def hash_of(self, number: int) -> str:
        """Give the hash of the block at a height; a fork has others from its root on."""
        fork = self.fork if number >= self.fork_from else 0
        return f"0x{fork:032x}{number:032x}"

    def block(self, number: int) -> dict[str, Any] | None:
        """Give a block, or nothing beyond the head."""
        if not 0 <= number <= self.head:
            return None
        return {
            "number": hex(number),
            "hash": self.hash_of(number),
            "parentHash": self.hash_of(number - 1) if number else "0x" + "00" * 32,
            "timestamp": hex(int(self.clock_seconds - self.age_seconds)),
        }

    def answer(self, method: str, params: list[Any]) -> Any:
        """Answer one question."""
        self.seen.append(method)
        if method in self.answers:
            return self.answers[method](self, params)
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_getBlockByNumber":
            return self.block(self.head if params[0] == "latest" else int(params[0], 16))
        if method == "eth_getLogs":
            first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
            return [one for one in self.logs if first <= int(one["blockNumber"], 16) <= last]
        self.require_block(params[1])
        return "0x" + f"{7:064x}"

    def require_block(self, where: dict[str, Any]) -> None:
        """Refuse a block that is not this node's, as real ones do."""
        number = int(where["blockHash"][-32:], 16)
        if number > self.head or self.hash_of(number) != where["blockHash"]:
            raise Failure(-32000, "header not found")

    def add_log(self, number: int, index: int, *, data="0x01", topic="0x" + "bb" * 32) -> None:
        """Put a log into a block."""
        self.logs.append(
            {
                "address": ADDRESS,
                "topics": [topic],
                "data": data,
                "blockNumber": hex(number),
                "blockHash": self.hash_of(number),
                "transactionHash": f"0x{number:064x}",
                "logIndex": hex(index),
                "removed": False,
            }
        )

    def config(self, **options: Any) -> EndpointConfig:
        """Say how to reach it."""
        options.setdefault("requests_per_second", 10_000)
        return EndpointConfig(name=self.name, url=f"http://127.0.0.1:{self.port}/v3/key", **options)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Speak JSON-RPC, or what the node says instead."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: Any) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        """Answer one request."""
        question = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            result = self.server.node.answer(question["method"], question["params"])
            self._send(
                200, orjson.dumps({"jsonrpc": "2.0", "id": question["id"], "result": result})
            )
        except Failure as failure:
            error = {"code": failure.code, "message": failure.message, "data": failure.data}
            self._send(200, orjson.dumps({"jsonrpc": "2.0", "id": question["id"], "error": error}))
        except Raw as raw:
            self._send(raw.status, raw.body, raw.headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send one answer and close."""
        self.close_connection = True
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            return  # whoever asked has gone


class _Server(http.server.ThreadingHTTPServer):
    """Serve one node."""

    daemon_threads = True
    block_on_close = False
    node: Node


@contextmanager
def served(*nodes: Node) -> Iterator[tuple[Node, ...]]:
    """Let nodes run for the time of a test."""
    servers = []
    began = time.time()  # one clock for all, so that nodes of one chain give equal blocks
    for node in nodes:
        node.clock_seconds = began
        server = _Server(("127.0.0.1", 0), _Handler)
        server.node = node
        node.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        servers.append(server)
    try:
        yield nodes
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def refusing(code: int, message: str, data: Any = None) -> Answer:
    """Make an answer that is a JSON-RPC error."""

    def answer(_node: Node, _params: list[Any]) -> Any:
        raise Failure(code, message, data)

    return answer


def saying(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Make an answer that is plain HTTP."""

    def answer(_node: Node, _params: list[Any]) -> Any:
        raise Raw(status, body, {name.replace("_", "-"): text for name, text in headers.items()})

    return answer


def hanging(seconds: float) -> Answer:
    """Make an answer that comes too late."""

    def answer(_node: Node, _params: list[Any]) -> Any:
        time.sleep(seconds)
        return "0x1"

    return answer
