"""The replay provider: recordings, read as if they were happening at the time of a clock.

A recording is a CSV file (`atlas.domain.recording` says which). Those of a folder are found by
the JSON files beside them, which name market, timeframe and file; an explicit file is named by
whoever plays it.
"""

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from atlas.domain.candles import Timeframe
from atlas.domain.clock import Clock
from atlas.domain.errors import InvalidInput, UnusableData
from atlas.domain.quotes import Quote
from atlas.domain.recording import Recording, parse_recording
from execution.marketdata.base import SourcedCandles, UnknownMarket
from execution.marketdata.funding_recording import open_funding
from strategies.rules.context import FundingReading

KEPT_RECORDINGS = 8  # a year of hourly bars takes some 10 MB in memory


def open_recording(path: Path, *, market: str) -> Recording:
    """Read a recording from a file; it is kept in memory until the file changes.

    Raises InvalidInput where the file cannot be read or is no recording.
    """
    try:
        stat = path.stat()
        return _read(path, market, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidInput(
            f"The recording {path.name} cannot be read: {reason}. Check the path and its rights."
        ) from error


@lru_cache(maxsize=KEPT_RECORDINGS)
def _read(path: Path, market: str, _changed_ns: int, _size: int) -> Recording:
    content = path.read_bytes()
    # The name says which content it was: a file that is made anew is another source of candles.
    name = f"{path.name}@{hashlib.sha256(content).hexdigest()[:8]}"
    return parse_recording(content, name=name, market=market)


def recordings_in(folder: Path) -> dict[tuple[str, Timeframe], Path]:
    """Find the recordings of a folder by the JSON files that describe them.

    Raises InvalidInput for a description that is broken, doubled or names no file of the folder.
    """
    found: dict[tuple[str, Timeframe], Path] = {}
    for described in sorted(folder.glob("*.json")):
        key, path = _described(described)
        if key in found:
            raise InvalidInput(
                f"{described.name}: {key[0]} {key[1]} is already recorded in {found[key].name}; "
                "keep one of the two."
            )
        found[key] = path
    return found


def funding_in(folder: Path) -> dict[str, Path]:
    """Find the recorded funding rates of a folder, by market, where its descriptions name some."""
    found: dict[str, Path] = {}
    for description in sorted(folder.glob("*.json")):
        content = json.loads(description.read_text("utf-8"))
        if content.get("funding_file") is not None:
            found[str(content["market"])] = folder / Path(str(content["funding_file"])).name
    return found


def _described(description: Path) -> tuple[tuple[str, Timeframe], Path]:
    try:
        content: dict[str, Any] = json.loads(description.read_text("utf-8"))
        key = (str(content["market"]), Timeframe.named(str(content["timeframe"])))
        path = description.parent / Path(str(content["file"])).name
    except (OSError, ValueError, KeyError, TypeError, InvalidInput) as error:
        raise InvalidInput(
            f"{description.name} describes no recording: it needs market, timeframe and file "
            f"({type(error).__name__}: {error})."
        ) from error
    if not path.is_file():
        raise InvalidInput(f"{description.name} names {path.name}, which is not beside it.")
    return key, path


@dataclass(frozen=True)
class ReplayMarketData:
    """Recordings as a `MarketData`: nothing is seen that lies after the clock's time."""

    recordings: Mapping[tuple[str, Timeframe], Recording]
    clock: Clock
    funding_files: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, recordings: Iterable[Recording], clock: Clock) -> "ReplayMarketData":
        """Play these recordings on a clock."""
        return cls({(one.market, one.timeframe): one for one in recordings}, clock)

    @classmethod
    def of_folder(cls, folder: Path, markets: Iterable[str], clock: Clock) -> "ReplayMarketData":
        """Play what a folder holds for these markets."""
        wanted = frozenset(markets)
        played = cls.of(
            (
                open_recording(path, market=market)
                for (market, _), path in recordings_in(folder).items()
                if market in wanted
            ),
            clock,
        )
        return replace(played, funding_files=funding_in(folder))

    def candles(
        self, market: str, timeframe: Timeframe, *, until: datetime, count: int
    ) -> SourcedCandles:
        """Give the bars that had closed by `until`; a hole among them is refused with its dates."""
        if until > self.clock.now():
            raise UnusableData(
                f"{market}: bars until {until:%Y-%m-%d %H:%M} UTC were asked for, the recording "
                f"stands at {self.clock.now():%Y-%m-%d %H:%M} UTC.",
                code="future",
            )
        recording = self._recording(market, timeframe)
        series = recording.window(until_at=until, count=count)
        return SourcedCandles(series, source_name(recording))

    def quote(self, market: str) -> Quote:
        """Give the close of the newest bar, of the finest timeframe that is recorded."""
        now = self.clock.now()
        recording = self._finest(market)
        newest = recording.newest(now)
        if newest is None:
            raise UnusableData(
                f"{market}: the recording begins at {recording.begins_at:%Y-%m-%d %H:%M} UTC, "
                f"there is no price at {now:%Y-%m-%d %H:%M} UTC.",
                code="warm_up",
            )
        price = newest.close_usd
        return Quote(market, price, price, newest.close_at, source_name(recording))

    def funding(
        self, market: str, *, since: datetime, until: datetime
    ) -> tuple[FundingReading, ...]:
        """Give the recorded rates after `since` and up to `until` or now; none where none are."""
        path = self.funding_files.get(market)
        if path is None:
            return ()
        recorded = open_funding(path)
        begin = bisect_right(recorded.times, since)
        return recorded.funding[begin : bisect_right(recorded.times, min(until, self.clock.now()))]

    def ends_at(self, market: str, timeframe: Timeframe) -> datetime | None:
        """Give the close of the last bar."""
        return self._recording(market, timeframe).ends_at

    def source_of(self, market: str, timeframe: Timeframe) -> str:
        """Name the recording as the source of its bars."""
        return source_name(self._recording(market, timeframe))

    def begins_at(self, market: str, timeframe: Timeframe) -> datetime:
        """Give the open of the first bar."""
        return self._recording(market, timeframe).begins_at

    def _recording(self, market: str, timeframe: Timeframe) -> Recording:
        recording = self.recordings.get((market, timeframe))
        if recording is None:
            raise self._unknown(f"{market} {timeframe}")
        return recording

    def _finest(self, market: str) -> Recording:
        known = [one for (name, _), one in self.recordings.items() if name == market]
        if not known:
            raise self._unknown(market)
        return min(known, key=lambda one: one.timeframe.seconds)

    def _unknown(self, wanted: str) -> UnknownMarket:
        known = ", ".join(sorted(f"{name} {frame}" for name, frame in self.recordings)) or "none"
        return UnknownMarket(f"There is no recording of {wanted}; there are: {known}.")


def source_name(recording: Recording) -> str:
    """Name a recording as the source of its candles."""
    return f"replay:{recording.name}"[:120]
