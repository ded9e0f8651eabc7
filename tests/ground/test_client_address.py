"""Where a request comes from: proxies are believed as far as they are ours."""

from ipaddress import ip_network

import pytest
import structlog
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from atlas.audit import Actor
from atlas.client_address import address_behind, client_address, neighbourhood
from atlas.logging import RequestLogMiddleware

OURS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("connected", "forwarded", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # a stranger's word is no word
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # written before our proxy saw it
        ("10.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_chain_is_read_from_its_right_end_until_a_stranger(connected, forwarded, expected):
    assert address_behind(connected, forwarded=forwarded, trusted=OURS) == expected


@given(st.text(max_size=60), st.text(max_size=200))
def test_whatever_is_written_there_the_answer_is_an_address_or_nothing(connected, forwarded):
    found = address_behind(connected, forwarded=forwarded, trusted=OURS)
    assert found == "" or neighbourhood(found) != "unknown"


@given(st.lists(st.ip_addresses(v=4), max_size=40))
def test_nobody_can_forge_his_own_address_through_our_proxy(forged):
    chain = ", ".join([*map(str, forged), "198.51.100.1"])
    assert address_behind("10.0.0.1", forwarded=chain, trusted=OURS) == "198.51.100.1"


def test_an_ipv6_home_is_one_client_and_an_ipv4_address_is_one():
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") == "2001:db8::/64"
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8::1")
    assert neighbourhood("198.51.100.1") == "198.51.100.1"
    assert neighbourhood("") == "unknown"


def test_only_the_networks_of_the_settings_are_believed(rf, settings):
    request = rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1")
    assert client_address(request) == "127.0.0.1"
    settings.ATLAS_TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert client_address(request) == "198.51.100.1"


def test_log_lines_and_audit_rows_do_not_believe_a_stranger_s_header(rf):
    request = rf.get("/", REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="10.1.1.1")
    request.user = User(username="ann")
    assert Actor.of_request(request).address == "203.0.113.9"
    with structlog.contextvars.bound_contextvars():
        RequestLogMiddleware.bind_ip(request)
        assert structlog.contextvars.get_contextvars()["ip"] == "203.0.113.9"
    structlog.contextvars.clear_contextvars()
