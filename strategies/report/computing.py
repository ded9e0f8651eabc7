"""The report as numbers: facts in, everything computed out; nothing is read here.

The figures are those of `atlas.domain.metrics`; a range is cut as a tile's window is, so that both
agree to the last digit.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from atlas.domain.histogram import Histogram, histogram
from atlas.domain.metrics import (
    MetricId,
    MetricValues,
    NavSeries,
    Report,
    Terms,
    Trading,
    daily_track,
    headlines,
    report,
)
from strategies.report.asking import Wish
from strategies.report.bridges import BridgeTold, bridges_of
from strategies.report.claims import TERMLESS, ClaimVerdict, OursAt, judge_claims
from strategies.report.closes import Closes, beside, closes_of, closes_of_prices
from strategies.report.curves import Curves, Rolling, curves_of, thinned
from strategies.report.facts import Facts
from strategies.report.fees import UNKNOWN, FeeComparison, compare_fees
from strategies.report.notes import Note, notes_of


@dataclass(frozen=True, slots=True, eq=False)
class InvestorReport:
    """Everything that a report says; `measured` is None without a series."""

    facts: Facts
    wish: Wish
    measured: "Measured | None"
    fees: FeeComparison
    bridges: tuple[BridgeTold, ...]
    claims: tuple[ClaimVerdict, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What follows from the series: `own` metrics and tables, the benchmark's own, the lines."""

    closes: Closes
    own: Report
    benchmark: MetricValues | None
    histogram: Histogram
    curves: Curves
    rolling: tuple[Rolling, ...]


def compute(facts: Facts, wish: Wish) -> InvestorReport:
    """Compute a report; raises InvalidInput where a series cannot be measured."""
    closes = closes_of(facts.series)
    if closes is None:
        return _without_series(facts, wish)
    prices = closes_of_prices(facts.prices)
    trading = _trading(facts, closes)
    own = report(
        closes.series,
        window=(wish.within.from_on or closes.first_on, wish.within.to_on or closes.last_on),
        benchmark=prices,
        trading=trading,
        terms=Terms(rf=wish.rf),
    )
    track = daily_track(closes.series)
    theirs = (
        None if prices is None else beside(prices, first_on=closes.first_on, last_on=closes.last_on)
    )
    return InvestorReport(
        facts=facts,
        wish=wish,
        measured=Measured(
            closes=closes,
            own=own,
            benchmark=None if theirs is None else headlines([theirs], rf=wish.rf)[0],
            histogram=histogram(track.returns),
            curves=curves_of(track, theirs),
            rolling=tuple(map(thinned, own.rolling)),
        ),
        fees=compare_fees(facts.fees, closes.series, rf=wish.rf),
        bridges=bridges_of(facts, closes),
        claims=_judged(facts, wish, _ours_at(closes, prices, trading, wish, own)),
        notes=notes_of(facts, own, theirs),
    )


def _without_series(facts: Facts, wish: Wish) -> InvestorReport:
    """Give what a report says of a strategy that has no series of the wanted kind."""
    return InvestorReport(
        facts=facts,
        wish=wish,
        measured=None,
        fees=UNKNOWN,
        bridges=bridges_of(facts, None),
        claims=_judged(facts, wish, None),
        notes=notes_of(facts, None, None),
    )


def _trading(facts: Facts, closes: Closes) -> Trading | None:
    """Give the trades with the average assets that they were made with."""
    if facts.trades is None:
        return None
    known = closes.aums[~np.isnan(closes.aums)]
    average = Decimal(float(known.mean())) if len(known) else None
    return Trading(facts.trades.trades, average)


def _judged(facts: Facts, wish: Wish, ours_at: OursAt | None) -> tuple[ClaimVerdict, ...]:
    """Hold the claims about this kind of evidence against our figures."""
    source = facts.series.source or wish.source
    about_it = [claim for claim in facts.about.claims if claim.source == source]
    return judge_claims(about_it, ours_at)


def _ours_at(
    closes: Closes,
    prices: NavSeries | None,
    trading: Trading | None,
    wish: Wish,
    own: Report,
) -> OursAt | None:
    """Give a function from a metric and a day to our figures of the whole record up to it.

    None where the report shows but a part of the record, or an earlier version of it.
    """
    if wish.within.from_on or wish.within.to_on or wish.data_version is not None:
        return None
    known: dict[date, MetricValues] = {}
    is_plain = wish.rf == 0 and wish.benchmark is None
    own_benchmark = prices if wish.benchmark is None else None

    def ours_at(metric: MetricId, day: date) -> MetricValues:
        until = min(day, closes.last_on)
        if until < closes.first_on:
            return {}
        if until == closes.last_on and (is_plain or metric in TERMLESS):
            return own.metrics
        if until not in known:
            part = closes.series.between(closes.first_on, until)
            known[until] = report(part, benchmark=own_benchmark, trading=trading).metrics
        return known[until]

    return ours_at
