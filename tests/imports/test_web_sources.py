"""Exports from an address of the web: asked for once a version, capped, and never from inside."""

import http.server
import json
import socket
import threading
from contextlib import contextmanager

import pytest

from atlas.domain.errors import DomainRefusal, NeedsHuman, Temporary
from imports.credentials import parse_credentials
from imports.models import FetchedObject, ImportRun
from strategies.models import Strategy
from tests.ground.outbound_world import Resolver
from tests.imports.builders import document, point, strategy
from tests.imports.source_world import alerts, fetch_now, make_source, states

pytestmark = pytest.mark.django_db

TOKEN = "Bearer tests-0123456789abcdef"


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives the host's one file as a static file server would."""

    server: "Host"

    def do_GET(self):  # the name that the base looks for
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        if self.path.startswith("/to"):
            self.answer(302, b"", Location=self.server.target)
        elif self.server.etag and self.headers.get("If-None-Match") == self.server.etag:
            self.answer(304, b"")
        else:
            told = {"ETag": self.server.etag} if self.server.etag else {}
            self.answer(self.server.status, self.server.content, **told)

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # noqa: A002  # the base's own name
        """Stay silent."""


class Host(http.server.ThreadingHTTPServer):
    """A host with one export."""

    daemon_threads = True
    block_on_close = False
    status = 200
    etag = '"v1"'
    target = "/"

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = json.dumps(document()).encode()
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_error(self, request, client_address):
        """Stay silent."""

    def url(self, path="/export.json", host="127.0.0.1"):
        return f"http://{host}:{self.server_port}{path}"


@contextmanager
def hosting():
    host = Host()
    threading.Thread(target=host.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield host
    finally:
        host.shutdown()
        host.server_close()


@pytest.fixture
def host(settings):
    with hosting() as running:
        settings.ATLAS_OUTBOUND_ALLOW = [f"127.0.0.1:{running.server_port}"]
        settings.ATLAS_OUTBOUND_ALLOW_PRIVATE = True
        yield running


@pytest.fixture
def store(world):
    return world.store


def test_an_export_is_downloaded_and_asked_for_once_a_version(host, store):
    source = make_source("http", host.url())
    (one,) = fetch_now(source, store)
    assert (one.name, states([one])) == ("export.json", ["APPLIED"])
    known = FetchedObject.objects.get()
    assert (known.name, known.etag) == (host.url(), '"v1"')
    assert known.run == ImportRun.objects.get()
    assert fetch_now(source, store) == []
    assert [headers.get("if-none-match") for _, headers in host.seen] == [None, '"v1"']
    host.etag, host.content = '"v2"', json.dumps(document(mode="delta")).encode()
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert FetchedObject.objects.get().etag == '"v2"'


def test_a_host_without_versions_is_asked_each_time_and_makes_no_second_run(host, store):
    host.etag = ""
    source = make_source("http", host.url())
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert fetch_now(source, store) == []
    assert len(host.seen) == 2
    assert ImportRun.objects.count() == 1


def test_a_file_that_was_turned_down_is_not_turned_down_with_each_look(host, store):
    host.content = b"{"
    source = make_source("http", host.url())
    assert states(fetch_now(source, store)) == ["REJECTED"]
    assert fetch_now(source, store) == []
    host.etag = ""
    assert fetch_now(source, store) == []
    assert alerts() == {"import_turned_down": ("OPEN", 1)}
    host.content = json.dumps(document()).encode()
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert alerts() == {"import_turned_down": ("RESOLVED", 1)}


def test_it_is_taken_again_when_somebody_asks_for_that(host, store):
    source = make_source("http", host.url())
    fetch_now(source, store)
    (one,) = fetch_now(source, store, again=True)
    assert one.outcome is not None
    assert one.outcome.is_repeat


def test_a_download_that_is_too_large_ends_at_the_cap(host, store):
    source = make_source("http", host.url(), largest_bytes=100)
    with pytest.raises(DomainRefusal, match="more than 100 bytes"):
        fetch_now(source, store)
    assert not ImportRun.objects.exists()
    source.refresh_from_db()
    assert "more than 100 bytes" in source.look_failure
    assert alerts() == {"import_unreachable": ("OPEN", 1)}


def test_a_first_failure_to_answer_is_no_alert_and_the_second_is_one_until_it_answers(host, store):
    source = make_source("http", host.url())
    host.status = 503
    for expected in ({}, {"import_unreachable": ("OPEN", 1)}):
        with pytest.raises(Temporary, match="503"):
            fetch_now(source, store)
        assert alerts() == expected
    host.status = 200
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert alerts() == {"import_unreachable": ("RESOLVED", 1)}
    source.refresh_from_db()
    assert source.look_failure == ""


def test_an_address_that_is_not_there_is_an_alert_at_once(host, store):
    host.status = 404
    with pytest.raises(DomainRefusal, match="404"):
        fetch_now(make_source("http", host.url()), store)
    assert alerts() == {"import_unreachable": ("OPEN", 1)}


def test_nothing_new_without_a_version_is_nothing(host, store):
    host.status, host.content = 204, b""
    assert fetch_now(make_source("http", host.url()), store) == []


def test_credentials_go_to_their_host_and_stand_in_no_row(host, store, settings):
    settings.ATLAS_IMPORT_SECRETS = parse_credentials(
        json.dumps({"acme": {"kind": "header", "host": "127.0.0.1", "value": TOKEN}})
    )
    fetch_now(make_source("http", host.url(), credentials="acme"), store)
    run = ImportRun.objects.get()
    assert host.seen[0][1]["authorization"] == TOKEN
    rows = [str(vars(row)) for row in (run, run.source, FetchedObject.objects.get())]
    assert not any(TOKEN in row for row in rows)


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({}, "does not have"),
        ({"acme": {"kind": "header", "host": "other.example", "value": TOKEN}}, "not for 127"),
        ({"acme": {"kind": "s3", "region": "eu-west-1"}}, "not for 127"),
    ],
)
def test_credentials_for_elsewhere_are_not_sent(host, store, settings, held, words):
    settings.ATLAS_IMPORT_SECRETS = parse_credentials(json.dumps(held))
    with pytest.raises(NeedsHuman, match=words) as refused:
        fetch_now(make_source("http", host.url(), credentials="acme"), store)
    assert host.seen == []
    assert TOKEN not in refused.value.message


