"""The pieces that charts are drawn from: scales, ticks, paths and texts, as plain SVG.

Colours are attributes, which a printer's engine reads, and each shape has a class besides, by which
the page's style sheet gives it other colours in the dark. There is no style attribute and no script,
so that a strict content policy holds. All text is escaped.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from atlas.domain.metrics import date_of, day_number

FONT = "sans-serif"
TEXT_SIZE = 12
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_LEAST_SHARE = 1e-9
_LEAST_SPAN = 1e-300
# Months between ticks of a time axis, from fine to coarse.
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from values onto a stretch of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Give round values from at or below `low` to at or above `high`, two or more.

    There are at most `most` of them, or one more for the rounding at both ends.
    """
    size = max(abs(low), abs(high))
    if high - low <= max(size * _LEAST_SHARE, _LEAST_SPAN):  # too little to be parted
        room = 0.5 * size if size > _LEAST_SPAN else 0.5
        low, high = low - room, high + room
    wanted = (high - low) / max(most - 1, 1)
    power = math.floor(math.log10(wanted))
    step = next(one * 10.0**power for one in _ROUND if one * 10.0**power >= wanted * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 2 - power)
    return [round(place * step, digits) for place in range(first, last + 1)]


def month_ticks(first_day: int, last_day: int, *, most: int = 7) -> list[tuple[int, str]]:
    """Give firsts of months between two days with their words: a year in January, else the month."""
    first, last = date_of(first_day), date_of(last_day)
    months = (last.year - first.year) * _MONTHS + last.month - first.month
    step = next((one for one in _MONTH_STEPS if months / one <= most), _MONTH_STEPS[-1])
    found = []
    for month in range(first.year * _MONTHS + first.month - 1, last.year * _MONTHS + last.month):
        on = date(month // _MONTHS, month % _MONTHS + 1, 1)
        if month % step == 0 and first <= on <= last:
            found.append((day_number(on), f"{on:%Y}" if on.month == 1 else f"{on:%b %y}"))
    return found or [(first_day, str(first))]


def line(
    x1: float, y1: float, x2: float, y2: float, *, css: str, stroke: str, width: float = 1
) -> str:
    """Draw a straight line."""
    return (
        f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{stroke}" stroke-width="{width:g}"/>'
    )


def text(
    x: float, y: float, words: str, *, css: str = "c-text", fill: str = "#4b5563", at: str = "start"
) -> str:
    """Write words; `at` says which point of them stands at x: start, middle or end."""
    return (
        f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" fill="{fill}" font-family="{FONT}" '
        f'font-size="{TEXT_SIZE}" text-anchor="{at}">{escape(words)}</text>'
    )


def rectangle(
    x: float, y: float, width: float, height: float, *, css: str, fill: str, label: str = ""
) -> str:
    """Draw a filled rectangle; its label shows where a pointer rests on it."""
    inner = f"><title>{escape(label)}</title></rect>" if label else "/>"
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" '
        f'height="{max(height, 0.5):.1f}" fill="{fill}"{inner}'
    )


def runs(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Part points into runs without a hole; a y that is no number is a hole."""
    found: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if math.isnan(y):
            found.append([])
        else:
            found[-1].append((x, y))
    return [run for run in found if run]


def polyline(
    points: Sequence[tuple[float, float]], *, css: str, stroke: str, dash: str = ""
) -> str:
    """Draw a line through points, broken where there is a hole; a lone point is a dot."""
    parts = []
    for run in runs(points):
        drawn = run if len(run) > 1 else [*run, (run[0][0] + 0.1, run[0][1])]
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in drawn))
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path class="{css}" d="{"".join(parts)}" fill="none" stroke="{stroke}" '
        f'stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"{dashed}/>'
    )


def area(points: Sequence[tuple[float, float]], base: float, *, css: str, fill: str) -> str:
    """Fill what lies between points and a base line."""
    parts = []
    for run in runs(points):
        outline = [(run[0][0], base), *run, (run[-1][0], base)]
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in outline) + "Z")
    return f'<path class="{css}" d="{"".join(parts)}" fill="{fill}" fill-opacity="0.18"/>'


def drawing(width: int, height: int, *, label: str, parts: Iterable[str]) -> str:
    """Put parts into a drawing that is as wide as the page lets it be."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
