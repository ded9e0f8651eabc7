"""Limits: the tightest word of several levels, what counts as looser, and one table of all fields."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.domain.limit_fields import LIMIT_FIELDS, LimitField, Unit
from atlas.domain.limits import Limits, is_looser, loosened, tightest
from tests.domain.guardrail_world import LIMITS

NAMES = [one.name for one in LIMIT_FIELDS]


def value_of(one: LimitField) -> st.SearchStrategy:
    if one.unit is Unit.NAMES:
        return st.frozensets(st.sampled_from(["LONG", "SHORT", "ETH/USD"]))
    number = st.integers(0, 1_000)
    return number.map(Decimal) if one.unit in {Unit.USD, Unit.RATIO} else number


LEVELS = st.builds(Limits, **{one.name: st.none() | value_of(one) for one in LIMIT_FIELDS})


def test_the_table_names_every_limit_once():
    assert [field.name for field in fields(Limits)] == NAMES


@pytest.mark.parametrize("one", LIMIT_FIELDS, ids=lambda one: one.name)
def test_every_default_on_paper_lies_within_its_bounds(one):
    if one.paper is not None and not isinstance(one.paper, tuple):
        assert one.lowest <= one.paper <= one.highest


@given(st.lists(LEVELS, min_size=1, max_size=3))
def test_the_tightest_word_is_looser_than_no_level(levels):
    together = tightest(levels)
    for level in levels:
        assert loosened(level, together, missing_is_free=True) == ()


@given(LEVELS, LEVELS)
def test_a_change_and_its_opposite_are_not_both_free_of_loosening(one, other):
    for field in LIMIT_FIELDS:
        before, after = getattr(one, field.name), getattr(other, field.name)
        there = is_looser(field.name, before, after, missing_is_free=False)
        back = is_looser(field.name, after, before, missing_is_free=False)
        assert (there or back) is (before != after)


@pytest.mark.parametrize(
    ("name", "tighter"),
    [
        ("max_drawdown_ratio", Decimal("0.4")),
        ("min_free_collateral_usd", Decimal(1)),
        ("cooldown_after_loss_seconds", 61),
        ("required_price_sources", 2),
        ("allowed_sides", frozenset({"LONG"})),
    ],
)
def test_tighter_is_the_other_way_round_for_floors_and_for_lists(name, tighter):
    changed = replace(LIMITS, **{name: tighter})
    assert loosened(LIMITS, changed, missing_is_free=False) == ()
    assert loosened(changed, LIMITS, missing_is_free=False) == (name,)
    assert getattr(tightest([LIMITS, changed]), name) == tighter


def test_a_missing_limit_forbids_at_a_deployment_and_binds_nothing_above():
    without = replace(LIMITS, max_drawdown_ratio=None)
    assert loosened(LIMITS, without, missing_is_free=False) == ()
    assert loosened(without, LIMITS, missing_is_free=False) == ("max_drawdown_ratio",)
    assert loosened(LIMITS, without, missing_is_free=True) == ("max_drawdown_ratio",)
    assert loosened(without, LIMITS, missing_is_free=True) == ()
