"""Ports: the wished one where it is free, the same one from run to run, never a stranger's."""

import socket
from collections.abc import Iterator

import pytest

from atlas.embedded.launch import choose_addresses
from atlas.embedded.ports import (
    LOOPBACK,
    SERVICE_PORTS,
    free_service_port,
    is_free,
    kept_port,
    preferred_port,
)
from atlas.embedded.problems import CannotStart


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A stranger that listens on some port."""
    with socket.socket() as stranger:
        stranger.bind((LOOPBACK, free_service_port()))
        stranger.listen(1)
        yield stranger


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def test_a_port_that_somebody_listens_on_is_not_free(listener):
    assert not is_free(port_of(listener))


def test_a_listener_on_every_address_occupies_the_loopback_port_too():
    with socket.socket() as stranger:
        port = free_service_port()
        stranger.bind(("0.0.0.0", port))
        stranger.listen(1)
        assert not is_free(port)


def test_the_wished_port_is_taken_where_it_is_free():
    wished = free_service_port()
    assert preferred_port(wished) == wished


def test_the_next_free_port_is_taken_where_the_wished_one_is_occupied(listener):
    chosen = preferred_port(port_of(listener))
    assert port_of(listener) < chosen < port_of(listener) + 100
    assert is_free(chosen)


def test_a_port_promised_to_another_server_is_not_given_out_twice():
    wished = free_service_port()
    assert preferred_port(wished, taken=[wished]) > wished


def test_no_port_at_all_is_a_sentence_with_a_remedy(monkeypatch):
    monkeypatch.setattr("atlas.embedded.ports.is_free", lambda _port: False)
    with pytest.raises(CannotStart, match="ATLAS_WEB_PORT"):
        preferred_port(8000)
    with pytest.raises(CannotStart, match="End some of the programs"):
        free_service_port()


def test_a_servers_port_stays_the_same_from_run_to_run(tmp_path):
    record = tmp_path / "ports.json"
    first = kept_port(record, "postgres")
    assert first in SERVICE_PORTS
    assert kept_port(record, "postgres") == first


def test_two_servers_of_one_checkout_get_different_ports(tmp_path):
    record = tmp_path / "ports.json"
    assert kept_port(record, "postgres") != kept_port(record, "redis")


def test_a_kept_port_that_a_stranger_took_meanwhile_is_chosen_anew(tmp_path, listener):
    record = tmp_path / "ports.json"
    record.write_text(f'{{"postgres": {port_of(listener)}}}')
    chosen = kept_port(record, "postgres")
    assert chosen != port_of(listener)
    assert kept_port(record, "postgres") == chosen


def test_a_half_written_record_of_ports_is_replaced(tmp_path):
    record = tmp_path / "ports.json"
    record.write_text('{"postgres": 2')
    assert kept_port(record, "postgres") in SERVICE_PORTS


def test_the_web_server_and_flower_never_share_a_port():
    wished = str(free_service_port())
    environ = {"ATLAS_WEB_PORT": wished, "ATLAS_FLOWER_PORT": wished}
    addresses = choose_addresses(environ, has_signer=True)
    assert addresses.web_port == int(wished)
    assert addresses.flower_port != addresses.web_port


@pytest.mark.parametrize("wish", ["eighty", "0", "65536", "-1"])
def test_a_wished_port_that_is_none_is_a_sentence(wish):
    with pytest.raises(CannotStart, match="ATLAS_WEB_PORT must be a number from 1 to 65535"):
        choose_addresses({"ATLAS_WEB_PORT": wish}, has_signer=True)


def test_the_web_servers_address_is_the_first_of_all():
    lines = choose_addresses({}, has_signer=True).lines
    assert lines[0].split() == ["Web", lines[0].split()[1]]
    assert [line.split()[0] for line in lines] == [
        "Web",
        "API",
        "Docs",
        "Health",
        "Console",
        "Flower",
    ]
