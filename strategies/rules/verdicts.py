"""From numbers to a signal: what all rules say in the same way."""

from collections.abc import Mapping
from decimal import Decimal

from atlas.domain.candles import CandleSeries
from atlas.domain.signals import Signal
from atlas.domain.units import ZERO
from strategies.rules.base import ratio_of
from strategies.rules.stance import exposure_of, word_of


def verdict(
    view: CandleSeries,
    exposure: float,
    *,
    confidence: float,
    valid_bars: int,
    reason: str,
    indicators: Mapping[str, float],
    stop_usd: Decimal | None = None,
    take_profit_usd: Decimal | None = None,
) -> Signal:
    """Make the signal of the newest bar of a view.

    `confidence` is cut to 0..1. Levels are left out where the exposure is flat: there is nothing to
    protect. `reason` is completed by the side that is taken.
    """
    wanted = exposure_of(exposure)
    is_flat = wanted == ZERO
    return Signal(
        market=view.market,
        target_exposure_ratio=wanted,
        confidence_ratio=ratio_of(min(1.0, max(0.0, confidence))),
        as_of_at=view.until_at,
        valid_until_at=view.until_at + valid_bars * view.timeframe.step,
        reason=f"{reason}: {word_of(float(wanted))}.",
        indicators={**indicators, "close": float(view.last.close_usd)},
        stop_usd=None if is_flat else stop_usd,
        take_profit_usd=None if is_flat else take_profit_usd,
    )
