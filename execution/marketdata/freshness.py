"""Quotes that are fit to be used: positive, uncrossed, and not older than a source may be.

Age is measured by the later of our clock and the clock of the host that answered, so that a clock
of ours that runs late cannot make an old price young.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from atlas.domain.candles import FutureBar, ImpossibleBar, StaleData
from atlas.domain.quotes import Quote
from atlas.domain.units import PRICE_QUANTUM, ceil_to, exact, floor_to

CLOCK_SLACK = timedelta(seconds=5)  # how far a source's clock may run ahead of both others
MOST_USD = Decimal(10) ** 15  # no token costs more; a larger number is a wrong scale


def fit_quote(
    market: str,
    prices: tuple[Decimal, Decimal],
    *,
    at: datetime,
    source: str,
    now: datetime,
    served_at: datetime | None,
    max_age: timedelta,
) -> Quote:
    """Make a quote of a lower and an upper price, rounded outwards.

    Raises ImpossibleBar (not positive, crossed or no number), StaleData or FutureBar, each with
    the market and the time in its detail.
    """
    low, high = prices
    detail = {"market": market, "at": at.isoformat(), "source": source}
    if not (low.is_finite() and high.is_finite() and 0 < low <= high < MOST_USD):
        raise ImpossibleBar(
            f"{source} tells {market} from {low} to {high} at {at:%Y-%m-%d %H:%M:%S} UTC, which is "
            "no price.",
            detail=detail,
        )
    latest = max(now, served_at) if served_at is not None else now
    age = latest - at
    if age > max_age:
        raise StaleData(
            f"{source} tells a price of {market} of {at:%Y-%m-%d %H:%M:%S} UTC, {age} old; "
            f"{max_age} is the most.",
            detail={**detail, "age_seconds": int(age.total_seconds())},
        )
    if -age > CLOCK_SLACK:
        raise FutureBar(
            f"{source} tells a price of {market} of {at:%Y-%m-%d %H:%M:%S} UTC, which is {-age} "
            "ahead of our clock and its own.",
            detail=detail,
        )
    with exact():
        return Quote(market, floor_to(low, PRICE_QUANTUM), ceil_to(high, PRICE_QUANTUM), at, source)