def test_credentials_do_not_follow_a_redirect_to_another_host(host, store, settings):
    settings.ATLAS_IMPORT_SECRETS = parse_credentials(
        json.dumps({"acme": {"kind": "header", "host": "127.0.0.1", "value": TOKEN}})
    )
    with hosting() as other:
        settings.ATLAS_OUTBOUND_ALLOW += [f"127.0.0.1:{other.server_port}"]
        host.target = other.url()
        fetch_now(make_source("http", host.url("/to"), credentials="acme"), store)
        assert "authorization" in host.seen[0][1]
        assert "authorization" not in other.seen[0][1]
    assert Strategy.objects.get().slug == "alpha"


# The many ways to write this machine and its neighbours. Each host is listed, so that only the
# refusal of private addresses stands between the request and the server.
INSIDE = {
    "loopback": "127.0.0.1",
    "loopback-elsewhere": "127.1.2.3",
    "short": "127.1",
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "hexadecimal": "0x7f000001",
    "zero": "0.0.0.0",
    "name": "localhost",
    "name-with-dot": "localhost.",
    "v6": "[::1]",
    "v6-mapped": "[::ffff:127.0.0.1]",
    "v6-mapped-hexadecimal": "[::ffff:7f00:1]",
    "v6-any": "[::]",
    "nat64": "[64:ff9b::7f00:1]",
    "6to4": "[2002:7f00:1::]",
    "link-local": "169.254.169.254",
    "link-local-v6": "[fe80::1]",
    "private": "10.0.0.1",
    "private-192": "192.168.0.1",
    "unique-local": "[fd00::1]",
    "carrier": "100.64.0.1",
}


@pytest.mark.parametrize("inside", INSIDE.values(), ids=INSIDE)
def test_an_address_inside_is_never_reached_however_it_is_written(host, store, settings, inside):
    settings.ATLAS_OUTBOUND_ALLOW = [f"{inside}:{host.server_port}"]
    settings.ATLAS_OUTBOUND_ALLOW_PRIVATE = False
    source = make_source("http", host.url(host=inside))
    expected = r"private or reserved|malformed|cannot be resolved"
    with pytest.raises((DomainRefusal, Temporary), match=expected):
        fetch_now(source, store)
    assert host.seen == []
    assert not ImportRun.objects.exists()


def test_a_name_that_leads_inside_at_the_second_look_is_refused_then(
    host, store, settings, monkeypatch
):
    settings.ATLAS_OUTBOUND_ALLOW = [f"rebinding.example:{host.server_port}"]
    settings.ATLAS_OUTBOUND_ALLOW_PRIVATE = False
    monkeypatch.setattr(
        socket, "getaddrinfo", Resolver(["93.184.216.34", "127.0.0.1"], ["127.0.0.1"])
    )
    source = make_source("http", host.url(host="rebinding.example"))
    for _ in range(2):
        with pytest.raises(DomainRefusal, match="private or reserved"):
            fetch_now(source, store)
    assert host.seen == []


def test_a_redirect_leads_inside_no_more_than_an_address_does(host, store, settings):
    with hosting() as inside:
        host.target = inside.url(host="127.0.0.2")
        with pytest.raises(DomainRefusal, match="not among the hosts"):
            fetch_now(make_source("http", host.url("/to")), store)
        assert inside.seen == []


def test_a_host_that_nobody_listed_is_not_reached(host, store, settings):
    settings.ATLAS_OUTBOUND_ALLOW = []
    with pytest.raises(DomainRefusal, match="ATLAS_OUTBOUND_ALLOW"):
        fetch_now(make_source("http", host.url()), store)
    assert host.seen == []


def test_a_source_that_waits_for_review_applies_nothing_and_says_so(host, store):
    source = make_source("http", host.url(), policy="review")
    assert states(fetch_now(source, store)) == ["REVIEWED"]
    assert not Strategy.objects.exists()
    assert alerts() == {"import_waiting": ("OPEN", 1)}


@pytest.mark.parametrize(("allowed", "state"), [(False, "REJECTED"), (True, "APPLIED_PARTIAL")])
def test_bad_records_are_left_out_only_where_the_source_allows_it(host, store, allowed, state):
    bad = document(strategies=[strategy(performance=[point(1), point(2, nav=-5)])])
    host.content = json.dumps(bad).encode()
    source = make_source("http", host.url(), allow_partial=allowed)
    assert states(fetch_now(source, store)) == [state]


def test_the_format_that_a_source_is_to_bring_is_handed_on(host, store):
    source = make_source("http", host.url(), wanted_format="atlas-1.0")
    assert states(fetch_now(source, store)) == ["APPLIED"]
    assert ImportRun.objects.get().wanted_format == "atlas-1.0"
