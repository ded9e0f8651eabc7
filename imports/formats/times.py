"""Times: which fields of a record hold one, and how they come to UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import repeat
from operator import attrgetter, is_
from typing import Any

from imports.formats.vocabulary import Kind

TIMES: dict[Kind, tuple[str, ...]] = {
    Kind.STRATEGY: ("discovered_at",),
    Kind.PERFORMANCE: ("as_of_at",),
    Kind.VAULT_PERFORMANCE: ("as_of_at",),
    Kind.BENCHMARK_POINT: ("as_of_at",),
    Kind.HOLDING: ("as_of_at",),
    Kind.TRADE: ("opened_at", "closed_at"),
    Kind.CLAIM: ("claimed_at",),
}


def to_utc(kind: Kind, records: Sequence[Any]) -> None:
    """Bring the times of records to UTC in place; times that are it already are left alone."""
    for name in TIMES.get(kind, ()):
        if _are_utc(name, records):
            continue
        for record in records:
            moment = getattr(record, name)
            if moment is not None and moment.tzinfo is not UTC:
                setattr(record, name, _utc(moment))


def _are_utc(name: str, records: Sequence[Any]) -> bool:
    """Say whether the times that are there are all in UTC; asked without a step of Python each."""
    there = filter(None, map(attrgetter(name), records))
    return all(map(is_, map(_ZONE, there), repeat(UTC)))


def _utc(moment: datetime) -> datetime:
    """Convert one time; one at the edge of the calendar stays, and is refused as implausible."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment


_ZONE = attrgetter("tzinfo")
