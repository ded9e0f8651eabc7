"""The charts of the printed report: pure functions from columns to SVG that any reader can draw."""

import math
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.metrics import Unit, day_number
from strategies.report import wording
from strategies.report.charts import Bar, Line, bar_chart, fall_chart, line_chart, waterfall
from strategies.report.svg import month_ticks, ticks

SVG = "{http://www.w3.org/2000/svg}"
DAY = day_number(date(2024, 1, 1))
FINITE = st.floats(-1e6, 1e6)


def drawn(text):
    return ElementTree.fromstring(text)


def texts_of(chart):
    return [one.text for one in drawn(chart).iter(f"{SVG}text")]


@given(FINITE, FINITE)
def test_ticks_are_round_rise_and_hold_the_values_between_them(one, other):
    low, high = min(one, other), max(one, other)
    found = ticks(low, high)
    assert 2 <= len(found) <= 8
    assert found == sorted(set(found))
    span = max(high - low, 1e-300)
    assert found[0] <= low + 1e-6 * span
    assert found[-1] >= high - 1e-6 * span


def test_ticks_are_multiples_of_a_round_step():
    assert ticks(-0.31, 0.44) == [-0.4, -0.2, 0.0, 0.2, 0.4, 0.6]
    assert ticks(0, 77, most=5) == [0, 20, 40, 60, 80]
    assert ticks(3, 3)[0] < 3 < ticks(3, 3)[-1]


def test_months_are_named_and_a_january_is_its_year():
    found = month_ticks(DAY, DAY + 366)
    assert [words for _, words in found] == [
        *("2024", "Mar 24", "May 24", "Jul 24", "Sep 24", "Nov 24"),
        "2025",
    ]
    years = month_ticks(DAY, DAY + 12 * 365)
    assert all(len(words) == 4 for _, words in years)
    assert len(years) <= 8
    assert month_ticks(DAY + 3, DAY + 9) == [(DAY + 3, "2024-01-04")]


def test_a_line_is_broken_where_there_is_no_number():
    line = Line("b", [0.0, 0.1, math.nan, 0.2, 0.3])
    chart = line_chart("x", [DAY + n for n in range(5)], [line])
    (path,) = [one.get("d") for one in drawn(chart).iter(f"{SVG}path")]
    assert path.count("M") == 2
    assert "nan" not in chart


def test_several_lines_have_a_legend_and_one_has_none():
    days = [DAY, DAY + 40]
    two = line_chart("x", days, [Line("Ours <b>", [0, 1]), Line("Theirs", [0, 2])])
    assert {"Ours <b>", "Theirs"} <= {*texts_of(two)}
    assert "Ours" not in texts_of(line_chart("x", days, [Line("Ours", [0, 1])]))


@given(
    st.lists(st.floats(-0.999, 1e4), min_size=1, max_size=60),
    st.integers(DAY, DAY + 20_000),
)
def test_any_line_is_drawn_within_its_frame(values, first):
    chart = line_chart("x", [first + n for n in range(len(values))], [Line("a", values)])
    assert "nan" not in chart
    assert "inf" not in chart
    (path,) = [one.get("d") for one in drawn(chart).iter(f"{SVG}path")]
    numbers = [float(one) for one in path.replace("M", " ").replace("L", " ").split()]
    assert all(51 <= x <= 471 for x in numbers[::2])
    assert all(25 <= y <= 203 for y in numbers[1::2])


def test_a_drawdown_hangs_from_zero():
    chart = fall_chart("x", [DAY, DAY + 1, DAY + 2], [0.0, -0.2, -0.1])
    area, edge = [one.get("d") for one in drawn(chart).iter(f"{SVG}path")]
    assert area.endswith("Z")
    assert edge.startswith("M52.0 26.0")


def test_losses_and_gains_have_their_colours_and_their_words():
    chart = bar_chart("x", [-0.02, -0.01, 0.0, 0.01], [3, 5, 7])
    bars = list(drawn(chart).iter(f"{SVG}rect"))
    assert [bar.get("class") for bar in bars] == ["c-loss", "c-loss", "c-gain"]
    titles = [bar.find(f"{SVG}title").text for bar in bars]
    assert titles[2].endswith("1\u202f%: 7")


def test_a_waterfall_leads_from_total_to_total():
    bars = [
        Bar("Opening NAV", 0, 1000, is_total=True),
        Bar("Trading PnL", 1000, 1250),
        Bar("Funding", 1250, 1200),
        Bar("Closing NAV", 0, 1200, is_total=True),
    ]
    chart = waterfall("x", bars)
    classes = [bar.get("class") for bar in drawn(chart).iter(f"{SVG}rect")]
    assert classes == ["c-total", "c-gain", "c-loss", "c-total"]
    assert {"$1,000.00", "+$250.00", "\u2212$50.00", "$1,200.00"} <= {*texts_of(chart)}


@pytest.mark.parametrize(
    "chart",
    [line_chart("x", [], []), fall_chart("x", [], []), bar_chart("x", [], [])],
)
def test_nothing_is_drawn_of_nothing(chart):
    assert chart == ""


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.12345, Unit.RATIO, "12.35\u202f%"),
        (-0.5, Unit.RATIO, "\u221250.00\u202f%"),
        (-0.000001, Unit.RATIO, "0.00\u202f%"),
        (1.005, Unit.NUMBER, "1.00"),
        (-1234.5, Unit.NUMBER, "\u22121,234.50"),
        (89, Unit.COUNT, "89"),
        (12.0, Unit.DAYS, "12\u202fd"),
        (7200.0, Unit.SECONDS, "2.0\u202fh"),
        (180_000.0, Unit.SECONDS, "2.1\u202fd"),
        (-12.5, Unit.USD, "\u2212$12.50"),
        (1_234_567.891, Unit.USD, "$1,234,568"),
        (None, Unit.RATIO, "\u2013"),
    ],
)
def test_numbers_are_worded_for_the_eye(value, unit, words):
    assert wording.metric(value, unit) == words


def test_differences_of_percents_are_percentage_points():
    assert wording.difference(0.0512, Unit.RATIO) == "+5.12\u202fpp"
    assert wording.difference(-0.1, Unit.NUMBER) == "\u22120.10"
    assert wording.difference(None, Unit.RATIO) == "\u2013"
