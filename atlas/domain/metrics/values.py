"""What a metric looks like once computed: a value or a reason, and where the number comes from.

They are named tuples because a discovery page holds tens of thousands of them: they are as
immutable as a frozen dataclass and several times quicker to make.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from atlas.domain.metrics.identifiers import MetricId, Reason

_ORDINAL_OF_1970 = date(1970, 1, 1).toordinal()


class Provenance(NamedTuple):
    """What a number was computed from; all days are UTC calendar days.

    `window_*` is what was asked for, `first_on` and `last_on` what there is in it (None where there
    is nothing). `samples` is how many daily returns (joined days, months or trades) went in,
    `filled_days` how many of them carry a NAV forward, `missing_days` the days of the `gaps` gaps
    that were too long for that.
    """

    window_from_on: date
    window_to_on: date
    samples: int
    filled_days: int
    missing_days: int
    gaps: int
    first_on: date | None
    last_on: date | None


class MetricValue(NamedTuple):
    """One metric: either a finite value or None with a reason.

    `value` is a float, or Decimal where its unit is USD. `short_history` warns that the window is
    under 90 days or 30 observations even where a value is given. `on` is the day (for a month: its
    first) that a best or worst belongs to.
    """

    metric: MetricId
    value: float | Decimal | None
    reason: Reason | None
    short_history: bool
    provenance: Provenance
    on: date | None = None


MetricValues = Mapping[MetricId, MetricValue]


def day_number(on: date) -> int:
    """Count the days from 1970-01-01 to a date."""
    return on.toordinal() - _ORDINAL_OF_1970


def date_of(day: int) -> date:
    """Give the date of a day number."""
    return date.fromordinal(int(day) + _ORDINAL_OF_1970)
