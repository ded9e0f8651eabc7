"""Recordings of market data: bytes of a CSV file in, sound candles and their holes out.

Columns `timestamp,open,high,low,close,volume` in any order, plain or gzip; lines that begin with
`#` before the header are a label. A timestamp is ISO 8601 with or without an offset, the same with
a space for the T, or YYYYMMDD; without an offset it is UTC. Times name the open of a bar: where a
file means the close, this only makes us act one bar late, while the opposite error would show a
rule the future.
"""

import csv
import gzip
import io
import re
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from atlas.domain.candles import (
    Candle,
    CandleRow,
    CandleSeries,
    GappedData,
    ImpossibleBar,
    StaleData,
    Timeframe,
)
from atlas.domain.errors import InvalidInput, UnusableData
from atlas.domain.normalisation import gap_between, normalise, window

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
MAX_BYTES = 256 * 1024 * 1024  # unpacked; a year of minute bars is 40 MB
MAX_PROBLEMS = 20
_GZIP_MAGIC = b"\x1f\x8b"
_DAY = re.compile(r"\d{8}")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?"
)


class RecordingEnded(StaleData):
    """The recording has no bars after this time: the replay is over."""

    code = "recording_ended"


@dataclass(frozen=True)
class Recording:
    """Market data that was recorded once and can be played again.

    `candles` are sound and ascending; `findings` say which rows were left out and where bars are
    missing. A window over a hole is refused with the dates of the hole.
    """

    name: str
    market: str
    timeframe: Timeframe
    candles: tuple[Candle, ...]
    findings: tuple[UnusableData, ...]
    label: str

    @property
    def begins_at(self) -> datetime:
        """Give the open of the first bar."""
        return self.candles[0].open_at

    @property
    def ends_at(self) -> datetime:
        """Give the close of the last bar."""
        return self.candles[-1].close_at

    @property
    def gaps(self) -> tuple[GappedData, ...]:
        """List the holes between sound bars."""
        return tuple(f for f in self.findings if isinstance(f, GappedData))

    def window(self, *, until_at: datetime, count: int) -> CandleSeries:
        """Cut the `count` bars that had closed by `until_at`.

        Raises GappedData (bars missing inside or at the end, with dates), NotEnoughData (before
        the recording has so many) or RecordingEnded.
        """
        end_at = self.timeframe.floor(until_at)
        if end_at > self.ends_at:
            raise RecordingEnded(
                f"The recording {self.name} ends at {self.ends_at:%Y-%m-%d %H:%M} UTC, "
                f"bars until {end_at:%Y-%m-%d %H:%M} UTC were asked for.",
                detail={"market": self.market, "at": self.ends_at.isoformat()},
            )
        try:
            return window(self.candles, timeframe=self.timeframe, until_at=end_at, count=count)
        except StaleData:
            # Later bars exist, so the newest ones are not late but missing: a hole, with both ends.
            raise self._hole_before(end_at) from None

    def newest(self, until_at: datetime) -> Candle | None:
        """Give the last bar that had closed by `until_at`: where a replayed price comes from."""
        latest_open = until_at - self.timeframe.step
        index = bisect_right(self.candles, latest_open, key=lambda candle: candle.open_at)
        return self.candles[index - 1] if index else None

    def _hole_before(self, end_at: datetime) -> GappedData:
        index = bisect_left(self.candles, end_at, key=lambda candle: candle.open_at)
        before = self.candles[index - 1]
        return gap_between(before.close_at, end_at, self.market, self.timeframe)


def parse_recording(data: bytes, *, name: str, market: str) -> Recording:
    """Read a recording from the bytes of a file.

    `name` is for messages. Raises InvalidInput with line and field of every problem (the first 20),
    UnusableData when rows are off the grid, doubled or out of order. Impossible bars are left out
    and reported as findings, like gaps.
    """
    text = _text(data, name)
    label, body, first_line = _split_label(text)
    rows = _Reader(name).rows(body, first_line)
    if len(rows) <= 1:
        raise InvalidInput(f"{name}: a recording needs at least two bars, this has {len(rows)}.")
    timeframe = _timeframe(rows, name)
    made = normalise(rows, market=market, timeframe=timeframe, now=datetime.max.replace(tzinfo=UTC))
    broken = [f for f in made.findings if not isinstance(f, GappedData | ImpossibleBar)]
    if broken:
        shown = " ".join(finding.message for finding in broken[:MAX_PROBLEMS])
        raise UnusableData(f"{name}: {len(broken)} row(s) cannot be used. {shown}")
    if not made.candles:
        raise UnusableData(f"{name}: no bar of the recording can be used.")
    return Recording(name, market, timeframe, made.candles, made.findings, label)


