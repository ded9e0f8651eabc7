"""Ports: the wished one where it is free, the same one from run to run, never a stranger's."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from atlas.embedded.addresses import Addresses, choose_addresses
from atlas.embedded.ports import (
    LOOPBACK,
    SERVICE_PORTS,
    claim,
    claim_preferred,
    free_service_port,
    is_free,
    kept_port,
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


@pytest.fixture
def addresses() -> Iterator[Callable[..., Addresses]]:
    """Choose addresses and give their ports back at the end."""
    with ExitStack() as held:

        def choose(environ: dict[str, str]) -> Addresses:
            return held.enter_context(closing(choose_addresses(environ)))

        yield choose


def test_the_wished_port_is_taken_where_it_is_free():
    wished = free_service_port()
    claimed = claim_preferred(wished)
    assert claimed.port == wished
    claimed.release()


def test_the_next_free_port_is_taken_where_the_wished_one_is_occupied(listener):
    claimed = claim_preferred(port_of(listener))
    assert port_of(listener) < claimed.port < port_of(listener) + 100
    assert is_free(claimed.port)
    claimed.release()


@pytest.mark.skipif(sys.platform != "linux", reason="claims are made on Linux alone")
def test_two_launchers_that_start_at_once_never_share_a_port():
    wished = free_service_port()
    first, second = claim_preferred(wished), claim_preferred(wished)
    assert first.port == wished
    assert second.port != wished
    first.release()
    again = claim(wished)
    assert again is not None
    again.release()
    second.release()


def test_no_port_at_all_is_a_sentence_with_a_remedy(monkeypatch):
    monkeypatch.setattr("atlas.embedded.ports.is_free", lambda _port: False)
    with pytest.raises(CannotStart, match="ATLAS_WEB_PORT"):
        claim_preferred(8000)
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


def test_the_web_server_and_flower_never_share_a_port(addresses):
    wished = str(free_service_port())
    chosen = addresses({"ATLAS_WEB_PORT": wished, "ATLAS_FLOWER_PORT": wished})
    assert chosen.web_port == int(wished)
    assert chosen.flower_port != chosen.web_port


@pytest.mark.parametrize("wish", ["eighty", "0", "65536", "-1"])
def test_a_wished_port_that_is_none_is_a_sentence(addresses, wish):
    with pytest.raises(CannotStart, match="ATLAS_WEB_PORT must be a number from 1 to 65535"):
        addresses({"ATLAS_WEB_PORT": wish})


def test_the_web_servers_address_is_the_first_of_all(addresses):
    lines = [line.split() for line in addresses({}).lines]
    assert [name for name, _ in lines] == ["Web", "API", "Docs", "Health", "Console", "Flower"]
    assert all(address.startswith("http://127.0.0.1:") for _, address in lines)
