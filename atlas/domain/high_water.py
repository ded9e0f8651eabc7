"""The high-water mark of a share: the best value that it has held, not merely touched.

The mark rises only to the lowest of three consecutive values that lie a minute apart in all, so
that one wrong price cannot set a peak that every later value is measured by.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

HELD_POINTS = 3
HELD_FOR = timedelta(seconds=60)
# The first deposit buys one share a dollar.
OPENING_VALUE_USD = Decimal(1)


class Point(NamedTuple):
    """What a share was worth at a moment."""

    at: datetime
    value_usd: Decimal


def risen(mark_usd: Decimal, points: Sequence[Point]) -> Decimal:
    """Give the mark after these points, oldest first; it never falls."""
    for first, second, third in zip(points, points[1:], points[2:], strict=False):
        if third.at - first.at >= HELD_FOR:
            held_usd = min(first.value_usd, second.value_usd, third.value_usd)
            mark_usd = max(mark_usd, held_usd)
    return mark_usd
