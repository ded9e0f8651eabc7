"""Gross and net: what fees took out of a NAV per share, added back or taken off.

A vault publishes its NAV per share after management and performance fees: they are paid in new
shares, which dilute the others. `before_fees` adds back what is known to have been taken;
`after_fees` is its exact inverse. `net_by_terms` says what a gross series, as a backtest is, would
have left under given terms: a computation, to be labelled so, not a record. Fees for entering and
leaving are paid by one investor, never by the NAV, and are in neither.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics.judge import DAYS_A_YEAR
from atlas.domain.metrics.series import FloatArray, IntArray, NavSeries


class Basis(StrEnum):
    """Whether management and performance fees have been taken out of a figure."""

    NET = "net"
    GROSS = "gross"


@dataclass(frozen=True, slots=True, eq=False)
class FeesTaken:
    """What fees took on which days, as a ratio of the NAV just before.

    For fees paid in new shares that is the new shares over all shares afterwards. `days` rise
    strictly. Raises InvalidInput for ratios outside of 0 to below 1.
    """

    days: IntArray
    ratios: FloatArray

    def __post_init__(self) -> None:
        """Refuse what cannot have been taken."""
        if self.days.shape != self.ratios.shape or self.days.ndim != 1:
            raise InvalidInput("Fees need one ratio for each of their days.")
        if not (self.days[1:] > self.days[:-1]).all():
            raise InvalidInput("The days on which fees were taken must rise, each only once.")
        if not ((self.ratios >= 0) & (self.ratios < 1)).all():
            raise InvalidInput("Fees take from nothing to less than all of a NAV: 0 to below 1.")


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """The fees of a vault as ratios: of the NAV in a year, and of each rise above its highest NAV.

    Raises InvalidInput outside of 0 to below 1.
    """

    management_ratio: float = 0.0
    performance_ratio: float = 0.0

    def __post_init__(self) -> None:
        """Refuse terms that nobody can have agreed to."""
        for ratio in (self.management_ratio, self.performance_ratio):
            if not 0 <= ratio < 1:
                raise InvalidInput(f"A fee of {ratio} is none; it lies from 0 to below 1.")


def before_fees(net: NavSeries, taken: FeesTaken) -> NavSeries:
    """Add back what fees took since the opening; gross and net open with the same NAV."""
    return NavSeries(net.days, net.navs / _left(net, taken))


def after_fees(gross: NavSeries, taken: FeesTaken) -> NavSeries:
    """Take off what fees took since the opening; gross and net open with the same NAV."""
    return NavSeries(gross.days, gross.navs * _left(gross, taken))


def net_by_terms(gross: NavSeries, terms: FeeTerms) -> NavSeries:
    """Compute what a gross series would have left to its holders.

    The management fee is taken day by day, the performance fee on every day that closes above the
    highest net NAV so far; the opening NAV is the first mark.
    """
    kept_a_day = (1.0 - terms.management_ratio) ** (1.0 / DAYS_A_YEAR)
    before, after = gross.navs[:-1], np.maximum(gross.navs[1:], 0.0)
    growths = np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    growths *= kept_a_day ** (gross.days[1:] - gross.days[:-1])
    nav = mark = float(gross.navs[0])
    net = [nav]
    for growth in growths.tolist():
        nav *= growth
        if nav > mark:
            nav -= terms.performance_ratio * (nav - mark)
            mark = nav
        net.append(nav)
    return NavSeries(gross.days, np.array(net))


def _left(series: NavSeries, taken: FeesTaken) -> FloatArray:
    """Give on each day of a series the share that fees have left since its opening."""
    since = taken.days > series.days[0]
    left = np.concatenate(([1.0], np.cumprod(1.0 - taken.ratios[since])))
    charged: FloatArray = left[np.searchsorted(taken.days[since], series.days, side="right")]
    return charged
