"""Numbers as a reader of the printed report sees them: few digits, a real minus, narrow spaces.

The exact number stands in the document, and in the page as the machine-readable value beside each.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from atlas.domain.metrics import Unit

MINUS = "\u2212"
NARROW = "\u202f"  # no line breaks at it
NOTHING = "\u2013"
DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
CENTS_UP_TO = 10_000
SHORT_UP_TO = 1_000


def percent(value: float, *, digits: int | None = None, signed: bool = False) -> str:
    """Word a ratio in percent, with as many digits as it takes unless their number is given."""
    number = value * 100
    text = _brief(number) if digits is None else f"{number:,.{digits}f}"
    return _with_sign(text, signed=signed) + f"{NARROW}%"


def plain_number(value: float, *, digits: int | None = None) -> str:
    """Word a number, with as many digits as it takes unless their number is given."""
    return _with_sign(_brief(value) if digits is None else f"{value:,.{digits}f}")


def dollars(value: float | Decimal, *, signed: bool = False) -> str:
    """Word an amount of dollars, cents where it is small."""
    digits = 2 if -CENTS_UP_TO < value < CENTS_UP_TO else 0
    text = _with_sign(f"{value:,.{digits}f}", signed=signed)
    return f"{text[0]}${text[1:]}" if text[0] in f"+{MINUS}" else f"${text}"


def days(value: float) -> str:
    """Word a number of days."""
    return _with_sign(f"{value:,.0f}") + f"{NARROW}d"


def duration(seconds: float) -> str:
    """Word a length of time."""
    if seconds >= DAY_SECONDS:
        return f"{seconds / DAY_SECONDS:,.1f}{NARROW}d"
    return f"{seconds / HOUR_SECONDS:,.1f}{NARROW}h"


def day(on: date | None) -> str:
    """Word a day."""
    return NOTHING if on is None else on.isoformat()


def metric(value: float | Decimal | None, unit: Unit) -> str:
    """Word the value of a metric by its unit."""
    if value is None:
        return NOTHING
    return dollars(value) if unit is Unit.USD else _WORDED[unit](float(value))


def difference(value: float | Decimal | None, unit: Unit) -> str:
    """Word the difference of two values of a metric: that of percents is in percentage points."""
    if value is None:
        return NOTHING
    if unit is Unit.RATIO:
        return _with_sign(f"{float(value) * 100:,.2f}", signed=True) + f"{NARROW}pp"
    return metric(value, unit)


def _brief(number: float) -> str:
    """Write a number with four digits, all of them where it is large."""
    return f"{number:,.0f}" if abs(number) >= SHORT_UP_TO else f"{number:.4g}"


def _with_sign(text: str, *, signed: bool = False) -> str:
    """Give a number a real minus, and a plus where it is wanted; nothing is ever minus zero."""
    is_zero = not text.strip("-0.,")
    if text.startswith("-"):
        return text[1:] if is_zero else MINUS + text[1:]
    return f"+{text}" if signed and not is_zero else text


_WORDED: Mapping[Unit, Callable[[float], str]] = {
    Unit.RATIO: lambda value: percent(value, digits=2),
    Unit.NUMBER: lambda value: plain_number(value, digits=2),
    Unit.COUNT: lambda value: plain_number(value, digits=0),
    Unit.DAYS: days,
    Unit.SECONDS: duration,
}
