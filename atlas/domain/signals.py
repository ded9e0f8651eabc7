"""Signals: what a rule wants of one market, until when, and why in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from atlas.domain.errors import Bug
from atlas.domain.units import ONE, ZERO, plain


class Direction(StrEnum):
    """Which way a signal points."""

    LONG = "LONG"
    SHORT = "SHORT"
    FLAT = "FLAT"

    @classmethod
    def of(cls, exposure_ratio: Decimal) -> "Direction":
        """Read the direction off a signed exposure."""
        if exposure_ratio == 0:
            return cls.FLAT
        return cls.LONG if exposure_ratio > 0 else cls.SHORT


@dataclass(frozen=True, slots=True)
class Signal:
    """The exposure a rule wants in one market.

    `target_exposure_ratio` is signed notional over NAV (1 = long the whole NAV once, -0.5 = short
    half of it). `confidence_ratio` lies in 0..1 and informs; sizing does not use it. The signal
    speaks of the world at `as_of_at` and may be acted on until `valid_until_at`. `indicators` are
    the numbers it was decided by. Stop and take-profit levels are prices in USD.

    A signal that contradicts itself is a Bug of the rule that made it.
    """

    market: str
    target_exposure_ratio: Decimal
    confidence_ratio: Decimal
    as_of_at: datetime
    valid_until_at: datetime
    reason: str
    indicators: Mapping[str, float]
    stop_usd: Decimal | None = None
    take_profit_usd: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a signal that contradicts itself, and freeze its indicators."""
        problem = self._problem()
        if problem:
            raise Bug(f"A signal for {self.market or 'no market'} {problem}.")
        object.__setattr__(self, "indicators", MappingProxyType(dict(self.indicators)))

    def _problem(self) -> str | None:
        if not self.market or not self.reason.strip():
            return "names no market or gives no reason"
        if not self.target_exposure_ratio.is_finite():
            return f"wants the exposure {self.target_exposure_ratio}"
        if not (self.confidence_ratio.is_finite() and ZERO <= self.confidence_ratio <= ONE):
            return f"has a confidence of {self.confidence_ratio}, outside 0 to 1"
        if self.as_of_at.tzinfo is None or self.valid_until_at.tzinfo is None:
            return "has times without a zone"
        if self.valid_until_at <= self.as_of_at:
            return "ends before it begins"
        return self._level_problem()

    def _level_problem(self) -> str | None:
        """Check that a stop lies on the losing side of the take-profit."""
        levels = [level for level in (self.stop_usd, self.take_profit_usd) if level is not None]
        if any(not level.is_finite() or level <= 0 for level in levels):
            return "has a stop or take-profit that is no price"
        if levels and self.direction is Direction.FLAT:
            return "is flat and yet has a stop or take-profit"
        if self.stop_usd is None or self.take_profit_usd is None:
            return None
        ordered = self.stop_usd < self.take_profit_usd
        if ordered != (self.direction is Direction.LONG):
            return "has its stop and take-profit on the wrong sides"
        return None

    @property
    def direction(self) -> Direction:
        """Tell which way the wanted exposure points."""
        return Direction.of(self.target_exposure_ratio)

    def as_json(self) -> dict[str, Any]:
        """Give the signal as JSON values: Decimals as plain strings, times in ISO form."""
        return {
            "market": self.market,
            "direction": self.direction.value,
            "target_exposure_ratio": plain(self.target_exposure_ratio),
            "confidence_ratio": plain(self.confidence_ratio),
            "as_of_at": self.as_of_at.isoformat(),
            "valid_until_at": self.valid_until_at.isoformat(),
            "reason": self.reason,
            "indicators": dict(self.indicators),
            "stop_usd": None if self.stop_usd is None else plain(self.stop_usd),
            "take_profit_usd": (
                None if self.take_profit_usd is None else plain(self.take_profit_usd)
            ),
        }
