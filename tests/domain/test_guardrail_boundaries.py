"""Every guardrail passes at its boundary, breaches beyond it, and calls the unknown a breach."""

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.limits import Limits
from atlas.domain.states import PermitKind, SwitchState
from tests.domain.guardrail_world import (
    INCREASE,
    LIMITS,
    NOW,
    REDUCE,
    SNAPSHOT,
    breached,
    judged,
    priced,
)


def test_an_increase_within_all_limits_is_allowed_and_every_rule_is_in_the_verdict():
    judgement = judged()
    assert judgement.allowed
    assert {v.rule for v in judgement.verdicts} == {
        rule.name for rule in HOUSE_RULES if PermitKind.INCREASE in rule.applies_to
    }
    assert judgement.reason == "All guardrails passed."


# One line per boundary: rule, the last case that passes, the first that does not.
BOUNDARIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "allowed_market": (
        {"limits": LIMITS},
        {"limits": replace(LIMITS, allowed_markets=frozenset({"BTC/USD"}))},
    ),
    "max_order_notional": (
        {"limits": replace(LIMITS, max_order_notional_usd=Decimal(1000))},
        {"limits": replace(LIMITS, max_order_notional_usd=Decimal("999.99"))},
    ),
    "max_position_notional": (
        {"limits": replace(LIMITS, max_position_notional_usd=Decimal(3000))},
        {"limits": replace(LIMITS, max_position_notional_usd=Decimal("2999.99"))},
    ),
    "max_leverage": (
        # 3,000 over 1,000 + 500 less the open loss of 10 at the lower price
        {"limits": replace(LIMITS, max_leverage_ratio=Decimal("2.01342282"))},
        {"limits": replace(LIMITS, max_leverage_ratio=Decimal("2.01342281"))},
    ),
    "free_collateral": (
        {"snapshot": replace(SNAPSHOT, cash_usd=Decimal(500))},
        {"snapshot": replace(SNAPSHOT, cash_usd=Decimal("499.99999999"))},
    ),
    "nav_known": (
        {"snapshot": replace(SNAPSHOT, nav_usd=Decimal("0.00000001"))},
        {"snapshot": replace(SNAPSHOT, nav_usd=Decimal(0))},
    ),
    "signal_freshness": (
        {"intent": replace(INCREASE, signal_as_of_at=NOW - timedelta(seconds=60))},
        {"intent": replace(INCREASE, signal_as_of_at=NOW - timedelta(seconds=61))},
    ),
    "price_freshness": (
        {"snapshot": priced("1990", "2000", NOW - timedelta(seconds=30))},
        {"snapshot": priced("1990", "2000", NOW - timedelta(seconds=31))},
    ),
    "acceptable_price": (
        {"intent": replace(INCREASE, acceptable_price_usd=Decimal(2200))},
        {"intent": replace(INCREASE, acceptable_price_usd=Decimal("2200.01"))},
    ),
    "within_position": (
        {"intent": REDUCE},
        {"intent": replace(REDUCE, size_delta_usd=Decimal("2000.01"))},
    ),
    "one_working_order": (
        {"snapshot": replace(SNAPSHOT, working_orders=0)},
        {"snapshot": replace(SNAPSHOT, working_orders=1)},
    ),
    "switch_state": (
        {"snapshot": replace(SNAPSHOT, switch_state=SwitchState.ACTIVE)},
        {"snapshot": replace(SNAPSHOT, switch_state=SwitchState.REDUCING)},
    ),
}


def test_every_rule_has_a_boundary_here():
    assert set(BOUNDARIES) == {rule.name for rule in HOUSE_RULES}


@pytest.mark.parametrize("rule", BOUNDARIES)
def test_a_rule_passes_at_its_boundary(rule):
    assert rule not in breached(judged(**BOUNDARIES[rule][0]))


@pytest.mark.parametrize("rule", BOUNDARIES)
def test_a_rule_breaches_beyond_its_boundary_and_states_both_numbers(rule):
    judgement = judged(**BOUNDARIES[rule][1])
    assert breached(judgement) == {rule}
    (breach,) = judgement.breaches
    assert breach.measured in breach.message
    assert breach.limit in breach.message
    assert breach.measured != breach.limit
    assert not judgement.allowed


