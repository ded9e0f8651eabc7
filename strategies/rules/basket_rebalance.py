"""Basket: share the account out over several markets, and bring the shares back from time to time."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import numpy as np

from atlas.domain.candles import Candle, CandleSeries, FloatArray
from atlas.domain.positions import Position
from atlas.domain.signals import Signal
from strategies.rules.base import CandlesAlone, UnalignedSeries
from strategies.rules.indicators_rolling import volatility
from strategies.rules.parameters import Parameters, between, one_of
from strategies.rules.stance import ExposureRatio, ValidBars, on_grid
from strategies.rules.verdicts import verdict

EQUAL, INVERSE_VOLATILITY = "equal", "inverse_volatility"


@dataclass(frozen=True, slots=True)
class BasketParameters(Parameters):
    """How the shares are found, how often, and how much is shared out."""

    weights: Annotated[
        str, one_of((EQUAL, INVERSE_VOLATILITY), "Equal shares, or the calmer market more.")
    ] = EQUAL
    volatility_bars: Annotated[int, between(5, 1000, "Bars of the realised volatility.")] = 72
    rebalance_bars: Annotated[
        int, between(1, 1000, "Shares are found anew every so many bars of the calendar.")
    ] = 24
    exposure_ratio: ExposureRatio = Decimal("1")
    valid_bars: ValidBars = 1


@dataclass(frozen=True, slots=True)
class BasketRebalance(CandlesAlone):
    """Long in every market of the deployment, each with its share."""

    name: str = "basket_rebalance"
    version: int = 1
    summary: str = "Holds several markets at equal or calm-weighted shares, rebalanced on a grid."
    parameters_type: type[BasketParameters] = BasketParameters

    def warm_up_bars(self, parameters: BasketParameters) -> int:
        """Give the volatility's bars at the oldest rebalancing that may still count."""
        return parameters.volatility_bars + parameters.rebalance_bars

    def decide_together(
        self,
        candles: Mapping[str, CandleSeries],
        positions: Mapping[str, Position],
        parameters: BasketParameters,
    ) -> tuple[Signal, ...]:
        """Give each market its share as of the latest rebalancing."""
        bars = self.warm_up_bars(parameters)
        views = {market: candles[market].tail(bars) for market in sorted(candles)}
        shares = self.decide_all_together(views, parameters)
        return tuple(
            verdict(
                view,
                float(shares[market][-1]),
                confidence=1.0,
                valid_bars=parameters.valid_bars,
                reason=(
                    f"One of {len(views)} markets by {parameters.weights.replace('_', ' ')} "
                    f"weights, found anew every {parameters.rebalance_bars} bars"
                ),
                indicators={"share": float(shares[market][-1])},
            )
            for market, view in views.items()
        )

    def decide_all_together(
        self, candles: Mapping[str, CandleSeries], parameters: BasketParameters
    ) -> Mapping[str, FloatArray]:
        """Give each market its share at every bar."""
        views = _aligned(candles)
        first = next(iter(views.values()))
        raw = np.stack([_raw_weights(view, parameters) for view in views.values()])
        weights = raw / raw.sum(axis=0)
        places = np.arange(len(first))
        ages = np.array([_age(one, parameters.rebalance_bars) for one in first.candles])
        found_at = places - ages
        chosen = np.where(found_at >= 0, weights[:, np.maximum(found_at, 0)], np.nan)
        chosen[:, : self.warm_up_bars(parameters) - 1] = np.nan
        exposures = on_grid(chosen * float(parameters.exposure_ratio))
        return dict(zip(views, exposures, strict=True))


def _raw_weights(view: CandleSeries, parameters: BasketParameters) -> FloatArray:
    """Weigh one market, before the weights are brought to a sum of one.

    A market that did not move gets the weight of the least volatility that can be told from none.
    """
    spread = volatility(view.closes, parameters.volatility_bars)
    if parameters.weights == EQUAL:
        return np.where(np.isnan(spread), np.nan, 1.0)
    return 1.0 / np.maximum(spread, np.finfo(np.float64).eps)


def _age(candle: Candle, rebalance_bars: int) -> int:
    """Count the bars since the calendar's latest rebalancing, the same for everybody."""
    bar = int(candle.close_at.timestamp()) // int(candle.timeframe.seconds)
    return bar % rebalance_bars


def _aligned(candles: Mapping[str, CandleSeries]) -> dict[str, CandleSeries]:
    """Put the markets in the order of their names; raises UnalignedSeries."""
    views = {market: candles[market] for market in sorted(candles)}
    spans = {(view.until_at, len(view), view.timeframe) for view in views.values()}
    if len(spans) != 1:
        ends = ", ".join(
            f"{market} {len(view)} bars until {view.until_at:%Y-%m-%d %H:%M} UTC"
            for market, view in views.items()
        )
        raise UnalignedSeries(
            f"The markets of a basket must end at the same bar: {ends or 'none'}."
        )
    return views
