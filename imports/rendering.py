"""Rendering: batches of records as the text that COPY reads.

Whole batches are encoded at once and cut apart at line ends; encoding record by record would take
several times as long as the database needs to take them in.
"""

import msgspec

from imports.formats.batches import Batch
from imports.formats.keys import keys_of
from imports.issues import storable

COPY_SQL = (
    "COPY imports_stagedrecord (run_id, ordinal, kind, owner, key, content, byte_start,"
    " byte_length, is_rejected) FROM STDIN"
)
OWNER_LENGTH = 120
KEY_LENGTH = 200
_ENCODER = msgspec.json.Encoder()
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Renderer:
    """Numbers the records of one run and writes them for COPY."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self.count = 0

    def rows(self, batch: Batch) -> str:
        """Write a batch: its records, and behind them those that could not be read."""
        start = f"\t{batch.kind}\t{escaped(storable(batch.owner, OWNER_LENGTH))}\t"
        rows = self._read(batch, start) if batch.records else []
        rows += self._unread(batch, start)
        self.count += len(rows)
        return "".join(rows)

    def _read(self, batch: Batch, start: str) -> list[str]:
        """Write the records that were read."""
        run, first, bad = self._run_id, self.count + 1, batch.bad
        texts = _ENCODER.encode_lines(batch.plain_records()).decode().split("\n")
        texts.pop()  # the last line ends too
        keys = keys_of(batch.kind, batch.records)
        if any("\\" in text for text in texts):
            texts = [text.replace("\\", "\\\\") for text in texts]
        if any("\\" in key for key in keys):
            keys = [key.replace("\\", "\\\\") for key in keys]
        rows = zip(keys, texts, batch.places.spans(), strict=True)
        return [
            f"{run}\t{number}{start}{key}\t{text}\t{span[0]}\t{span[1]}\t"
            f"{'t' if number - first in bad else 'f'}\n"
            for number, (key, text, span) in enumerate(rows, first)
        ]

    def _unread(self, batch: Batch, start: str) -> list[str]:
        """Write the records that could not be read: their place, and what names them if it could."""
        first = self.count + len(batch.records) + 1
        return [
            f"{self._run_id}\t{number}{start}{escaped(storable(one.key, KEY_LENGTH))}\t\\N\t"
            f"{one.span.start}\t{one.span.length}\tt\n"
            for number, one in enumerate(batch.unread, first)
        ]


def escaped(text: str) -> str:
    """Escape what COPY's text form gives a meaning."""
    return text.translate(_ESCAPES)
