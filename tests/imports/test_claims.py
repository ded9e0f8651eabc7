"""Claims of producers against our metrics of the record as it will be after the merge."""

import math
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from atlas.domain.metrics import MetricId
from imports.models import ImportIssue, ImportRun
from strategies.models import MetricsSnapshot
from strategies.vocabulary import Window
from tests.imports.builders import benchmark, document, report, strategy, trade
from tests.imports.world import NOW, issues_of

pytestmark = pytest.mark.django_db

DAYS = 120
CLAIMED_AT = "2025-12-31T00:00:00Z"


def day(number: int) -> str:
    return f"2025-{1 + number // 28:02d}-{1 + number % 28:02d}T00:00:00Z"


def points(count: int = DAYS, first: int = 0) -> list[dict[str, Any]]:
    """A series that goes up and down; some days are left out, as in real ones."""
    return [
        {
            "as_of_at": day(number),
            "nav_per_share_usd": round(1 + number / 400 + math.sin(number) / 50, 9),
            "source": "backtest",
            "aum_usd": 1000.0 + number,
        }
        for number in range(first, count)
    ]


def prices() -> dict[str, Any]:
    found = [
        {"as_of_at": day(number), "price_usd": 3000 + number + 40 * math.cos(number)}
        for number in range(DAYS)
    ]
    return benchmark(points=found)