def _text(data: bytes, name: str) -> str:
    """Unpack and decode, never more than MAX_BYTES."""
    if data.startswith(_GZIP_MAGIC):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInput(f"{name}: the gzip data is broken ({error}).") from error
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{name}: larger than {MAX_BYTES // 1024**2} MiB unpacked.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name}: byte {error.start} is no UTF-8 text.") from error


def _split_label(text: str) -> tuple[str, str, int]:
    """Take the `#` lines off the top: the label, the rest, and how many lines were taken."""
    label: list[str] = []
    rest = text
    while rest.startswith("#"):
        line, _, rest = rest.partition("\n")
        label.append(line.lstrip("# ").rstrip())
    return "\n".join(label), rest, len(label)


class _Reader:
    """Reads lines into rows and gathers what is wrong with them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[str] = []

    def rows(self, body: str, lines_before: int) -> list[CandleRow]:
        """Decode all lines; InvalidInput lists the problems."""
        reader = csv.reader(io.StringIO(body, newline=""))
        rows: list[CandleRow] = []
        try:
            for fields in self._records(reader):
                row = self._row(fields, reader.line_num + lines_before)
                if row is not None:
                    rows.append(row)
        except csv.Error as error:
            line = reader.line_num + lines_before
            raise InvalidInput(f"{self.name}: line {line} is no CSV ({error}).") from error
        if self.problems:
            shown = "; ".join(self.problems[:MAX_PROBLEMS])
            raise InvalidInput(
                f"{self.name}: {len(self.problems)} problem(s): {shown}.",
                detail={"problems": self.problems[:MAX_PROBLEMS]},
            )
        return rows

    def _records(self, reader: Iterator[list[str]]) -> Iterator[dict[str, str] | None]:
        """Pair the fields of each line with the header; None for a line of another length."""
        header = [column.strip().lower() for column in next(reader, [])]
        missing = [column for column in COLUMNS if column not in header]
        if missing or len(set(header)) != len(header):
            raise InvalidInput(
                f"{self.name}: the header must name each of {', '.join(COLUMNS)} once; "
                f"it is {', '.join(header) or 'empty'}."
            )
        for fields in reader:
            if fields:
                yield dict(zip(header, fields, strict=True)) if len(fields) == len(header) else None

    def _row(self, fields: dict[str, str] | None, line: int) -> CandleRow | None:
        if fields is None:
            self.problems.append(f"line {line}: not as many fields as the header")
            return None
        open_at = self._moment(fields["timestamp"], line)
        open_, high, low, close, volume = (
            self._number(fields[column], column, line) for column in COLUMNS[1:]
        )
        if (
            open_at is None
            or open_ is None
            or high is None
            or low is None
            or close is None
            or volume is None
        ):
            return None
        return CandleRow(open_at, open_, high, low, close, volume)

    def _number(self, text: str, column: str, line: int) -> Decimal | None:
        try:
            if "_" not in text:
                return Decimal(text)
        except InvalidOperation:
            pass
        self.problems.append(f"line {line}, {column}: {text[:40]!r} is no number")
        return None

    def _moment(self, text: str, line: int) -> datetime | None:
        stamp = text.strip()
        try:
            if _DAY.fullmatch(stamp) or _MOMENT.fullmatch(stamp):
                moment = datetime.fromisoformat(stamp)
                return (
                    moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
                )
        except (ValueError, OverflowError):
            pass
        self.problems.append(f"line {line}, timestamp: {text[:40]!r} is no time")
        return None


def _timeframe(rows: list[CandleRow], name: str) -> Timeframe:
    """Take the most common step between rows for the timeframe."""
    steps = Counter(
        (after.open_at - before.open_at).total_seconds() for before, after in pairwise(rows)
    )
    seconds, _ = steps.most_common(1)[0]
    try:
        return Timeframe.from_seconds(seconds)
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error.message}") from error
