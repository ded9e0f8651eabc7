"""Rendering: batches of records as the text that COPY reads.

Whole batches are encoded at once and cut apart at line ends, and the pieces of all their rows are
joined at once; writing row by row would take longer than the database needs to take them in.
"""

from collections.abc import Sequence
from itertools import chain, repeat

from imports.formats.batches import Batch
from imports.issues import storable

COPY_SQL = (
    "COPY imports_stagedrecord (run_id, ordinal, kind, owner, key, content, byte_start,"
    " byte_length, is_rejected) FROM STDIN"
)
OWNER_LENGTH = 120
KEY_LENGTH = 200
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def staged_rows(
    run_id: int, batch: Batch, encoded: bytes, keys: Sequence[str], *, first: int
) -> str:
    """Write a batch for COPY: its records, and behind them those that could not be read.

    `encoded` is what the records encode to, `keys` are theirs, `first` is the ordinal of the first.
    """
    owner = escaped(storable(batch.owner, OWNER_LENGTH))
    start = f"\t{batch.kind}\t{owner}\t"
    read = _read(run_id, batch, encoded, keys, start=start, first=first) if batch.records else ""
    behind = first + len(batch.records)
    unread = [
        f"{run_id}\t{number}{start}{escaped(storable(one.key, KEY_LENGTH))}\t\\N\t"
        f"{one.span.start}\t{one.span.length}\tt\n"
        for number, one in enumerate(batch.unread, behind)
    ]
    return "".join([read, *unread])


def _read(
    run_id: int, batch: Batch, encoded: bytes, keys: Sequence[str], *, start: str, first: int
) -> str:
    """Write the records that were read; their texts hold no control characters, only backslashes."""
    count, bad = len(batch.records), batch.bad
    texts = encoded.decode().replace("\\", "\\\\").split("\n")
    texts.pop()  # the last line ends too
    if "\\" in "".join(keys):
        keys = [key.replace("\\", "\\\\") for key in keys]
    spans = [f"\t{at}\t{length}\t" for at, length in batch.places.spans()]
    flags = ["t\n" if index in bad else "f\n" for index in range(count)] if bad else ["f\n"] * count
    rows = zip(
        repeat(f"{run_id}\t", count),
        map(str, range(first, first + count)),
        repeat(start, count),
        keys,
        repeat("\t", count),
        texts,
        spans,
        flags,
        strict=True,
    )
    return "".join(chain.from_iterable(rows))


def escaped(text: str) -> str:
    """Escape what COPY's text form gives a meaning."""
    return text.translate(_ESCAPES)
