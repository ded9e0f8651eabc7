"""Checks beyond the schema: order, plausibility, agreement between records."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.formats.checks import Thresholds
from imports.formats.series import jumps_in, longest_rise
from imports.formats.vocabulary import Kind, Severity
from tests.imports.builders import (
    ACCOUNT,
    VAULT,
    as_bytes,
    as_lines,
    benchmark,
    document,
    point,
    report,
    strategy,
    trade,
    vault,
)
from tests.imports.reading import NOW, read

START = datetime(2025, 1, 1, tzinfo=UTC)


def with_points(*points, **header):
    """Read a document whose strategy has these points and nothing else."""
    alone = strategy(performance=list(points), holdings=[], trades=[], reports=[])
    return read(as_bytes(document(strategies=[alone], **header)))


def test_a_second_point_at_the_same_time_is_a_duplicate():
    found = with_points(point(1), point(2), point(2, 1.1), point(3))
    assert [(p.code, p.path) for p in found.problems] == [
        ("duplicate_key", "/strategies/0/performance/2")
    ]
    assert len(found.good(Kind.PERFORMANCE)["alpha"]) == 3


def test_the_same_moment_in_another_time_zone_is_the_same_moment():
    found = with_points(point(2), point(as_of_at="2025-01-02T02:00:00+02:00"))
    assert found.codes == ["duplicate_key"]
    (problem,) = found.problems
    assert problem.key == "backtest 2025-01-02T00:00:00Z"


def test_one_misplaced_point_among_many_is_one_problem():
    points = [point(day) for day in (1, 2, 3, 28, 4, 5, 6, 7)]
    found = with_points(*points)
    assert [(p.code, p.path) for p in found.problems] == [
        ("out_of_order", "/strategies/0/performance/3")
    ]


def test_series_of_different_sources_are_ordered_each_by_itself():
    points = [point(2), point(1, source="live"), point(3), point(2, source="live")]
    assert with_points(*points).problems == []


def test_order_is_kept_across_the_chunks_of_lines():
    line = b'{"record":"performance","strategy":"alpha",'
    data = as_lines(document(strategies=[strategy(performance=[point(3)])]))
    data += line + as_bytes(point(2))[1:] + b"\n"
    assert read(data).codes == ["out_of_order"]


def test_a_point_in_the_future_does_not_spoil_those_after_it():
    found = with_points(point(1), point(as_of_at="2042-01-01T00:00:00Z"), point(2))
    assert [(p.code, p.path) for p in found.problems] == [
        ("implausible_time", "/strategies/0/performance/1")
    ]


def test_clocks_may_differ_by_minutes():
    soon = NOW + timedelta(minutes=4)
    assert with_points(point(as_of_at=soon.isoformat())).problems == []
    later = NOW + timedelta(minutes=6)
    assert with_points(point(as_of_at=later.isoformat())).codes == ["implausible_time"]


@pytest.mark.parametrize("at", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00+02:00"])
def test_a_time_before_computers_is_implausible(at):
    assert with_points(point(as_of_at=at)).codes == ["implausible_time"]


def test_a_jump_is_flagged_and_the_point_still_counts():
    found = with_points(point(1, 1.0), point(2, 1.6), point(3, 1.7))
    (problem,) = found.problems
    assert (problem.code, problem.severity) == ("jump", Severity.WARNING)
    assert "jumps: 1 to 1.6 (+60.0%)" in problem.message
    assert len(found.good(Kind.PERFORMANCE)["alpha"]) == 3


def test_a_single_wild_point_is_one_outlier_and_not_two_jumps():
    found = with_points(point(1, 1.0), point(2, 100.0), point(3, 1.01))
    assert [p.message for p in found.problems] == [
        "nav_per_share_usd is an outlier: 1 to 100 (+9900.0%)."
    ]


def test_the_threshold_of_a_jump_is_the_sources_own():
    points = [point(1, 1.0), point(2, 1.2)]
    alone = strategy(performance=points, reports=[])
    data = as_bytes(document(strategies=[alone]))
    assert read(data).codes == []
    assert read(data, thresholds=Thresholds(jump_ratio=0.1)).codes == ["jump"]


def test_benchmark_prices_are_checked_like_series():
    prices = [{"as_of_at": f"2025-01-0{day}T00:00:00Z", "price_usd": 9.0} for day in (2, 1)]
    found = read(as_bytes(document(benchmarks=[benchmark(points=prices)])))
    assert found.codes == ["out_of_order"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"closed_at": "2025-01-01T00:00:00Z"}, "closed_at"),
        ({"result": "open"}, "result"),
        ({"closed_at": None}, "result"),
        ({"opened_at": "2030-01-01T00:00:00Z", "closed_at": "2030-01-02T00:00:00Z"}, "opened_at"),
    ],
)
def test_a_trade_that_contradicts_itself_is_turned_down(changes, field):
    found = read(as_bytes(document(strategies=[strategy(trades=[trade(**changes)], reports=[])])))
    assert field in {problem.field for problem in found.problems}
    assert all(problem.is_error for problem in found.problems)
    assert found.good(Kind.TRADE) == {"alpha": []}


def test_an_open_trade_has_no_end():
    still_open = trade(closed_at=None, exit_price_usd=None, pnl_usd=None, result="open")
    assert read(as_bytes(document(strategies=[strategy(trades=[still_open])]))).problems == []


def test_an_address_with_a_wrong_digit_is_found_by_its_checksum():
    wrong = VAULT[:-1] + ("0" if VAULT[-1] != "0" else "1")
    found = read(as_bytes(document(vaults=[vault(address=wrong)])))
    assert found.codes == ["wrong_address"]
    assert found.good(Kind.VAULT) == {"": []}


def test_an_address_in_one_case_is_taken_with_a_warning():
    found = read(as_bytes(document(vaults=[vault(address=VAULT.lower())])))
    assert [(p.code, p.severity) for p in found.problems] == [
        ("unchecked_address", Severity.WARNING)
    ]
    assert found.good(Kind.VAULT) == {"": [ACCOUNT]}


def test_points_of_a_vault_named_with_a_wrong_checksum_are_turned_down():
    swapped = ACCOUNT[:-40] + VAULT[2:].swapcase()
    line = as_bytes({"record": "performance", "vault": swapped, **point(9)})
    found = read(as_lines(document()) + line)
    assert found.codes == ["wrong_address"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"rule": "crystal_ball"}, "unknown_rule", "rule"),
        ({"parameters": {"fast_bars": 30, "slow_bars": 21}}, "invalid_parameters", "parameters"),
        ({"parameters": {"fats_bars": 8}}, "invalid_parameters", "parameters"),
    ],
)
def test_a_rule_that_cannot_run_here_is_a_warning(changes, code, field):
    (problem,) = read(as_bytes(document(strategies=[strategy(**changes)]))).problems
    assert (problem.code, problem.field, problem.severity) == (code, field, Severity.WARNING)


CLAIMS = {
    "total_return_ratio": 0.02,
    "max_drawdown_ratio": 0.0,
    "trade_count": 1,
    "win_rate_ratio": 1.0,
}


def test_claims_that_follow_from_the_records_pass():
    assert read(as_bytes(document(strategies=[strategy(reports=[report(**CLAIMS)])]))).codes == []


@pytest.mark.parametrize("metric", CLAIMS)
def test_a_claim_that_differs_from_ours_is_shown_with_both_numbers(metric):
    claimed = report(**CLAIMS | {metric: 0.5})
    (problem,) = read(as_bytes(document(strategies=[strategy(reports=[claimed])]))).problems
    assert (problem.code, problem.field) == ("claim_differs", metric)
    assert "claims" in problem.message
    assert f"{CLAIMS[metric]:g}" in problem.message


def test_a_drawdown_may_be_claimed_with_either_sign():
    points = [point(1, 1.0), point(2, 0.9), point(3, 0.95)]
    for claimed in (0.1, -0.1):
        made = strategy(performance=points, reports=[report(max_drawdown_ratio=claimed)])
        assert read(as_bytes(document(strategies=[made]))).codes == []


def test_a_delta_holds_too_little_to_judge_claims():
    made = strategy(reports=[report(trade_count=99)])
    assert read(as_bytes(document(strategies=[made], mode="delta"))).codes == []


@given(st.lists(st.integers(0, 40), max_size=40), st.none() | st.integers(0, 40))
def test_the_longest_rise_rises_and_none_is_longer(days, after):
    times = [START + timedelta(days=day) for day in days]
    last = None if after is None else START + timedelta(days=after)
    kept = [times[place] for place in longest_rise(times, after=last)]
    assert all(a < b for a, b in pairwise(kept))
    assert all(last is None or at > last for at in kept)
    best = [0] * len(times)
    for i, at in enumerate(times):
        if last is None or at > last:
            best[i] = 1 + max((best[j] for j in range(i) if best[j] and times[j] < at), default=0)
    assert len(kept) == max(best, default=0)


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30), st.floats(0.01, 5))
def test_there_is_a_jump_exactly_where_a_step_exceeds_the_threshold(values, threshold):
    jumps = list(jumps_in(values, before=0.0, threshold_ratio=threshold))
    steps = {i for i in range(1, len(values)) if abs(values[i] / values[i - 1] - 1.0) > threshold}
    found = {jump.index for jump in jumps}
    undone = {jump.index + 1 for jump in jumps if jump.is_outlier}
    assert found | undone == steps
    assert all(jump.value == values[jump.index] for jump in jumps)
