"""Outbound HTTP against a real local server: what is sent, how long it may take, how much come."""

import io
import socket
import time

import pytest

from atlas import http as client
from atlas.domain.errors import DomainRefusal, Temporary
from atlas.outbound import OutboundPolicy
from tests.ground.outbound_world import address, rules, served

KEY = "v3-0123456789abcdef-key"


@pytest.fixture
def server():
    with served() as running:
        yield running


def fetch(server, path="/hello", **options):
    options.setdefault("policy", rules(server))
    return client.fetch(address(server, path), **options)


def test_an_answer_has_status_headers_and_body(server):
    answer = fetch(server)
    assert (answer.status, answer.headers["x-kind"]) == (200, "Plain")
    assert answer.require_success().json() == {"hello": ""}


def test_a_body_and_headers_are_sent_and_no_compression_is_asked_for(server):
    answer = fetch(server, method="POST", body=b"you", headers={"X-Api-Key": KEY})
    assert answer.json() == {"hello": "you"}
    method, _, headers = server.seen[0]
    assert (method, headers["x-api-key"], headers["accept-encoding"]) == ("POST", KEY, "identity")
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, DomainRefusal), (400, DomainRefusal), (302, DomainRefusal)]
    + [(status, Temporary) for status in (408, 429, 500, 502, 503, 504)],
)
def test_a_status_is_an_error_by_what_to_do_next(server, status, error):
    answer = fetch(server, f"/status/{status}?key={KEY}")
    assert answer.status == status
    with pytest.raises(error, match=str(status)) as refused:
        answer.require_success()
    assert KEY not in refused.value.message


def test_what_is_no_json_is_refused(server):
    with pytest.raises(DomainRefusal, match="no JSON"):
        fetch(server, "/status/200").json()


def test_the_cap_stops_a_long_answer_while_it_comes_in(server):
    with pytest.raises(DomainRefusal, match="more than 50,000 bytes") as refused:
        fetch(server, "/big", max_bytes=50_000)
    assert refused.value.code == "answer_too_large"
    assert len(fetch(server, "/big", max_bytes=10_000_000).body) == 10_000_000


@pytest.mark.parametrize("path", ["/silence", "/drip", "/header_drip"])
def test_the_deadline_holds_for_the_whole_request_however_slowly_it_drips(server, path):
    began = time.monotonic()
    with pytest.raises(Temporary, match="in time"):
        fetch(server, path, timeout_seconds=0.5)
    assert time.monotonic() - began < 1.5


def test_a_compressed_answer_is_refused(server):
    with pytest.raises(DomainRefusal, match="compressed"):
        fetch(server, "/gzip")


def test_a_connection_that_breaks_is_temporary(server):
    with pytest.raises(Temporary, match="failed"):
        fetch(server, "/cut")


def test_a_port_that_nobody_listens_on_is_temporary():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    policy = OutboundPolicy.of([f"127.0.0.1:{port}"], private_addresses=True)
    with pytest.raises(Temporary, match=r"127\.0\.0\.1 failed"):
        client.fetch(f"http://127.0.0.1:{port}/{KEY}", policy=policy)


def test_the_proxies_of_the_process_have_no_say(server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(server).status == 200


def test_a_success_goes_into_the_sink_and_never_into_memory_as_a_whole(server):
    sink = io.BytesIO()
    answer = fetch(server, "/big", sink=sink, max_bytes=10_000_000)
    assert (answer.status, answer.body) == (200, b"")
    assert sink.getvalue() == b"x" * 10_000_000


def test_what_is_no_success_stays_out_of_the_sink(server):
    sink = io.BytesIO()
    assert fetch(server, "/status/404", sink=sink).body == b"words"
    assert fetch(server, "/to?to=/status/503", sink=sink).status == 503
    assert sink.getvalue() == b""


def test_a_sink_takes_no_more_than_the_cap(server):
    sink = io.BytesIO()
    with pytest.raises(DomainRefusal) as refused:
        fetch(server, "/big", sink=sink, max_bytes=50_000)
    assert refused.value.code == "answer_too_large"
    assert len(sink.getvalue()) <= 50_000
