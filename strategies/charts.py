"""Charts: a series at an interval, with returns, drawdowns and a benchmark beside it.

The numbers are those of the metrics: a return is NAV over the first NAV less one, a drawdown is
NAV over the highest NAV so far less one, both over the points of the answer before it is thinned
out. So the last return and the deepest drawdown are a report's to the last digit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from atlas.domain.downsample import min_max
from strategies.packed import (
    MICROS_A_DAY,
    FloatArray,
    IntArray,
    days_of,
    last_of_each,
    numbers_of,
)
from strategies.series import Series

MONDAY = 3  # 1970-01-01 was a Thursday
CARRIED_DAYS = 1


class Interval(StrEnum):
    """How far apart points lie: each is the last one of its UTC day, ISO week or month."""

    DAY = "1d"
    WEEK = "1w"
    MONTH = "1mo"
    RAW = "raw"


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """The prices of a benchmark, oldest first; texts are exact."""

    slug: str
    name: str
    micros: IntArray
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A benchmark beside each point of a chart; `places` is -1 where it has no fresh price."""

    prices: Prices
    places: IntArray
    returns: FloatArray


@dataclass(frozen=True, eq=False)
class Chart:
    """Columns of equal length, oldest first; `whole` is how many points there were to choose from."""

    micros: IntArray
    nav_texts: str
    aum_texts: str
    returns: FloatArray
    drawdowns: FloatArray
    whole: int
    compared: Compared | None = field(default=None)

    @property
    def is_thinned(self) -> bool:
        """Tell whether points were left out to keep to a number of points."""
        return len(self.micros) < self.whole


class _Points(NamedTuple):
    """Which points of a line are shown: those at the interval, and what is kept of them."""

    at_interval: IntArray
    kept: IntArray
    returns: FloatArray
    drawdowns: FloatArray

    @property
    def places(self) -> IntArray:
        """Give the places in the line that are shown."""
        places: IntArray = self.at_interval[self.kept]
        return places


def draw(
    series: Series, *, interval: Interval, max_points: int | None, prices: Prices | None
) -> Chart:
    """Bring a series to an interval, at most `max_points` of it, beside a benchmark if there is one.

    Thinning keeps the first and the last point and of each stretch the lowest and the highest NAV
    and drawdown.
    """
    shown = _points(series.micros, series.navs, interval, max_points)
    compared = None
    if prices is not None:
        whole = compare(series.micros[shown.at_interval], prices, interval)
        compared = Compared(prices, whole.places[shown.kept], whole.returns[shown.kept])
    is_all = len(shown.kept) == len(series)
    places = shown.places
    return Chart(
        micros=series.micros if is_all else series.micros[places],
        nav_texts=series.nav_texts if is_all else _chosen(series.nav_texts.split(","), places),
        aum_texts=series.aum_texts if is_all else _chosen(series.aum_texts.split(","), places),
        returns=shown.returns,
        drawdowns=shown.drawdowns,
        whole=len(shown.at_interval),
        compared=compared,
    )


def draw_prices(prices: Prices, *, interval: Interval, max_points: int | None) -> Chart:
    """Bring the prices of a benchmark to an interval; its NAV is its price, assets it has none."""
    shown = _points(prices.micros, numbers_of(",".join(prices.texts)), interval, max_points)
    return Chart(
        micros=prices.micros[shown.places],
        nav_texts=_chosen(prices.texts, shown.places),
        aum_texts="",
        returns=shown.returns,
        drawdowns=shown.drawdowns,
        whole=len(shown.at_interval),
    )


def _points(
    micros: IntArray, values: FloatArray, interval: Interval, max_points: int | None
) -> _Points:
    """Choose the points of a line that are shown, with their returns and drawdowns."""
    at_interval = places_at(micros, interval)
    levels = values[at_interval]
    returns, drawdowns = _since_first(levels), _below_peak(levels)
    kept = np.arange(len(levels))
    if max_points is not None and len(levels) > max_points:
        kept = min_max([levels, drawdowns], max_points)
    return _Points(at_interval, kept, returns[kept], drawdowns[kept])


def places_at(micros: IntArray, interval: Interval) -> IntArray:
    """Find the last point of each day, week or month."""
    if interval is Interval.RAW or len(micros) == 0:
        return np.arange(len(micros))
    return np.flatnonzero(last_of_each(_PERIODS[interval](micros)))


def compare(micros: IntArray, prices: Prices, interval: Interval) -> Compared:
    """Put the price of a benchmark beside each moment.

    At an interval it is the last price of the same UTC day, else of the day before; among raw
    points the last one that was known by then, a day old at the most.
    """
    is_raw = interval is Interval.RAW
    theirs = prices.micros if is_raw else days_of(prices.micros)
    ours = micros if is_raw else days_of(micros)
    places = np.searchsorted(theirs, ours, side="right") - 1
    known = places >= 0
    ages = np.where(known, ours - theirs[np.maximum(places, 0)] if len(theirs) else 0, 0)
    is_fresh = known & (ages <= (MICROS_A_DAY if is_raw else 1) * CARRIED_DAYS)
    places = np.where(is_fresh, places, -1)
    return Compared(prices, places, _returns_at(prices, places))


def _returns_at(prices: Prices, places: IntArray) -> FloatArray:
    """Give what a benchmark returned since the first point that it has a price beside."""
    returns = np.full(len(places), np.nan)
    is_known = places >= 0
    if not is_known.any():
        return returns
    levels = numbers_of(",".join(prices.texts))[places[is_known]]
    returns[is_known] = levels / levels[0] - 1.0
    return returns


def _chosen(values: Sequence[str], places: IntArray) -> str:
    """Choose some values and join them by commas."""
    return ",".join([values[place] for place in places.tolist()])


def _since_first(navs: FloatArray) -> FloatArray:
    """Give the return since the first NAV."""
    return navs / navs[0] - 1.0 if len(navs) else navs


def _below_peak(navs: FloatArray) -> FloatArray:
    """Give how far each NAV lies below the highest one so far."""
    return navs / np.maximum.accumulate(navs) - 1.0


def _weeks(micros: IntArray) -> IntArray:
    """Number ISO weeks, which begin on Mondays."""
    return (days_of(micros) + MONDAY) // 7


def _months(micros: IntArray) -> IntArray:
    """Number months."""
    months: IntArray = micros.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months


_PERIODS: Mapping[Interval, Callable[[IntArray], IntArray]] = {
    Interval.DAY: days_of,
    Interval.WEEK: _weeks,
    Interval.MONTH: _months,
}
