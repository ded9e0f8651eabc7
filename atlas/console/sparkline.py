"""A series as a small line: SVG that needs no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

PAD = 2  # half a line's width and a little, so that no peak is cut


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The line of a series in a box of `width` by `height` user units, newest point at the right."""

    width: int
    height: int
    points: str


def sparkline(values: Sequence[Decimal], *, width: int = 160, height: int = 40) -> Sparkline | None:
    """Draw a series of at least two values, evenly spaced; None where there is no line to draw.

    A series that does not move is a line through the middle.
    """
    if len(values) < 2:  # noqa: PLR2004  # one point is no line
        return None
    low, high = min(values), max(values)
    step = (width - 2 * PAD) / (len(values) - 1)
    room = height - 2 * PAD
    points = " ".join(
        f"{PAD + index * step:.1f},{PAD + room * (1 - _share(value, low, high)):.1f}"
        for index, value in enumerate(values)
    )
    return Sparkline(width, height, points)


def place_across(index: int, count: int, *, width: int) -> str:
    """Say how far across the box a point of the line stands, as the line itself is drawn."""
    step = (width - 2 * PAD) / (count - 1) if count > 1 else 0
    return f"{PAD + index * step:.1f}"


def _share(value: Decimal, low: Decimal, high: Decimal) -> float:
    """Say where a value lies between the lowest (0) and the highest (1)."""
    return float((value - low) / (high - low)) if high > low else 0.5
