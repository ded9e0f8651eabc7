"""Every guardrail passes at its boundary, breaches beyond it, and calls the unknown a breach."""

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrails import Outcome
from atlas.domain.limits import Limits
from atlas.domain.states import PermitKind
from tests.domain.guardrail_cases import BOUNDARIES, UNKNOWN, UNKNOWN_TOGETHER, deviating
from tests.domain.guardrail_world import (
    HELD,
    INCREASE,
    LIMITS,
    NOW,
    SNAPSHOT,
    breached,
    judged,
    priced,
    recorded,
    used,
    used_by_house,
)


def test_an_increase_within_all_limits_is_allowed_and_every_rule_is_in_the_verdict():
    judgement = judged()
    assert judgement.allowed
    assert {v.rule for v in judgement.verdicts} == {
        rule.name for rule in HOUSE_RULES if PermitKind.INCREASE in rule.applies_to
    }
    assert judgement.reason == "All guardrails passed."


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


def test_every_rule_has_an_unknown_here():
    together = set().union(*(rules for _, rules in UNKNOWN_TOGETHER.values()))
    assert set(UNKNOWN) | together == {rule.name for rule in HOUSE_RULES}


@pytest.mark.parametrize("rule", UNKNOWN)
def test_what_is_unknown_is_a_breach(rule):
    assert breached(judged(**UNKNOWN[rule])) == {rule}


@pytest.mark.parametrize("what", UNKNOWN_TOGETHER)
def test_what_is_unknown_breaches_every_rule_that_needs_it(what):
    snapshot, rules = UNKNOWN_TOGETHER[what]
    assert breached(judged(snapshot=snapshot)) == rules


def test_without_a_price_everything_that_needs_one_breaches():
    blind = judged(snapshot=replace(SNAPSHOT, quotes={}))
    assert breached(blind) == {
        "acceptable_price",
        "acceptable_distance",
        "admits_execution",
        "max_position_notional",
        "gross_exposure",
        "net_exposure",
        "max_leverage",
        "price_freshness",
        "sources_agree",
    }


def test_without_known_positions_size_and_leverage_breach():
    assert breached(judged(snapshot=replace(SNAPSHOT, positions=None))) == {
        "max_position_notional",
        "gross_exposure",
        "net_exposure",
        "max_leverage",
    }


def test_without_any_limit_every_limit_breaches():
    assert breached(judged(limits=Limits())) == {
        rule.name for rule in HOUSE_RULES if rule.limit_fields
    }


def test_each_limit_field_is_read_by_a_rule():
    read = {name for rule in HOUSE_RULES for name in rule.limit_fields}
    assert read == {field.name for field in fields(Limits)}


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
    assert judged(replace(short, acceptable_price_usd=Decimal("1980.05"))).allowed
    far = judged(replace(short, acceptable_price_usd=Decimal("1980.049")))
    assert breached(far) == {"acceptable_distance"}
    further = judged(replace(short, acceptable_price_usd=Decimal("1790.99")))
    assert breached(further) == {"acceptable_distance", "acceptable_price"}


def test_no_limit_lifts_the_ceiling_of_leverage():
    thin = replace(INCREASE, collateral_delta_usd=Decimal(0), size_delta_usd=Decimal(2000))
    slim = replace(SNAPSHOT, positions=(replace(HELD, collateral_usd=Decimal(620)),))
    generous = replace(LIMITS, max_leverage_ratio=Decimal(100))
    assert breached(judged(thin, slim, generous)) == {"max_leverage"}  # 4,000 over 610
    fatter = replace(SNAPSHOT, positions=(replace(HELD, collateral_usd=Decimal(626)),))
    assert judged(thin, fatter, generous).allowed  # 4,000 over 616


def test_a_second_price_has_to_agree_even_where_one_would_do():
    assert judged(snapshot=deviating(None)).allowed
    assert breached(judged(snapshot=deviating(81))) == {"sources_agree"}


def test_from_four_fifths_of_a_limit_on_the_verdict_warns():
    def outcome(value: str) -> Outcome:
        judgement = judged(snapshot=recorded(high_water_usd=Decimal(value)))
        return next(one.outcome for one in judgement.verdicts if one.rule == "drawdown")

    assert outcome("1.66") is Outcome.PASSED  # a fall of 0.398 of 0.5
    assert outcome("1.67") is Outcome.WARNED
    assert outcome("2") is Outcome.WARNED
    assert outcome("2.01") is Outcome.BREACHED


def test_the_fullest_scope_speaks_and_is_named():
    by_house = judged(snapshot=used_by_house(orders_in_day=1000))
    assert "of the whole house: 1001, allowed 1000" in by_house.reason
    by_deployment = judged(snapshot=used(orders_in_day=100))
    assert "of the deployment: 101, allowed 100" in by_deployment.reason


def test_a_house_without_the_limit_binds_nothing():
    free = used_by_house(limits=Limits(), orders_in_day=10**6, open_usd=Decimal(10**9))
    assert judged(snapshot=free).allowed


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
