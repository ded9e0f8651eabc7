"""How the console writes states, ages, figures and lines."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from atlas.console.colours import TONES, Tone, tone_of
from atlas.console.display import pill
from atlas.console.sparkline import sparkline
from atlas.console.wording import age, left, percent, plain, usd
from atlas.domain.states import LIFECYCLES, SwitchState, TradingMode
from execution.vocabulary import DeploymentStatus
from onchain.vocabulary import VaultStatus
from strategies.vocabulary import StrategyStatus, TradeResult

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
STYLES = (ROOT / "atlas/static/atlas/console/console.css").read_text(encoding="utf-8")
LIFECYCLE_STATES = sorted({state for table in LIFECYCLES.values() for state in table})
OTHER_STATES = [
    member.value
    for enum in (
        SwitchState,
        TradingMode,
        DeploymentStatus,
        VaultStatus,
        StrategyStatus,
        TradeResult,
    )
    for member in enum
]


@pytest.mark.parametrize("state", [*LIFECYCLE_STATES, *OTHER_STATES])
def test_every_state_has_a_colour(state):
    assert state.upper() in TONES


@pytest.mark.parametrize("tone", list(Tone))
def test_every_colour_is_in_the_style_sheet_for_light_and_dark_pages(tone):
    assert f".ak-{tone} {{" in STYLES
    assert f".ak-bar-{tone}, " in STYLES
    assert STYLES.count(f"--ak-{tone}-bg:") == 2


def relative_luminance(colour):
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("tone", list(Tone))
def test_words_on_their_colour_can_be_read_in_light_and_in_dark(tone):
    words = re.findall(rf"--ak-{tone}: (#\w{{6}});", STYLES)
    grounds = re.findall(rf"--ak-{tone}-bg: (#\w{{6}});", STYLES)
    assert len(words) == len(grounds) == 2
    for word, ground in zip(words, grounds, strict=True):
        light, dark = sorted(map(relative_luminance, (word, ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_pill_shows_the_word_beside_its_colour_and_escapes_it():
    assert pill("APPLIED_PARTIAL") == '<span class="ak-pill ak-caution">APPLIED PARTIAL</span>'
    assert "<script" not in pill("<script>")
    assert tone_of("<script>") is Tone.QUIET


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59, milliseconds=900), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
        (-timedelta(seconds=5), "0 s"),
    ],
)
def test_ages_are_worded_in_their_two_largest_units(passed, words):
    assert age(NOW - passed, now=NOW) == words


def test_what_has_ended_has_no_time_left():
    assert left(NOW + timedelta(minutes=3), now=NOW) == "3 min"
    assert left(NOW, now=NOW) == "over"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (usd(Decimal("1234567.891")), "1,234,567.89 USD"),
        (usd(Decimal("-0.005")), "-0.00 USD"),
        (usd(None), "-"),
        (percent(Decimal("0.012345")), "+1.23 %"),
        (percent(Decimal("-0.5")), "-50.00 %"),
        (plain(Decimal("100.500000000000000000")), "100.5"),
        (plain(Decimal("100")), "100"),
        (plain(Decimal("0E-18")), "0"),
    ],
)
def test_figures_are_written_for_reading(written, expected):
    assert written == expected


def test_a_line_runs_from_the_left_to_the_right_and_from_the_lowest_to_the_highest():
    line = sparkline([Decimal(1), Decimal(3), Decimal(2)], width=104, height=24)
    assert line is not None
    assert line.points == "2.0,22.0 52.0,2.0 102.0,12.0"


def test_a_series_that_does_not_move_is_a_line_through_the_middle():
    line = sparkline([Decimal(5)] * 3, width=104, height=24)
    assert line is not None
    assert {point.split(",")[1] for point in line.points.split()} == {"12.0"}


def test_one_point_is_no_line():
    assert sparkline([Decimal(1)]) is None
