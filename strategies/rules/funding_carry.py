"""Funding-rate carry: hold the side that is paid for being held, flat where neither is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

import numpy as np

from atlas.domain.candles import CandleSeries, FloatArray
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.context import NO_CONTEXT, MarketContext, MissingContext
from strategies.rules.parameters import Parameters, between
from strategies.rules.stance import BOTH, ExposureRatio, Sides, ValidBars, on_grid, only
from strategies.rules.verdicts import verdict

YEAR_HOURS = 365 * 24
FULL_CONFIDENCE_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class FundingCarryParameters(Parameters):
    """How long to look at the rates, what they must bring, and how much to take."""

    lookback_hours: Annotated[int, between(1, 720, "Hours over which rates are averaged.")] = 24
    max_age_hours: Annotated[int, between(1, 48, "Age at which a reading is too old.")] = 4
    min_yearly_ratio: Annotated[
        Decimal, between("0", "2", "Least carry a year after borrowing, 0.1 is 10 %.")
    ] = Decimal("0.1")
    exposure_ratio: ExposureRatio = Decimal("1")
    sides: Sides = BOTH
    valid_bars: ValidBars = 1


@dataclass(frozen=True, slots=True)
class FundingCarry:
    """Take the side with the better carry where it is enough.

    The price risk of the position stays; a deployment hedges it elsewhere or accepts it.
    """

    name: str = "funding_carry"
    version: int = 1
    summary: str = "Holds the side that funding pays, after borrowing, where it pays enough."
    parameters_type: type[FundingCarryParameters] = FundingCarryParameters

    @property
    def needs_context(self) -> bool:
        """Tell that funding rates are needed."""
        return True

    def context_span(self, parameters: FundingCarryParameters) -> timedelta:
        """Ask for the hours that are averaged."""
        return timedelta(hours=parameters.lookback_hours)

    def warm_up_bars(self, parameters: FundingCarryParameters) -> int:
        """Ask for one bar: it tells the time; the rates come with the context."""
        return 1

    def decide(
        self,
        candles: CandleSeries,
        position: Position | None,
        parameters: FundingCarryParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> Signal:
        """Compare the sides' average carry at the close of the newest bar."""
        view = candles.tail(1)
        long_ratio, short_ratio = yearly_carry(context, view.until_at, parameters)
        exposure = float(_exposure(np.array([[long_ratio, short_ratio]]), parameters)[0])
        return verdict(
            view,
            exposure,
            confidence=max(long_ratio, short_ratio) / FULL_CONFIDENCE_RATIO,
            valid_bars=parameters.valid_bars,
            reason=(
                f"Carry a year after borrowing is {long_ratio * 100:+.1f} % for longs and "
                f"{short_ratio * 100:+.1f} % for shorts, "
                f"{float(parameters.min_yearly_ratio) * 100:.1f} % is wanted"
            ),
            indicators={"long_carry": long_ratio, "short_carry": short_ratio},
        )

    def decide_all(
        self,
        candles: CandleSeries,
        parameters: FundingCarryParameters,
        context: MarketContext = NO_CONTEXT,
    ) -> FloatArray:
        """Compare the sides' average carry at every bar; NaN where rates are missing."""
        carries = np.full((len(candles), 2), np.nan)
        for place, candle in enumerate(candles.candles):
            try:
                carries[place] = yearly_carry(context, candle.close_at, parameters)
            except MissingContext:
                continue
        return _exposure(carries, parameters)


def yearly_carry(
    context: MarketContext, until_at: datetime, parameters: FundingCarryParameters
) -> tuple[float, float]:
    """Average what a long and a short earned per hour, a year of it; raises MissingContext."""
    begin, end = context.funding_span(
        until_at=until_at,
        length=timedelta(hours=parameters.lookback_hours),
        max_age=timedelta(hours=parameters.max_age_hours),
    )
    readings = context.funding[begin:end]
    longs = sum((reading.long_carry_ratio for reading in readings), start=Decimal(0))
    shorts = sum((reading.short_carry_ratio for reading in readings), start=Decimal(0))
    hours = Decimal(YEAR_HOURS) / len(readings)
    return float(longs * hours), float(shorts * hours)


def _exposure(carries: FloatArray, parameters: FundingCarryParameters) -> FloatArray:
    """Take the better side where it brings enough; a draw is flat."""
    longs, shorts = carries[:, 0], carries[:, 1]
    least = float(parameters.min_yearly_ratio)
    takes_long = (longs > shorts) & (longs >= least)
    takes_short = (shorts > longs) & (shorts >= least)
    stance = takes_long.astype(np.float64) - takes_short.astype(np.float64)
    stance[np.isnan(longs)] = np.nan
    return on_grid(only(stance, parameters.sides) * float(parameters.exposure_ratio))
