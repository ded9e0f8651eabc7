"""Which rule binds which kind of permit: risk is held back, and nobody is locked in."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrails import GuardrailRule, Outcome, judge
from atlas.domain.intents import EXIT_KINDS, RISK_KINDS, Authority
from atlas.domain.limits import Limits
from atlas.domain.measures import Breach
from atlas.domain.records import UNKNOWN_RECORDS, Retries
from atlas.domain.states import PermitKind, SwitchState
from tests.domain.guardrail_matrix import COLUMNS, MATRIX, cells
from tests.domain.guardrail_world import (
    CHAIN_KINDS,
    INCREASE,
    LIMITS,
    NOW,
    REDUCE,
    SNAPSHOT,
    breached,
    judged,
    recorded,
)


@pytest.mark.parametrize("state", list(SwitchState))
@pytest.mark.parametrize("kind", list(PermitKind))
def test_the_switch_lets_out_exactly_what_its_table_says(state, kind):
    allowed = {
        SwitchState.ACTIVE: set(PermitKind),
        SwitchState.REDUCING: set(PermitKind) - {PermitKind.INCREASE, PermitKind.SWAP},
        SwitchState.HALTED: {PermitKind.CANCEL, PermitKind.BURN},
    }[state]
    base = INCREASE if kind not in EXIT_KINDS else REDUCE
    authority = Authority.TWO_PERSONS if kind is PermitKind.SETUP else Authority.DECISION
    intent = replace(base, kind=kind, authority=authority)
    judgement = judged(intent, replace(SNAPSHOT, switch_state=state))
    assert ("switch_state" not in breached(judgement)) is (kind in allowed)


def test_a_missing_switch_row_counts_as_halted():
    judgement = judged(snapshot=replace(SNAPSHOT, switch_state=None))
    assert judgement.breaches[0].measured == "HALTED (no switch row)"


def test_while_halted_only_a_broken_glass_lets_a_flatten_out():
    halted = replace(SNAPSHOT, switch_state=SwitchState.HALTED)
    flatten = replace(REDUCE, kind=PermitKind.FLATTEN)
    assert breached(judged(flatten, halted)) == {"switch_state"}
    assert judged(replace(flatten, authority=Authority.BREAK_GLASS), halted).allowed
    increase = replace(INCREASE, authority=Authority.BREAK_GLASS)
    assert breached(judged(increase, halted)) == {"switch_state"}


def test_a_set_up_needs_two_persons():
    setup = replace(INCREASE, kind=PermitKind.SETUP)
    assert breached(judged(setup)) == {"switch_state"}
    assert judged(replace(setup, authority=Authority.TWO_PERSONS)).allowed


RULES = {rule.name: rule for rule in HOUSE_RULES}


def test_the_matrix_has_a_line_for_every_rule_and_a_column_for_every_kind():
    assert set(MATRIX) == set(RULES)
    assert set(COLUMNS) == set(PermitKind)


@pytest.mark.parametrize(
    ("rule", "kind", "word"), cells(), ids=lambda one: getattr(one, "value", one)
)
def test_each_rule_does_to_each_kind_what_the_matrix_says(rule, kind, word):
    binds, recorded = kind in RULES[rule].applies_to, kind in RULES[rule].recorded_for
    assert (binds, recorded) == (word in {"D", "P"}, word == "R")


@pytest.mark.parametrize("rule", HOUSE_RULES, ids=lambda rule: rule.name)
def test_no_rule_that_reads_a_limit_binds_what_takes_risk_off(rule):
    assert not rule.applies_to & rule.recorded_for
    if rule.limit_fields or rule.stands:
        assert not rule.applies_to & (EXIT_KINDS | CHAIN_KINDS)


@pytest.mark.parametrize("kind", sorted(EXIT_KINDS))
def test_with_no_limit_no_nav_no_cash_no_records_and_a_dead_signal_exits_still_go_out(kind):
    worst = replace(
        SNAPSHOT,
        nav_usd=None,
        cash_usd=None,
        switch_state=SwitchState.REDUCING,
        records=UNKNOWN_RECORDS,
    )
    old = NOW + timedelta(days=30)
    exit_intent = replace(REDUCE, kind=kind, signal_as_of_at=None, signal_valid_until_at=None)
    judgement = judged(exit_intent, worst, Limits(), old)
    assert judgement.allowed
    recorded = {breach.rule for breach in judgement.recorded}
    if kind is PermitKind.FLATTEN:
        assert recorded == set()
    else:
        assert recorded == {rule.name for rule in HOUSE_RULES if kind in rule.recorded_for}


@pytest.mark.parametrize("kind", sorted(EXIT_KINDS | {PermitKind.CANCEL, PermitKind.CLAIM}))
def test_an_exit_is_paused_for_two_minutes_at_most_however_often_it_was_refused(kind):
    base = REDUCE if kind in EXIT_KINDS else INCREASE
    often = recorded(retries=Retries(attempts=99, same_refusals=99, refused_at=NOW))
    intent = replace(base, kind=kind, signal_as_of_at=None, signal_valid_until_at=None)
    at_once = judged(intent, often)
    assert breached(at_once) == {"retry_pause"}
    assert judged(intent, often, now=NOW + timedelta(minutes=2)).allowed


@pytest.mark.parametrize(
    ("refusals", "seconds"), [(2, 5), (3, 15), (4, 45), (5, 120), (6, 120), (1, 0)]
)
def test_the_pause_of_an_exit_grows_and_then_stays(refusals, seconds):
    refused = recorded(retries=Retries(attempts=1, same_refusals=refusals, refused_at=NOW))
    assert judged(REDUCE, refused, now=NOW + timedelta(seconds=seconds)).allowed
    if seconds:
        early = judged(REDUCE, refused, now=NOW + timedelta(seconds=seconds - 1))
        assert breached(early) == {"retry_pause"}


def test_a_recorded_breach_says_so_in_its_verdict():
    judgement = judged(REDUCE, limits=replace(LIMITS, max_order_notional_usd=Decimal(1)))
    verdict = next(v for v in judgement.verdicts if v.rule == "max_order_notional")
    assert verdict.outcome is Outcome.RECORDED
    assert judgement.allowed


def broken(*_: object) -> Breach | None:
    raise ZeroDivisionError


def test_a_rule_that_fails_denies_what_it_binds_and_stops_nothing_else():
    rules = (*HOUSE_RULES, GuardrailRule("broken", RISK_KINDS, broken, EXIT_KINDS))
    denied = judge(INCREASE, SNAPSHOT, LIMITS, NOW, rules=rules)
    assert breached(denied) == {"broken"}
    assert "ZeroDivisionError" in denied.reason
    out = judge(REDUCE, SNAPSHOT, LIMITS, NOW, rules=rules)
    assert out.allowed
    assert "broken" in {breach.rule for breach in out.recorded}


def test_all_rules_run_and_all_breaches_are_reported():
    judgement = judged(
        replace(INCREASE, size_delta_usd=Decimal(5000), market="DOGE/USD"),
        replace(SNAPSHOT, switch_state=SwitchState.HALTED, nav_usd=None),
    )
    assert breached(judgement) >= {
        "switch_state",
        "allowed_market",
        "max_order_notional",
        "nav_known",
    }
    assert all(breach.message in judgement.reason for breach in judgement.breaches)


def test_a_kind_that_no_rule_binds_is_not_allowed():
    assert not judge(INCREASE, SNAPSHOT, LIMITS, NOW, rules=()).allowed
    only_recorded = (GuardrailRule("idle", frozenset(), lambda *_: None, RISK_KINDS),)
    assert not judge(INCREASE, SNAPSHOT, LIMITS, NOW, rules=only_recorded).allowed


def test_rule_names_are_unique():
    names = [rule.name for rule in HOUSE_RULES]
    assert len(names) == len(set(names))
