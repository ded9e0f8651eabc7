"""Series as they stream by: what must be remembered of one to judge its next point."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np


@dataclass(slots=True)
class Series:
    """What is known of one series so far; values are NAV per share or prices in USD."""

    last_at: datetime | None = None
    first: float = 0.0
    last: float = 0.0
    peak: float = 0.0
    max_drawdown_ratio: float = 0.0
    points: int = 0

    def take(self, values: Sequence[float], last_at: datetime) -> None:
        """Append points that follow what is known; `last_at` is the time of the newest."""
        array = np.asarray(values, dtype=np.float64)
        if self.points == 0:
            self.first = self.peak = float(array[0])
        peaks = np.maximum.accumulate(np.maximum(array, self.peak))
        self.max_drawdown_ratio = min(self.max_drawdown_ratio, float((array / peaks).min()) - 1.0)
        self.peak = float(peaks[-1])
        self.last = float(array[-1])
        self.last_at = last_at
        self.points += len(values)

    @property
    def total_return_ratio(self) -> float:
        """Give the return from the first point to the last."""
        return self.last / self.first - 1.0


@dataclass(frozen=True, slots=True)
class Jump:
    """A step too large to pass unseen; an outlier is a single point that the next one undoes."""

    index: int
    before: float
    value: float
    is_outlier: bool


def jumps_in(values: Sequence[float], *, before: float, threshold_ratio: float) -> Iterator[Jump]:
    """Find steps of more than the threshold, up or down; `before` is 0 where nothing precedes."""
    array = np.asarray([before, *values] if before else values, dtype=np.float64)
    shift = 0 if before else 1
    changes = np.abs(array[1:] / array[:-1] - 1.0)
    undone = -1
    for step in np.flatnonzero(changes > threshold_ratio).tolist():
        if step == undone:
            continue
        is_outlier = (
            step + 2 < len(array)
            and bool(changes[step + 1] > threshold_ratio)
            and abs(float(array[step + 2] / array[step]) - 1.0) <= threshold_ratio
        )
        undone = step + 1 if is_outlier else -1
        yield Jump(step + shift, float(array[step]), float(array[step + 1]), is_outlier)


def longest_rise(times: Sequence[datetime], *, after: datetime | None) -> list[int]:
    """Find the longest run of places whose times rise strictly, all later than `after`.

    What is left out is the least that must go, so that one wrong date among a thousand right ones
    is one problem and not nine hundred.
    """
    tails: list[datetime] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place, at in enumerate(times):
        if after is not None and at <= after:
            continue
        rank = bisect_left(tails, at)
        before[place] = ends[rank - 1] if rank else None
        if rank == len(tails):
            tails.append(at)
            ends.append(place)
        elif at < tails[rank]:  # of two at the same time the first one stays
            tails[rank], ends[rank] = at, place
    path: list[int] = []
    place_or_none = ends[-1] if ends else None
    while place_or_none is not None:
        path.append(place_or_none)
        place_or_none = before[place_or_none]
    return path[::-1]
