"""Funding and borrowing rates: what a rule may know of a market beside its candles.

A provider that has them keeps `TellsFunding`; one that has not simply lacks the method, and a rule
that needs rates is SKIPPED(missing_context).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

from atlas.domain.units import TOKEN_QUANTUM, ceil_to, exact, floor_to
from execution.marketdata import reading
from execution.marketdata.asking import Received
from execution.marketdata.errors import MalformedAnswer
from strategies.rules.context import FundingReading

HOUR_SECONDS = 3_600
RATE_DIGITS = 30
MOST_HOURLY_RATIO = Decimal("0.01")  # GMX caps funding far below; more means a wrong scale
PERIODS = ((timedelta(days=1), "1d"), (timedelta(days=7), "7d"), (timedelta(days=30), "30d"))
LONGEST = timedelta(days=90), "90d"


@runtime_checkable
class TellsFunding(Protocol):
    """A provider that knows what holding a position earned and cost."""

    def funding(
        self, market: str, *, since: datetime, until: datetime
    ) -> tuple[FundingReading, ...]:
        """Give the readings after `since` and up to `until`, oldest first; there may be none.

        Raises UnusableData, Temporary or DomainRefusal as the other questions do.
        """


@dataclass(frozen=True, slots=True)
class _Side:
    """The three rates of one side as the source tells them, per second."""

    funding: int
    borrowing: int
    net: int


@dataclass(frozen=True, slots=True)
class _Told:
    """One snapshot of a market's rates."""

    at: datetime
    sides: tuple[_Side, _Side]


def period_for(length: timedelta) -> str:
    """Choose the shortest period that a source knows and that covers `length`."""
    for covered, name in PERIODS:
        if length < covered:
            return name
    return LONGEST[1]


def readings_of(received: Received, market_token: str) -> tuple[FundingReading, ...]:
    """Read GMX's history of a market's rates, which comes newest first.

    Rates are factors per second times 10^30. Whether a positive one is received or paid is read off
    the answer itself: its net rate is the sum or the difference of the other two.
    """
    rows = [
        reading.mapping(row, "A market's rates")
        for row in reading.items(received.content, "The rates")
    ]
    found = [row for row in rows if _address(row) == market_token.lower()]
    if len(found) != 1:
        raise MalformedAnswer(f"The rates of {market_token} are there {len(found)} times, not once")
    name = "ratesSnapshots"
    snapshots = reading.items(reading.field(found[0], name, "A market's rates"), name)
    told = [_told(one) for one in reversed(snapshots)]
    if any(before.at >= after.at for before, after in pairwise(told)):
        raise MalformedAnswer(f"The rates of {market_token} are not in order of time")
    if not told:
        return ()
    sign = _sign(told)
    return tuple(_reading(one, sign) for one in told)


def _address(row: Any) -> str:
    return reading.text(reading.field(row, "marketAddress", "Rates"), "marketAddress").lower()


def _told(value: Any) -> _Told:
    row = reading.mapping(value, "A snapshot of rates")
    long, short = (
        _Side(*(_rate(row, f"{kind}Rate{side}") for kind in ("funding", "borrowing", "net")))
        for side in ("Long", "Short")
    )
    at = reading.moment(reading.field(row, "timestamp", "A snapshot of rates"), "timestamp")
    return _Told(at, (long, short))


def _rate(row: Any, name: str) -> int:
    return reading.integer(reading.field(row, name, "A snapshot of rates"), name)


def _sign(told: Sequence[_Told]) -> int:
    """Tell what a positive funding rate means: 1 received, -1 paid; raises MalformedAnswer."""
    signs = {_sign_of(side) for one in told for side in one.sides if side.borrowing != 0}
    if len(signs) == 1 and (sign := signs.pop()) != 0:
        return sign
    raise MalformedAnswer(
        "It cannot be told from the rates whether a positive one is received or paid"
    )


def _sign_of(side: _Side) -> int:
    """Borrowing is always paid, so its sign in the net rate gives the sign of what is paid."""
    if side.net == side.funding - side.borrowing and side.borrowing > 0:
        return 1
    if side.net == side.funding + side.borrowing:
        return -1 if side.borrowing > 0 else 1
    return 0


def _reading(told: _Told, sign: int) -> FundingReading:
    """Bring factors per second to shares per hour, rounded against us."""
    with exact():
        funding = [_hourly(sign * side.funding) for side in told.sides]
        borrowing = [_hourly(abs(side.borrowing)) for side in told.sides]
    if max(map(abs, [*funding, *borrowing])) > MOST_HOURLY_RATIO:
        raise MalformedAnswer(
            f"The rates of {told.at:%Y-%m-%d %H:%M} UTC are beyond 1 % an hour: a wrong scale"
        )
    return FundingReading(
        told.at,
        *(floor_to(one, TOKEN_QUANTUM) for one in funding),
        *(ceil_to(one, TOKEN_QUANTUM) for one in borrowing),
    )


def _hourly(factor: int) -> Decimal:
    return (Decimal(factor) * HOUR_SECONDS).scaleb(-RATE_DIGITS)