UNKNOWN: dict[str, dict[str, Any]] = {
    "allowed_market": {"limits": replace(LIMITS, allowed_markets=None)},
    "max_order_notional": {"limits": replace(LIMITS, max_order_notional_usd=None)},
    "max_position_notional": {"limits": replace(LIMITS, max_position_notional_usd=None)},
    "max_leverage": {"limits": replace(LIMITS, max_leverage_ratio=None)},
    "free_collateral": {"snapshot": replace(SNAPSHOT, cash_usd=None)},
    "nav_known": {"snapshot": replace(SNAPSHOT, nav_usd=None)},
    "signal_freshness": {"limits": replace(LIMITS, max_signal_age_seconds=None)},
    "price_freshness": {"limits": replace(LIMITS, max_price_age_seconds=None)},
    "acceptable_price": {"intent": replace(INCREASE, acceptable_price_usd=None)},
    "one_working_order": {"snapshot": replace(SNAPSHOT, working_orders=None)},
    "switch_state": {"snapshot": replace(SNAPSHOT, switch_state=None)},
    "within_position": {"intent": REDUCE, "snapshot": replace(SNAPSHOT, positions=None)},
}


def test_every_rule_has_an_unknown_here():
    assert set(UNKNOWN) == {rule.name for rule in HOUSE_RULES}


@pytest.mark.parametrize("rule", UNKNOWN)
def test_what_is_unknown_is_a_breach(rule):
    assert breached(judged(**UNKNOWN[rule])) == {rule}


def test_without_a_price_everything_that_needs_one_breaches():
    blind = judged(snapshot=replace(SNAPSHOT, quotes={}))
    assert breached(blind) == {
        "acceptable_price",
        "max_position_notional",
        "max_leverage",
        "price_freshness",
    }


def test_without_known_positions_size_and_leverage_breach():
    assert breached(judged(snapshot=replace(SNAPSHOT, positions=None))) == {
        "max_position_notional",
        "max_leverage",
    }


def test_without_any_limit_every_limit_breaches():
    assert breached(judged(limits=Limits())) == {
        rule.name for rule in HOUSE_RULES if rule.limit_fields
    }


def test_each_limit_field_is_read_by_a_rule():
    read = {name for rule in HOUSE_RULES for name in rule.limit_fields}
    assert read <= {field.name for field in fields(Limits)}


@pytest.mark.parametrize(
    "intent",
    [
        replace(INCREASE, signal_as_of_at=None),
        replace(INCREASE, signal_valid_until_at=None),
        replace(INCREASE, signal_valid_until_at=NOW - timedelta(microseconds=1)),
        replace(INCREASE, signal_as_of_at=NOW + timedelta(seconds=3)),
    ],
)
def test_a_signal_without_times_expired_or_from_the_future_is_not_fresh(intent):
    assert breached(judged(intent)) == {"signal_freshness"}


def test_a_signal_is_valid_up_to_and_including_its_last_moment():
    assert judged(replace(INCREASE, signal_valid_until_at=NOW)).allowed


def test_clocks_may_differ_by_two_seconds_and_no_more():
    assert judged(snapshot=priced("1990", "2000", NOW + timedelta(seconds=2))).allowed
    ahead = judged(snapshot=priced("1990", "2000", NOW + timedelta(seconds=3)))
    assert breached(ahead) == {"price_freshness"}


def test_an_acceptable_price_of_a_short_opening_is_bounded_below():
    short = replace(INCREASE, is_long=False, expected_pre_size_usd=Decimal(0))
    assert judged(replace(short, acceptable_price_usd=Decimal(1791))).allowed
    far = judged(replace(short, acceptable_price_usd=Decimal("1790.99")))
    assert breached(far) == {"acceptable_price"}


def test_leverage_counts_open_losses_and_not_open_gains():
    wide = replace(LIMITS, max_position_notional_usd=Decimal(10**6))
    gain = judged(
        snapshot=priced("2500", "2500"), limits=replace(wide, max_leverage_ratio=Decimal("2.33"))
    )
    assert breached(gain) >= {"max_leverage"}  # 3,500 over 1,500: the gain of 500 backs nothing
    loss = judged(
        snapshot=priced("1500", "1500"), limits=replace(wide, max_leverage_ratio=Decimal(3))
    )
    assert "max_leverage" not in breached(loss)  # 3,000 over 1,000: the loss of 500 counts
    worse = judged(
        snapshot=priced("1499", "1499"), limits=replace(wide, max_leverage_ratio=Decimal(3))
    )
    assert "max_leverage" in breached(worse)


def test_a_position_that_nothing_backs_is_infinitely_leveraged():
    judgement = judged(snapshot=priced("400", "400"))
    leverage = next(b for b in judgement.breaches if b.rule == "max_leverage")
    assert leverage.measured == "Infinityx"
