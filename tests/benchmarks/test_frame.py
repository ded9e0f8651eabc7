"""The frame of the benchmarks: what it prints, and when it says that a goal was missed."""

import io
import json
import subprocess
import sys
import time

import pytest

from benchmarks.frame import Figure, Goal, interleaved_medians, peak_memory_mb, publish

AT_MOST_THREE_TIMES = Goal("ratio", "<=", 3.0)


def published(*figures):
    out = io.StringIO()
    code = publish(figures, out=out)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_figure_is_one_line_with_exactly_the_promised_keys():
    code, (line,) = published(Figure("parse", 1.5, "s", yardstick=0.75, goal=AT_MOST_THREE_TIMES))
    assert code == 0
    assert line == {
        "name": "parse",
        "value": 1.5,
        "unit": "s",
        "yardstick": 0.75,
        "ratio": 2.0,
        "goal": "ratio <= 3",
        "met": True,
    }


def test_one_missed_goal_among_met_ones_is_exit_code_one_and_every_figure_is_still_printed():
    met = Figure("a", 1.0, "s", yardstick=1.0, goal=AT_MOST_THREE_TIMES)
    missed = Figure("b", 3.1, "s", yardstick=1.0, goal=AT_MOST_THREE_TIMES)
    code, lines = published(met, missed, met)
    assert code == 1
    assert [line["met"] for line in lines] == [True, False, True]


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal("value", "<=", 30), 30.0, True),
        (Goal("value", "<=", 30), 30.01, False),
        (Goal("value", ">=", 20), 20.0, True),
        (Goal("value", ">=", 20), 19.9, False),
    ],
)
def test_a_bound_itself_meets_the_goal(goal, value, met):
    assert Figure("x", value, "s", goal=goal).met is met


def test_a_goal_on_a_ratio_without_a_yardstick_is_missed_not_skipped():
    code, (line,) = published(Figure("x", 0.1, "s", goal=AT_MOST_THREE_TIMES))
    assert (code, line["ratio"], line["met"]) == (1, None, False)


def test_a_figure_without_a_goal_is_told_and_never_missed():
    code, (line,) = published(Figure("memory", 900.0, "MB"))
    assert (code, line["goal"], line["met"]) == (0, None, None)


def test_calls_take_turns_and_the_median_ignores_one_slow_round():
    order = []

    def slow_once():
        order.append("a")
        time.sleep(0.2 if len(order) == 1 else 0.001)

    medians = interleaved_medians({"a": slow_once, "b": lambda: order.append("b")}, rounds=5)
    assert order == ["a", "b"] * 5
    assert medians["a"] < 0.1


def test_peak_memory_sees_what_a_child_held_for_a_moment():
    small = peak_memory_mb([sys.executable, "-I", "-c", "pass"])
    large = peak_memory_mb([sys.executable, "-I", "-c", "bytes(b'x' * 80_000_000)"])
    assert 60 < large - small < 130


def test_a_command_that_fails_gives_no_figure():
    with pytest.raises(subprocess.CalledProcessError):
        peak_memory_mb([sys.executable, "-I", "-c", "raise SystemExit(3)"])
