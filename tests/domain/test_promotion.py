"""Promotion: every criterion at its boundary, and what is unknown is not met."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.promotion import FOR_LIVE, FOR_PAPER, PromotionFacts, Stage, promotion_to

PAGE = (Path(__file__).resolve().parents[2] / "docs/promotion.md").read_text()
# A backtest that grows by nothing with a volatility of 20 % a year, and paper that does the same.
GOOD = PromotionFacts(
    backtest_days=365,
    backtest_cagr_ratio=0.0,
    backtest_volatility_ratio=0.2,
    backtest_drawdown_ratio=0.5,
    paper_days=30,
    paper_growth_ratio=1.0,
    paper_drawdown_ratio=0.75,
    paper_fills=10,
)
# Two standard deviations over 30 days: exp(2 * 0.2 * sqrt(30 / 365)).
EDGE = 1.12150


def missing(facts, stage=Stage.LIVE) -> set[str]:
    return {one.name for one in promotion_to(stage, facts).missing}


def test_a_record_at_every_boundary_is_enough():
    assert missing(GOOD) == set()
    assert promotion_to(Stage.LIVE, GOOD).is_open


@pytest.mark.parametrize(
    ("worse", "name"),
    [
        ({"backtest_days": 364}, "backtest time"),
        ({"backtest_drawdown_ratio": 0.51}, "backtest drawdown"),
        ({"paper_days": 29.9}, "paper time"),
        ({"paper_fills": 9}, "paper fills"),
        ({"paper_growth_ratio": EDGE + 0.001}, "drift from the backtest"),
        ({"paper_growth_ratio": 1 / (EDGE + 0.001)}, "drift from the backtest"),
        ({"paper_drawdown_ratio": 0.76}, "paper drawdown"),
        ({"open_breaches": ("drawdown is at 130 % of its limit",)}, "open breaches"),
        ({"broken_cycles": 1}, "errored or abandoned cycles in 7 days"),
    ],
)
def test_one_step_beyond_a_boundary_is_named_alone(worse, name):
    found = promotion_to(Stage.LIVE, replace(GOOD, **worse))
    assert {one.name for one in found.missing} == {name}
    assert not found.is_open
    assert found.missing[0].sentence.startswith(f"{name} is ")


@pytest.mark.parametrize("growth", [EDGE - 0.001, 1 / (EDGE - 0.001)])
def test_drift_within_two_sigmas_is_within_bounds(growth):
    assert missing(replace(GOOD, paper_growth_ratio=growth)) == set()


def test_drift_is_measured_from_what_the_backtest_promised():
    facts = replace(GOOD, backtest_cagr_ratio=1.0, paper_days=365, paper_growth_ratio=2.0)
    assert facts.drift_sigmas == pytest.approx(0)
    assert replace(facts, paper_growth_ratio=1.0).drift_sigmas == pytest.approx(-3.4657, abs=1e-3)


def test_what_is_unknown_is_not_met():
    nothing = PromotionFacts()
    assert missing(nothing) == {
        "backtest time",
        "backtest drawdown",
        "paper time",
        "paper fills",
        "drift from the backtest",
        "paper drawdown",
    }
    assert missing(nothing, Stage.PAPER) == {"backtest time", "backtest drawdown"}
    for one in fields(PromotionFacts):
        if one.default is None:
            unknown: dict[str, Any] = {one.name: None}
            assert missing(replace(GOOD, **unknown)), one.name


@pytest.mark.parametrize(
    "lost",
    [
        {"paper_growth_ratio": 0.0},
        {"paper_growth_ratio": -0.2},
        {"backtest_cagr_ratio": -1.0},
        {"backtest_volatility_ratio": 0.0},
        {"paper_days": 0.0},
    ],
)
def test_a_record_that_lost_everything_or_never_moved_has_no_drift(lost):
    facts = replace(GOOD, **lost)
    assert facts.drift_sigmas is None
    assert "drift from the backtest" in missing(facts)


@given(
    st.builds(
        PromotionFacts,
        backtest_days=st.none() | st.integers(0, 5000),
        backtest_cagr_ratio=st.none() | st.floats(-1, 10),
        backtest_volatility_ratio=st.none() | st.floats(0, 5),
        backtest_drawdown_ratio=st.none() | st.floats(0, 1),
        paper_days=st.none() | st.floats(0, 5000),
        paper_growth_ratio=st.none() | st.floats(-1, 100),
        paper_drawdown_ratio=st.none() | st.floats(0, 2),
        paper_fills=st.integers(0, 1000),
        broken_cycles=st.integers(0, 3),
    )
)
def test_live_never_asks_for_less_than_paper(facts):
    paper, live = promotion_to(Stage.PAPER, facts), promotion_to(Stage.LIVE, facts)
    assert live.findings[: len(FOR_PAPER)] == paper.findings
    assert len(live.findings) == len(FOR_PAPER) + len(FOR_LIVE)
    assert paper.is_open or not live.is_open


def test_the_page_names_every_criterion_and_what_it_needs():
    for one in promotion_to(Stage.LIVE, GOOD).findings:
        needed = "at most 1.5 times the backtest's" if one.name == "paper drawdown" else one.needed
        assert f"| {one.name} | {needed} |" in PAGE
