"""The charts of the printed report: pure functions from columns of numbers to SVG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from strategies.report.svg import (
    Scale,
    area,
    drawing,
    line,
    month_ticks,
    polyline,
    rectangle,
    text,
    ticks,
)
from strategies.report.wording import dollars, percent, plain_number

WIDTH, HEIGHT = 480, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 26, 28
BLUE, AMBER, RED, GREEN, GREY = "#1d4ed8", "#a16207", "#b91c1c", "#15803d", "#d5dae1"
DARK_GREY = "#6b7280"

Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; values that are no numbers are holes."""

    name: str
    values: Sequence[float]
    css: str = "c-own"
    stroke: str = BLUE
    dash: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a waterfall: from one level to another; totals stand on the ground."""

    name: str
    start: float
    end: float
    is_total: bool = False


def line_chart(
    label: str, days: Sequence[int], lines: Sequence[Line], *, worded: Format = percent
) -> str:
    """Draw lines over days; zero is always in sight."""
    if not days:
        return ""
    known = [value for one in lines for value in one.values if not math.isnan(value)]
    across, up = _scales(days, [*known, 0.0])
    parts = [*_grid(up, worded), *_calendar(days, across)]
    for one in lines:
        points = [(across(day), up(value)) for day, value in zip(days, one.values, strict=True)]
        parts.append(polyline(points, css=one.css, stroke=one.stroke, dash=one.dash))
    return drawing(WIDTH, HEIGHT, label=label, parts=[*parts, *_legend(lines)])


def fall_chart(label: str, days: Sequence[int], falls: Sequence[float]) -> str:
    """Draw how far below its peak the NAV lay, hanging from zero."""
    if not days:
        return ""
    across, up = _scales(days, [*falls, 0.0])
    points = [(across(day), up(fall)) for day, fall in zip(days, falls, strict=True)]
    shape = [
        area(points, up(0.0), css="c-fall-area", fill=RED),
        polyline(points, css="c-fall", stroke=RED),
    ]
    parts = [*_grid(up, percent), *_calendar(days, across), *shape]
    return drawing(WIDTH, HEIGHT, label=label, parts=parts)


def bar_chart(label: str, edges: Sequence[float], counts: Sequence[int]) -> str:
    """Draw a histogram: losses left of zero, gains right of it."""
    if not counts:
        return ""
    across = Scale(edges[0], edges[-1], LEFT, WIDTH - RIGHT)
    levels = ticks(0, max(counts), most=5)
    up = Scale(levels[0], levels[-1], HEIGHT - BOTTOM, TOP)
    parts = _grid(up, plain_number)
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        css, fill = ("c-loss", RED) if high <= 0 else ("c-gain", GREEN)
        words = f"{percent(low)} to {percent(high)}: {count}"
        top = up(count)
        parts.append(
            rectangle(
                across(low) + 0.5,
                top,
                across(high) - across(low) - 1,
                up(0) - top,
                css=css,
                fill=fill,
                label=words,
            )
        )
    marks = [one for one in ticks(edges[0], edges[-1], most=6) if edges[0] <= one <= edges[-1]]
    parts += [text(across(one), HEIGHT - 8, percent(one), at="middle") for one in marks]
    return drawing(WIDTH, HEIGHT, label=label, parts=parts)


def waterfall(label: str, bars: Sequence[Bar]) -> str:
    """Draw how one level became another, a bar a step."""
    left, row, height = 150, 22, 22 * len(bars) + 8
    ends = [level for one in bars for level in (one.start, one.end)]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.02 or 1.0
    across = Scale(low - room, high + room, left, WIDTH - 96)
    parts = []
    for place, one in enumerate(bars):
        y = 4 + place * row
        start, end = sorted((across(one.start), across(one.end)))
        css, fill = ("c-total", DARK_GREY) if one.is_total else _sign(one.end - one.start)
        words = dollars(one.end if one.is_total else one.end - one.start, signed=not one.is_total)
        parts += [
            text(left - 8, y + 14, one.name, at="end"),
            rectangle(start, y + 2, end - start, row - 6, css=css, fill=fill),
            text(WIDTH - 2, y + 14, words, at="end"),
        ]
    return drawing(WIDTH, height, label=label, parts=parts)


def _sign(change: float) -> tuple[str, str]:
    """Choose the colour of a step."""
    return ("c-gain", GREEN) if change >= 0 else ("c-loss", RED)


def _scales(days: Sequence[int], values: Sequence[float]) -> tuple[Scale, Scale]:
    """Lay days and values out over the drawing."""
    levels = ticks(min(values), max(values))
    last = days[-1] if days[-1] > days[0] else days[0] + 1
    across = Scale(days[0], last, LEFT, WIDTH - RIGHT)
    return across, Scale(levels[0], levels[-1], HEIGHT - BOTTOM, TOP)


def _grid(up: Scale, worded: Format) -> list[str]:
    """Draw a line and its words at each round value; the one at zero is darker."""
    parts = []
    for level in ticks(up.low, up.high):
        y = up(level)
        css, stroke = ("c-zero", DARK_GREY) if level == 0 else ("c-grid", GREY)
        parts.append(line(LEFT, y, WIDTH - RIGHT, y, css=css, stroke=stroke, width=0.8))
        parts.append(text(LEFT - 6, y + 4, worded(level), at="end"))
    return parts


def _calendar(days: Sequence[int], across: Scale) -> list[str]:
    """Write the months below, none so near an end that its words would be cut off."""
    parts = []
    for day, words in month_ticks(days[0], days[-1]):
        x = min(max(across(day), LEFT + 16.0), WIDTH - 22.0)
        parts.append(text(x, HEIGHT - 8, words, at="middle"))
    return parts


def _legend(lines: Sequence[Line]) -> list[str]:
    """Name the lines above the chart, where there are several."""
    if len(lines) == 1:
        return []
    parts, x = [], float(LEFT)
    for one in lines:
        parts.append(
            polyline([(x, 11), (x + 20, 11)], css=one.css, stroke=one.stroke, dash=one.dash)
        )
        parts.append(text(x + 26, 15, one.name))
        x += 46 + 6.6 * len(one.name)
    return parts
