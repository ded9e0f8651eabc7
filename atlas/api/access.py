"""What a reader may see: the one place that turns who asks into rights.

A visitor reads what is public. A person of the console (staff, active) reads everything. A key reads
what its scopes say. Nothing else decides: query sets, caches and permissions all ask here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Scope(StrEnum):
    """A right of a key, named by what it reads beyond the public part."""

    CATALOGUE = "catalogue:read"
    TRADING = "trading:read"

    @property
    def meaning(self) -> str:
        """Say in a sentence what the scope opens."""
        return SCOPE_MEANINGS[self]


SCOPE_MEANINGS = {
    Scope.CATALOGUE: "Strategies, vaults and deployments that are not public.",
    Scope.TRADING: "The house's own affairs: cycles, orders and fills.",
}
EVERYTHING = frozenset(Scope)
NOTHING: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A server that showed a valid key; stands where Django and the framework want a user."""

    key_id: int
    prefix: str
    scopes: frozenset[Scope]
    requests_per_minute: int
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_staff: bool = False
    is_active: bool = True

    @property
    def pk(self) -> str:
        """Name the holder where a primary key is wanted."""
        return f"key:{self.key_id}"

    def __str__(self) -> str:
        return f"key {self.prefix}"


class Reader(Protocol):
    """Who asks: Django's users, its anonymous one, and holders of keys look like this.

    Named by their looks: query sets use it, and importing accounts there would close a circle.
    """

    @property
    def is_authenticated(self) -> Any:
        """Say whether it is known who asks."""
        ...

    @property
    def is_active(self) -> Any:
        """Say whether the account may be used."""
        ...


def scopes_of(reader: Reader) -> frozenset[Scope]:
    """Give what this reader may read beyond the public part."""
    if isinstance(reader, KeyHolder):
        return reader.scopes
    is_of_house = (
        reader.is_authenticated and reader.is_active and getattr(reader, "is_staff", False)
    )
    return EVERYTHING if is_of_house else NOTHING


def sees_everything(reader: Reader) -> bool:
    """Say whether a reader sees strategies that are not public too."""
    return Scope.CATALOGUE in scopes_of(reader)


def scope_text(scopes: Iterable[Scope]) -> str:
    """Word a set of rights the same way each time; `public` where there are none."""
    return " ".join(sorted(scopes)) or "public"
