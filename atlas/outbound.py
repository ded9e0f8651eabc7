"""Where outbound HTTP may go: listed hosts only, and never a private address by accident.

A name is checked when a connection is made, and the connection goes to the very address that was
checked: a name that resolves differently a moment later cannot lead it elsewhere.
"""

import queue
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings

from atlas.domain.errors import DomainRefusal, Temporary

REFUSED = "outbound_refused"
DEFAULT_PORTS = {"http": 80, "https": 443}
# A translator in front of IPv6 reaches IPv4 addresses through these; the inner one counts.
NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """The hosts that may be reached, and whether private addresses are fine.

    `allowed` holds `(host, port)`; the port None stands for 80 and 443.
    """

    allowed: frozenset[tuple[str, int | None]]
    private_addresses: bool = False

    @classmethod
    def of(cls, hosts: Iterable[str], *, private_addresses: bool = False) -> "OutboundPolicy":
        """Read entries like `example.org`, `example.org:8443` and `[::1]:8545`."""
        parts = [urlsplit(f"//{host.strip()}") for host in hosts if host.strip()]
        allowed = frozenset((_plain_host(part.hostname or ""), part.port) for part in parts)
        return cls(allowed=allowed, private_addresses=private_addresses)

    @classmethod
    def from_settings(cls) -> "OutboundPolicy":
        """Take what ATLAS_OUTBOUND_ALLOW and ATLAS_OUTBOUND_ALLOW_PRIVATE say."""
        return cls.of(
            settings.ATLAS_OUTBOUND_ALLOW,
            private_addresses=settings.ATLAS_OUTBOUND_ALLOW_PRIVATE,
        )

    def require_allowed(self, *, scheme: str, host: str, port: int | None) -> None:
        """Raise DomainRefusal for another scheme than HTTP(S) and for a host that is not listed."""
        if scheme not in DEFAULT_PORTS:
            raise DomainRefusal(
                f"Outbound requests use http or https, not {scheme[:20]!r}", code=REFUSED
            )
        wanted = port or DEFAULT_PORTS[scheme]
        plain = _plain_host(host)
        by_default = wanted in DEFAULT_PORTS.values() and (plain, None) in self.allowed
        if not by_default and (plain, wanted) not in self.allowed:
            raise DomainRefusal(
                f"{plain}:{wanted} is not among the hosts that may be reached; "
                "add it to ATLAS_OUTBOUND_ALLOW if it should be",
                code=REFUSED,
                detail={"host": plain, "port": wanted},
            )

    def addresses(self, host: str, port: int, *, timeout_seconds: float) -> list[str]:
        """Resolve a host to addresses that may be connected to.

        One refused address among them refuses the host: which one is tried must not be luck. Raises
        DomainRefusal for a refused address, Temporary where the name does not resolve in time.
        """
        found = resolve(host, port, timeout_seconds=timeout_seconds)
        refused = [] if self.private_addresses else [one for one in found if not is_public(one)]
        if refused:
            raise DomainRefusal(
                f"{host} leads to a private or reserved address; "
                "such addresses are reached only with ATLAS_OUTBOUND_ALLOW_PRIVATE",
                code=REFUSED,
                detail={"host": host},
            )
        return [str(one) for one in found]


def is_public(address: Address) -> bool:
    """Say whether an address is a public unicast one, also inside IPv6 wrappings."""
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int, *, timeout_seconds: float) -> list[Address]:
    """Look a name up, waiting no longer than told: the system's resolver knows no time-out.

    Raises Temporary where it does not resolve.
    """
    answer: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()
    looking = threading.Thread(target=_look_up, args=(host, port, answer), daemon=True)
    looking.start()
    try:
        found = answer.get(timeout=max(0.0, timeout_seconds))
    except queue.Empty:
        raise Temporary(f"The name {host} was not resolved in time") from None
    if isinstance(found, OSError):
        raise Temporary(f"The name {host} cannot be resolved") from found
    return found


def _look_up(host: str, port: int, answer: "queue.SimpleQueue[list[Address] | OSError]") -> None:
    """Ask the system's resolver and hand over what it says."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answer.put(error if isinstance(error, OSError) else OSError("not a host name"))
        return
    texts = dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows)
    answer.put([ip_address(text) for text in texts])


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an IPv6 address leads to, if it is such a wrapping."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64 or int(address) >> 32 == 0:  # the latter: the old "compatible" form
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _plain_host(host: str) -> str:
    """Bring a host into the one form in which it is compared."""
    return host.strip("[]").rstrip(".").lower()
