"""What a rule may know of a market beside its candles: funding and borrowing rates.

Readings carry the moment from which they were known. A rule asks for what was known by the close of
its newest bar, so a context that holds later readings shows it nothing of the future.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

from atlas.domain.errors import Bug, UnusableData
from atlas.domain.units import ZERO


class MissingContext(UnusableData):
    """A rule needs market data beside the candles, and none was given for the time in question."""

    code = "missing_context"


@dataclass(frozen=True, slots=True)
class FundingReading:
    """What holding a position earns or costs, as a share of its notional per hour.

    `long_funding_ratio` and `short_funding_ratio` are signed: above 0 the side receives, below it
    pays; on GMX the two differ in size as the sides differ in open interest. Borrowing is a cost
    and never below 0. The four are kept apart, as the ledger keeps them.
    """

    at: datetime
    long_funding_ratio: Decimal
    short_funding_ratio: Decimal
    long_borrowing_ratio: Decimal = ZERO
    short_borrowing_ratio: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse a reading that cannot be: no zone, no number, a borrowing income."""
        numbers = (
            self.long_funding_ratio,
            self.short_funding_ratio,
            self.long_borrowing_ratio,
            self.short_borrowing_ratio,
        )
        if self.at.tzinfo is None or not all(number.is_finite() for number in numbers):
            raise Bug(f"A funding reading of {self.at} has no zone or holds no numbers.")
        if min(self.long_borrowing_ratio, self.short_borrowing_ratio) < 0:
            raise Bug(f"A funding reading of {self.at} has a borrowing fee below zero.")

    @property
    def long_carry_ratio(self) -> Decimal:
        """Give what a long earns per hour when borrowing is paid."""
        return self.long_funding_ratio - self.long_borrowing_ratio

    @property
    def short_carry_ratio(self) -> Decimal:
        """Give what a short earns per hour when borrowing is paid."""
        return self.short_funding_ratio - self.short_borrowing_ratio


@dataclass(frozen=True)
class MarketContext:
    """The readings of one market, oldest first; empty where nothing beside candles is known."""

    funding: tuple[FundingReading, ...] = ()

    def __post_init__(self) -> None:
        """Refuse readings out of order or twice."""
        if any(before.at >= after.at for before, after in pairwise(self.funding)):
            raise Bug("The funding readings of a market context are not in order of time.")

    @cached_property
    def times(self) -> tuple[datetime, ...]:
        """Give the moments of the readings."""
        return tuple(reading.at for reading in self.funding)

    def funding_span(
        self, *, until_at: datetime, length: timedelta, max_age: timedelta
    ) -> tuple[int, int]:
        """Find the readings after `until_at - length` and up to `until_at`, as a slice.

        MissingContext where there is none, or the newest is older than `max_age`.
        """
        end = bisect_right(self.times, until_at)
        begin = bisect_right(self.times, until_at - length)
        newest = self.times[end - 1] if end else None
        if begin < end and newest is not None and until_at - newest <= max_age:
            return begin, end
        known = f"the newest is of {newest:%Y-%m-%d %H:%M} UTC" if newest else "there is none"
        raise MissingContext(
            f"Funding rates until {until_at:%Y-%m-%d %H:%M} UTC are needed, not older than "
            f"{max_age}; {known}. Give the rule a market context with fresh readings.",
            detail={"until_at": until_at.isoformat()},
        )

    def until(self, at: datetime) -> "MarketContext":
        """Give what was known at `at`."""
        return MarketContext(self.funding[: bisect_right(self.times, at)])


@runtime_checkable
class ReadsContext(Protocol):
    """A rule that says how far back it reads its context; without this it is given a month."""

    def context_span(self, parameters: Any) -> timedelta:
        """Give the length of the readings that a decision may look at."""


NO_CONTEXT = MarketContext()
