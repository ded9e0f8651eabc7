"""Drawdowns: how deep the NAV fell below its peak, from when to when."""

import math
from datetime import date
from typing import NamedTuple

import numpy as np

from atlas.domain.metrics.daily import Track
from atlas.domain.metrics.identifiers import MetricId
from atlas.domain.metrics.judge import EPSILON, Judge
from atlas.domain.metrics.series import FloatArray, IntArray
from atlas.domain.metrics.values import MetricValue, date_of

TABLE_ROWS = 10


class Drawdown(NamedTuple):
    """One fall of the NAV below its peak and back.

    `depth` is a ratio between -1 and 0. `recovered_on` is the first day that reaches the peak again,
    None while it lasts; `days` count from the peak to it, or to the last NAV.
    """

    peak_on: date
    valley_on: date
    recovered_on: date | None
    depth: float
    days_to_valley: int
    days_to_recovery: int | None
    days: int


class Underwater(NamedTuple):
    """The drawdown on each known day, as a ratio between -1 and 0; the opening day has 0."""

    days: IntArray
    falls: FloatArray


def underwater(track: Track) -> Underwater:
    """Give the drawdown series of a track; it is empty where a gap hides what happened."""
    if not track.is_chained:
        return Underwater(track.level_days[:0], track.levels[:0])
    falls = track.levels / np.maximum.accumulate(track.levels) - 1.0
    return Underwater(track.level_days, falls)


def ongoing_drawdown(water: Underwater) -> Drawdown | None:
    """Describe the drawdown in which a series ends, None where it ends on its peak."""
    if len(water.falls) == 0 or water.falls[-1] > -EPSILON:
        return None
    since_peak = int((water.falls[::-1] >= 0.0).argmax())
    return _drawdown(water, len(water.falls) - since_peak, None)


def drawdown_table(water: Underwater, *, limit: int = TABLE_ROWS) -> tuple[Drawdown, ...]:
    """List the deepest drawdowns of a series, the deepest first, of equal ones the earlier."""
    is_under = water.falls < 0.0
    turns = np.flatnonzero(is_under[1:] != is_under[:-1]) + 1
    starts, ends = turns[::2], turns[1::2]  # the opening is never under water
    if len(starts) == 0:
        return ()
    depths = np.minimum.reduceat(water.falls, starts)
    deepest = depths.argsort(kind="stable")[:limit].tolist()
    places = [
        (starts.item(one), ends.item(one) if one < len(ends) else None)
        for one in deepest
        if depths[one] <= -EPSILON
    ]
    return tuple(_drawdown(water, start, end) for start, end in places)


def drawdown_values(
    water: Underwater, table: tuple[Drawdown, ...], judge: Judge
) -> list[MetricValue]:
    """Publish the duration of the deepest drawdown and the ulcer index."""
    days = len(water.falls) - 1
    squares = float(np.dot(water.falls, water.falls))
    ulcer = math.sqrt(squares / (days - 1)) if days > 1 else None
    return [
        judge.publish(MetricId.MAX_DRAWDOWN_DAYS, table[0].days if table else 0),
        judge.publish(
            MetricId.ULCER_INDEX, ulcer, reason=judge.too_little if ulcer is None else None
        ),
    ]


def _drawdown(water: Underwater, start: int, end: int | None) -> Drawdown:
    """Describe the drawdown whose first day under water is at `start`."""
    days, falls = water.days, water.falls
    valley = start + int(falls[start:end].argmin())
    peak_day, valley_day = days.item(start - 1), days.item(valley)
    recovery_day = None if end is None else days.item(end)
    last_day = days.item(-1) if recovery_day is None else recovery_day
    return Drawdown(
        peak_on=date_of(peak_day),
        valley_on=date_of(valley_day),
        recovered_on=None if recovery_day is None else date_of(recovery_day),
        depth=falls.item(valley),
        days_to_valley=valley_day - peak_day,
        days_to_recovery=None if recovery_day is None else recovery_day - valley_day,
        days=last_day - peak_day,
    )
