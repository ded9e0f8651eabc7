"""Recorded funding rates: a CSV file beside a recording of candles.

Columns `timestamp,long_funding_ratio,short_funding_ratio,long_borrowing_ratio,short_borrowing_ratio`,
plain or gzip, oldest first; `#` lines on top are a label. Ratios are shares of the notional per hour,
a reading counts from its timestamp on.
"""

import csv
import gzip
import io
import zlib
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from atlas.domain.errors import Bug, InvalidInput
from strategies.rules.context import FundingReading, MarketContext

COLUMNS = (
    "timestamp",
    "long_funding_ratio",
    "short_funding_ratio",
    "long_borrowing_ratio",
    "short_borrowing_ratio",
)
MAX_BYTES = 64 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


def open_funding(path: Path) -> MarketContext:
    """Read recorded rates; they are kept in memory until the file changes.

    Raises InvalidInput with the line of the first problem.
    """
    try:
        stat = path.stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise InvalidInput(
            f"The recorded rates {path.name} cannot be read ({type(error).__name__})."
        ) from error


@lru_cache(maxsize=8)
def _read(path: Path, _changed_ns: int, _size: int) -> MarketContext:
    lines = csv.reader(io.StringIO(_text(path), newline=""))
    rows = ((lines.line_num, row) for row in lines if row and not row[0].startswith("#"))
    _, header = next(rows, (0, []))
    if tuple(header) != COLUMNS:
        raise InvalidInput(f"{path.name}: the header must be {','.join(COLUMNS)}.")
    readings = tuple(_reading(path.name, line, row) for line, row in rows)
    try:
        return MarketContext(readings)
    except Bug:
        raise InvalidInput(f"{path.name}: the readings are not in order of time.") from None


def _text(path: Path) -> str:
    """Unpack and decode, never more than MAX_BYTES."""
    data = path.read_bytes()
    try:
        if data.startswith(_GZIP_MAGIC):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InvalidInput(f"{path.name}: larger than {MAX_BYTES // 1024**2} MiB unpacked.")
        return data.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path.name}: is no text ({type(error).__name__}).") from error


def _reading(name: str, line: int, row: list[str]) -> FundingReading:
    try:
        at, *numbers = row
        longs, shorts, long_fee, short_fee = map(Decimal, numbers)
        return FundingReading(datetime.fromisoformat(at), longs, shorts, long_fee, short_fee)
    except (ValueError, InvalidOperation, Bug) as error:
        raise InvalidInput(
            f"{name}: line {line} is no reading of rates ({type(error).__name__})."
        ) from error
