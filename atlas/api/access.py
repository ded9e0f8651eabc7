"""What a reader may see: the one place that turns who asks into rights.

A visitor reads what is public. A person of the console (staff, active) reads everything. A key reads
what its scopes say. Nothing else decides: query sets, caches and permissions all ask here.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser


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


class KeyReader(Protocol):
    """Who asks with a key; satisfied by `atlas.api.authentication.KeyHolder`."""

    @property
    def scopes(self) -> frozenset[Scope]:
        """Give the rights of the key."""
        ...

    @property
    def is_authenticated(self) -> bool:
        """Say that it is not a visitor."""
        ...


Reader = AbstractBaseUser | AnonymousUser | KeyReader


def scopes_of(reader: Reader) -> frozenset[Scope]:
    """Give what this reader may read beyond the public part."""
    if isinstance(reader, AnonymousUser) or not reader.is_authenticated:
        return NOTHING
    if isinstance(reader, AbstractBaseUser):
        return EVERYTHING if reader.is_active and getattr(reader, "is_staff", False) else NOTHING
    return reader.scopes


def sees_everything(reader: Reader) -> bool:
    """Say whether a reader sees strategies that are not public too."""
    return Scope.CATALOGUE in scopes_of(reader)


def scope_text(scopes: Iterable[Scope]) -> str:
    """Word a set of rights the same way each time; `public` where there are none."""
    return " ".join(sorted(scopes)) or "public"
