"""Where a request comes from: the address that connected, or what a proxy of ours says of it.

Anybody can write `X-Forwarded-For`. It is believed only as far as our own proxies wrote it: read from
its right end, where each proxy appends whom it heard from, until somebody is named who is none.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_HOME_BITS = (
    64  # what one household or one server is given; less would be a throttle in name only
)
MOST_HOPS = 16

Network = IPv4Network | IPv6Network


def client_address(request: HttpRequest) -> str:
    """Give the address of who asks; empty where the server names none, as on a local socket."""
    return address_behind(
        request.META.get("REMOTE_ADDR", ""),
        forwarded=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=_networks(tuple(settings.ATLAS_TRUSTED_PROXIES)),
    )


def address_behind(connected: str, *, forwarded: str, trusted: Sequence[Network]) -> str:
    """Find who stands behind a chain of proxies; what is no address ends the search."""
    nearest = _plain(connected)
    hops = forwarded.split(",")[-MOST_HOPS:]
    while hops and _is_within(nearest, trusted):
        named = _plain(hops.pop())
        if not named:
            break
        nearest = named
    return nearest


def neighbourhood(address: str) -> str:
    """Give what is counted as one client: an IPv4 address, or the /64 of an IPv6 one."""
    plain = _plain(address)
    if ":" not in plain:
        return plain or "unknown"
    return str(ip_network(f"{plain}/{IPV6_HOME_BITS}", strict=False))


def _plain(text: str) -> str:
    """Read an address, without port or mapping; empty where it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    """Say whether an address lies in one of the networks."""
    return bool(address) and any(ip_address(address) in network for network in networks)


@lru_cache(maxsize=8)
def _networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    """Read the networks of the settings."""
    return tuple(ip_network(one) for one in written)
