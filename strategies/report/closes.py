"""Daily closes: the last point of each UTC day, as statistics take them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import orjson

from atlas.domain.metrics import NavSeries, Track, daily_track, date_of, day_number
from atlas.domain.metrics.daily import BENCHMARK_MAX_FILL_DAYS
from strategies.charts import Prices
from strategies.packed import FloatArray, IntArray, days_of, last_of_each, numbers_of
from strategies.series import Series

NULL = "null"


@dataclass(frozen=True, slots=True, eq=False)
class Closes:
    """The closes of a series; `aums` are not a number where none were reported.

    `opening_aum_usd` and `closing_aum_usd` are exact. `points` counts the points of the series
    itself, `micros` are the moments of the closes.
    """

    series: NavSeries
    aums: FloatArray
    opening_aum_usd: Decimal | None
    closing_aum_usd: Decimal | None
    micros: IntArray
    points: int

    @property
    def first_on(self) -> date:
        """Give the opening day."""
        return date_of(self.series.days[0])

    @property
    def last_on(self) -> date:
        """Give the last day."""
        return date_of(self.series.days[-1])


def closes_of(series: Series) -> Closes | None:
    """Keep the last point of each day; None where there is no point."""
    if len(series) == 0:
        return None
    days = days_of(series.micros)
    is_last = last_of_each(days)
    texts = series.aum_texts.replace('"', "")
    # What is null becomes what is no number.
    aums = np.array(orjson.loads(f"[{texts}]"), dtype=np.float64)[is_last]
    first = int(np.argmax(is_last))
    ends = (texts.split(",", first + 1)[first], texts.rpartition(",")[2])
    opening, closing = (None if text == NULL else Decimal(text) for text in ends)
    return Closes(
        series=NavSeries(days[is_last], series.navs[is_last]),
        aums=aums,
        opening_aum_usd=opening,
        closing_aum_usd=closing,
        micros=series.micros[is_last],
        points=len(series),
    )


def closes_of_prices(prices: Prices | None) -> NavSeries | None:
    """Keep the last price of each day; None where there is no price."""
    if prices is None or len(prices.micros) == 0:
        return None
    days = days_of(prices.micros)
    is_last = last_of_each(days)
    return NavSeries(days[is_last], numbers_of(",".join(prices.texts))[is_last])


def beside(benchmark: NavSeries, *, first_on: date, last_on: date) -> Track | None:
    """Lay a benchmark beside a series: from its opening day, or the benchmark's own first, to its last.

    On the opening day a price of the day before counts. None where it has no price in between.
    """
    opening, closing = day_number(first_on), day_number(last_on)
    first = int(np.searchsorted(benchmark.days, opening, side="right")) - 1
    is_fresh = first >= 0 and opening - int(benchmark.days[first]) <= BENCHMARK_MAX_FILL_DAYS
    start = first if is_fresh else first + 1
    end = int(np.searchsorted(benchmark.days, closing, side="right"))
    if start >= end:
        return None
    days = benchmark.days[start:end].copy()
    days[0] = max(int(days[0]), opening)
    return daily_track(
        NavSeries(days, benchmark.navs[start:end]), max_fill_days=BENCHMARK_MAX_FILL_DAYS
    )