def claiming(values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    claims = {"source": "backtest", "claimed_at": CLAIMED_AT, "metrics": values}
    trades = [
        trade(1, opened_at=day(1), closed_at=day(3), pnl_usd=50, pnl_ratio=0.05, result="win"),
        trade(2, opened_at=day(4), closed_at=day(5), pnl_usd=-20, pnl_ratio=-0.02, result="loss"),
        trade(3, opened_at=day(6), closed_at=day(8), pnl_usd=10, pnl_ratio=0.01, result="win"),
    ]
    made = {"performance": points(), "trades": trades, "holdings": [], "reports": [claims]}
    return strategy(**{**made, **changes})


def content(values: dict[str, Any], mode: str = "snapshot", **changes: Any) -> dict[str, Any]:
    return document(
        mode=mode, benchmarks=[prices()], strategies=[claiming(values, **changes)], vaults=[]
    )


def told(run: ImportRun) -> dict[str, str]:
    """Give what was said about claims, by metric."""
    return dict(run.issues.filter(code="claim_differs").values_list("field", "message"))


OURS_OF_TRADES = {
    "win_rate_ratio": 2 / 3,
    "trade_count": 3,
    "profit_factor": 3.0,
    "expectancy_usd": 40 / 3,
    "average_trade_duration": 5 / 3 * 86_400,
}


def ours(world) -> dict[str, float]:
    """Import without claims; give our headline figures and those of the trades."""
    world.run(content({"words": "none"}))
    found = MetricsSnapshot.objects.get(source="backtest", window=Window.ALL.value)
    names = ("total_return_ratio", "cagr_ratio", "volatility_ratio", "sharpe", "sortino")
    more = ("calmar", "max_drawdown_ratio", "win_rate_days_nonzero_ratio", "value_at_risk_95_ratio")
    return {name: getattr(found, name) for name in (*names, *more)} | OURS_OF_TRADES


def test_every_figure_of_ours_is_agreed_with_and_every_other_one_is_told_of(world):
    figures = ours(world)
    assert all(value is not None for value in figures.values())
    assert told(world.run(content(figures))) == {}
    wrong = {name: value * 1.5 + 1 for name, value in figures.items()}
    run = world.run(content(wrong))
    assert set(told(run)) == set(figures)
    assert run.warning_count == run.issues.filter(severity="warning").count()
    assert run.state == "APPLIED"


def test_all_metrics_that_the_registry_has_can_be_claimed(world):
    """What is no number of this record is not told of; everything else is wrong by much."""
    names = {metric.value for metric in MetricId}
    run = world.run(content(dict.fromkeys(names, 1e6)))
    silent = names - set(told(run))
    assert silent == {
        # Tables, lines, and what this record cannot say.
        *("monthly_return", "yearly_return"),
        *("rolling_sharpe", "rolling_volatility", "rolling_beta"),
    }


def test_a_claim_says_both_numbers_and_where_it_stands(world):
    run = world.run(content({"trade_count": 7}))
    issue = ImportIssue.objects.get(run=run, code="claim_differs")
    assert issue.message == (
        "The report claims trade_count 7, but the record up to 2025-12-31 gives 3; "
        "up to 0 apart would agree."
    )
    assert (issue.kind, issue.owner, issue.key) == ("claim", "alpha", "backtest trade_count")
    assert (issue.value, issue.severity) == ("7", "warning")
    assert issue.byte_length


@pytest.mark.parametrize(
    ("claimed", "is_told"), [(1.0, False), (1.019, False), (1.05, True), (0.95, True)]
)
def test_what_may_differ_is_a_share_of_our_figure(world, claimed, is_told):
    average = OURS_OF_TRADES["average_trade_duration"]
    run = world.run(content({"average_trade_duration": average * claimed}))
    assert bool(told(run)) is is_told


def test_a_depth_may_be_written_as_a_positive_number(world):
    depth = ours(world)["max_drawdown_ratio"]
    assert depth < 0
    assert told(world.run(content({"max_drawdown_ratio": -depth}))) == {}


def test_a_claim_counts_up_to_its_own_day_whatever_the_file_says_later(world):
    first, later = points()[0], points()[50]
    growth = later["nav_per_share_usd"] / first["nav_per_share_usd"] - 1
    values = {"total_return_ratio": growth}
    early = {"source": "backtest", "claimed_at": day(50), "metrics": values}
    made = document(benchmarks=[prices()], strategies=[claiming({}, reports=[early])], vaults=[])
    assert told(world.run(made)) == {}


def test_a_report_alone_is_held_against_the_record_that_is_here(world):
    world.run(content({"words": "none"}))
    later = claiming({"trade_count": 5, "total_return_ratio": 9.5}, performance=[], trades=[])
    run = world.run(document(mode="delta", benchmarks=[], strategies=[later], vaults=[]))
    assert set(told(run)) == {"trade_count", "total_return_ratio"}


def test_points_alone_are_held_against_the_report_that_is_here(world):
    before = points()[:60]
    right = before[-1]["nav_per_share_usd"] / before[0]["nav_per_share_usd"] - 1
    values = {"total_return_ratio": right}
    assert told(world.run(content(values, performance=before))) == {}
    more = claiming({}, performance=points()[60:], trades=[], reports=[])
    run = world.run(document(mode="delta", benchmarks=[], strategies=[more], vaults=[]))
    assert set(told(run)) == {"total_return_ratio"}
    issue = run.issues.get(code="claim_differs")
    assert issue.message.startswith("The report that is in the catalogue claims")
    assert (issue.path, issue.byte_start) == ("", None)


def test_of_a_snapshot_what_goes_no_longer_counts(world):
    world.run(content({"words": "none"}))
    left = points()[:30]
    right = left[-1]["nav_per_share_usd"] / left[0]["nav_per_share_usd"] - 1
    run = world.run(content({"total_return_ratio": right}, performance=left))
    assert run.changeset["kinds"]["performance"]["delete"] == DAYS - 30
    assert told(run) == {}


def test_the_same_content_in_other_bytes_says_the_same(world):
    wrong = content({"sharpe": 12, "trade_count": 4})
    first, again = world.run(wrong), world.run({**wrong, "note": "again"})
    assert again.pk != first.pk
    assert told(again).keys() == told(first).keys() == {"sharpe", "trade_count"}


def test_too_short_a_record_and_words_say_nothing(world):
    run = world.run(document(strategies=[strategy(reports=[report(sharpe=9, words="many")])]))
    assert issues_of(run) == []


def test_of_a_strategy_that_was_turned_down_nothing_is_said(world):
    values = {"trade_count": 7, "sharpe": 99}  # the first is told of from the file alone
    run = world.run(content(values, status="asleep"), is_dry_run=True)
    assert "in the same file" in told(run).pop("trade_count")
    assert "sharpe" not in told(run)


def test_the_number_of_questions_does_not_grow_with_the_strategies(world):
    def questions(count: int) -> int:
        made = [claiming({"sharpe": 9}, slug=f"s-{count}-{n}", name="x") for n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            run = world.run(
                document(mode="delta", benchmarks=[prices()], strategies=made, vaults=[]),
                is_dry_run=True,
                now=NOW,
            )
        assert len(told(run)) == 1
        assert run.issues.filter(code="claim_differs").count() == count
        return len(captured)

    questions(1)  # whatever is asked only once in a process
    assert questions(2) == questions(12)
