"""A past cycle, decided again from what it stored."""

from decimal import Decimal

import pgtrigger
import pytest

from atlas.domain.errors import Bug, ConflictingState
from execution.candle_store import HistoryChanged, store_candles, stored_candles
from execution.code_version import code_version
from execution.inputs import snapshot_content, snapshot_from, stored
from execution.marketdata.base import SourcedCandles
from execution.models import Candle, CycleInput, CycleInputUse, Deployment
from execution.replay import redecide
from execution.vocabulary import InputKind
from tests.execution.orders import snapshot_of
from tests.execution.world import (
    MARKET,
    WARM_UP,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db

PRICES = recording(waves())


@pytest.fixture
def cycle():
    deployment = make_deployment()
    open_switches()
    run(deployment, PRICES, slot(0))
    return run(deployment, PRICES, slot(9))


def test_a_past_cycle_decides_the_same_again_bit_for_bit(cycle):
    (again,) = redecide(cycle)
    assert again.agrees
    assert again.same_code
    assert again.stored["reason"] == cycle.signals.get().reason


def test_what_the_deployment_became_since_does_not_matter(cycle):
    Deployment.objects.update(parameters={"fast_bars": 40, "slow_bars": 90})
    (again,) = redecide(cycle)
    assert again.agrees


def test_a_rule_that_decides_otherwise_today_is_noticed(cycle, monkeypatch):
    from strategies.rules import ema_cross

    monkeypatch.setattr(ema_cross, "FULL_CONFIDENCE_BPS", 1.0)
    (again,) = redecide(cycle)
    assert not again.agrees


def test_candles_that_somebody_changed_are_noticed(cycle):
    with pgtrigger.ignore("execution.Candle:candle_append_only"):
        Candle.objects.filter(open_at=slot(8)).update(volume=999)
    with pytest.raises(Bug, match="digest"):
        redecide(cycle)


def test_a_snapshot_that_somebody_changed_is_noticed(cycle):
    with pgtrigger.ignore("execution.CycleInput:cycle_input_append_only"):
        CycleInput.objects.filter(kind="snapshot").update(content={"account": "other"})
    with pytest.raises(Bug, match="digest"):
        redecide(cycle)


def test_a_cycle_without_a_decision_has_none_to_repeat():
    deployment = make_deployment()
    halted = run(deployment, PRICES, slot(0))
    with pytest.raises(ConflictingState, match="no decision"):
        redecide(halted)


def test_what_two_cycles_share_is_stored_once(cycle):
    for kind in (InputKind.PARAMETERS, InputKind.LIMITS, InputKind.TERMS, InputKind.CODE):
        assert CycleInput.objects.filter(kind=kind).count() == 1
        assert CycleInputUse.objects.filter(kind=kind).count() == 2
    assert Candle.objects.count() == WARM_UP + 9


def test_the_hash_of_a_cycle_is_over_all_that_it_looked_at(cycle):
    other = make_deployment(slug="other", deposit_usd=Decimal(500))
    open_switches(slug="other")
    second = run(other, PRICES, slot(9))
    assert len(cycle.inputs_hash) == len(second.inputs_hash) == 64
    assert cycle.inputs_hash != second.inputs_hash


def test_the_code_is_one_of_the_inputs(cycle):
    assert stored(cycle, InputKind.CODE) == {"digest": code_version()}


def test_candles_come_back_as_they_were(cycle):
    given = PRICES.window(until_at=slot(9), count=WARM_UP)
    assert stored_candles(cycle, MARKET) == given


def test_a_source_that_rewrites_history_is_refused_with_the_date(cycle):
    lie = recording([price + 1 for price in waves()]).window(until_at=slot(9), count=WARM_UP)
    with pytest.raises(HistoryChanged, match="has changed"):
        store_candles(SourcedCandles(lie, "replay:test"))
    store_candles(SourcedCandles(lie, "another source"))


def test_a_snapshot_comes_back_as_it_was():
    for snapshot in (
        snapshot_of(make_deployment(), held_usd="123.45"),
        snapshot_of(make_deployment(slug="other")),
    ):
        assert snapshot_from(snapshot_content(snapshot)) == snapshot


def test_what_is_unknown_stays_unknown_in_storage():
    from dataclasses import replace

    blind = replace(
        snapshot_of(make_deployment()),
        nav_usd=None,
        cash_usd=None,
        positions=None,
        working_orders=None,
        quotes={},
    )
    assert snapshot_from(snapshot_content(blind)) == blind
