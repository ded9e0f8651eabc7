"""Parts of a strategy's page that higher floors add: what they know, the catalogue cannot name.

A floor registers a part when the apps start: what its answer looks like, and how it is read for one
strategy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from atlas.registries import Registry


@dataclass(frozen=True, slots=True)
class DetailPart:
    """One more field of a strategy's page; `read` gives what the field represents."""

    field: Callable[[], serializers.Field[Any, Any, Any, Any]]
    read: Callable[[int], Any]


detail_parts: Registry[DetailPart] = Registry("part of a strategy's page")
