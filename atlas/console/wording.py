"""How the console writes ages and figures: short, and the same on every page."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOTHING = "-"
CENT = Decimal("0.01")
BASIS_POINT = Decimal("0.0001")


def age(since: datetime, *, now: datetime) -> str:
    """Word how long ago something was, in its two largest units: `4 s`, `3 min`, `2 h 5 min`."""
    passed = max(now - since, timedelta(0))
    if passed < MINUTE:
        return f"{passed.seconds} s"
    if passed < HOUR:
        return f"{passed // MINUTE} min"
    if passed < DAY:
        return f"{passed // HOUR} h {passed % HOUR // MINUTE} min"
    return f"{passed.days} d {passed % DAY // HOUR} h"


def left(until: datetime, *, now: datetime) -> str:
    """Word how long there is until something ends."""
    return age(now, now=until) if until > now else "over"


def usd(amount: Decimal | None) -> str:
    """Write an amount to the cent, rounded to even: for reading, never for reckoning."""
    if amount is None:
        return NOTHING
    return f"{amount.quantize(CENT, ROUND_HALF_EVEN):,} USD"


def percent(ratio: Decimal | None) -> str:
    """Write a ratio as a signed percentage with two places: `+1.25 %`."""
    if ratio is None:
        return NOTHING
    return f"{ratio.quantize(BASIS_POINT, ROUND_HALF_EVEN) * 100:+.2f} %"


def plain(number: Decimal | None) -> str:
    """Write a number without the zeros that its column adds."""
    if number is None:
        return NOTHING
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(at: datetime | None) -> str:
    """Write a time to the second, in UTC."""
    return NOTHING if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
