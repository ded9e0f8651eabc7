"""Lines of a chunk sorted by what they are and whom they belong to.

This is on the way of every record of a large file, so it asks about whole stretches of lines at
once and takes no step of Python for a line by itself unless lines of several owners alternate.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from imports.formats.batches import Wrapping
from imports.formats.line_records import (
    LINE_TYPE_OF,
    POINT_LINES,
    TAG,
    VAULT_LINES,
    LineType,
    line_findings,
)
from imports.formats.vocabulary import Kind

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines of one kind and owner: what they are, and which of the chunk's records."""

    line_type: LineType
    owner: str
    members: Sequence[int]

    def wrapping(self) -> Wrapping:
        """Say what is written around each record when these lines are encoded."""
        head = b'{"%s":"%s",' % (TAG.encode(), self.line_type.tag.encode())
        if not self.line_type.owner_field:
            return Wrapping(head, b"}")
        owner = msgspec.json.encode(self.owner)
        return Wrapping(head, b',"%s":%s}' % (self.line_type.owner_field.encode(), owner))


def line_groups(records: Sequence[Any]) -> list[LineGroup]:
    """Sort lines by kind and owner; points that name no strategy are taken for a vault's."""
    found: dict[tuple[LineType, Any], list[range]] = {}
    for line_class, stretch in _stretches(list(map(type, records)), first=0):
        for line_type, owner, part in _by_owner(LINE_TYPE_OF[line_class], records, stretch):
            found.setdefault((line_type, owner), []).append(part)
    return [
        LineGroup(line_type, owner, parts[0] if len(parts) == 1 else list(chain(*parts)))
        for (line_type, owner), parts in found.items()
    ]


def has_findings(records: Sequence[Any], groups: Sequence[LineGroup]) -> bool:
    """Say whether any line is wrong beyond the types of its fields."""
    return any(_is_wrong(group, picked(records, group.members)) for group in groups)


def _is_wrong(group: LineGroup, lines: Sequence[Any]) -> bool:
    """Say whether one of a group's lines is wrong: a strategy's parameters, a point's owner."""
    if group.line_type.kind is Kind.PERFORMANCE:
        return list(map(_VAULT, lines)).count(msgspec.UNSET) < len(lines)
    is_checked = group.line_type.kind in (Kind.STRATEGY, Kind.VAULT_PERFORMANCE)
    return is_checked and any(map(line_findings, lines))


def picked(items: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """Give the items at some places."""
    if not isinstance(places, range):
        return [items[place] for place in places]
    is_all = places.start == 0 and places.stop == len(items)
    return items if is_all else items[places.start : places.stop]


def _by_owner(
    line_type: LineType, records: Sequence[Any], stretch: range
) -> Iterator[tuple[LineType, Any, range]]:
    """Part a stretch of lines of one type by their owners; usually they have one."""
    if not line_type.owner_field:
        yield line_type, "", stretch
        return
    owners = list(map(attrgetter(line_type.owner_field), picked(records, stretch)))
    for owner, part in _stretches(owners, first=stretch.start):
        if owner is msgspec.UNSET and line_type is POINT_LINES:
            yield from _by_owner(VAULT_LINES, records, part)
        else:
            yield line_type, owner, part


def _stretches(keys: Sequence[K], *, first: int) -> Iterator[tuple[K, range]]:
    """Give each stretch of equal keys; the first of them stands at the place `first`."""
    for key, same in groupby(keys):
        length = len(list(same))
        yield key, range(first, first + length)
        first += length


_VAULT = attrgetter("vault")
