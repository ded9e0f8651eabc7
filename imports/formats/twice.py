"""Names that stand twice in one JSON object.

Readers of JSON take the last of them, so that a whole list of strategies could vanish without a
word. The top of a file is therefore looked at once more, without its elements.
"""

import json
from collections import Counter
from collections.abc import Iterable

from imports.formats.batches import Buffer
from imports.formats.problems import Problem, Span

PLACE_OF_AN_ELEMENT = b"0"


def named_twice(text: bytes, *, path: str) -> list[Problem]:
    """Name what stands twice in any object of a text that is known to be JSON.

    Raises RecursionError where it is nested more deeply than Python's own reader goes.
    """
    found: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        found.extend(
            name for name, times in Counter(name for name, _ in pairs).items() if times > 1
        )

    json.loads(text, object_pairs_hook=note)
    return [
        Problem(
            "named_twice",
            f"{name} stands twice in one object; leave one of them.",
            path=path,
            field=name,
        )
        for name in dict.fromkeys(found)
    ]


def without(whole: Buffer, elements: Iterable[Span]) -> bytes:
    """Write a document with a 0 in the place of each of its elements."""
    pieces, end = [], 0
    for span in sorted(elements, key=_start):
        pieces += [bytes(whole[end : span.start]), PLACE_OF_AN_ELEMENT]
        end = span.start + span.length
    pieces.append(bytes(whole[end:]))
    return b"".join(pieces)


def _start(span: Span) -> int:
    return span.start
