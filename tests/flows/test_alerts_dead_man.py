"""The dead-man switch at the gate: no increase goes out unwatched, and the first who sees it latches."""

from datetime import timedelta

import pytest
from django.utils import timezone

from atlas.domain.states import OrderState
from atlas.heartbeat import BEAT, TRADING_NEEDS, pulse
from atlas.models import Alert, TradingState
from execution import gate
from execution.models import CycleRun
from execution.vocabulary import CycleOrigin
from onchain.models import TransactionPermit
from tests.execution.orders import planned_order, snapshot_of
from tests.execution.world import ACTOR, make_deployment, open_switches, slot

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = timedelta(minutes=5)


@pytest.fixture
def order(settings):
    settings.ATLAS_DEAD_MAN_AFTER = PATIENCE
    pulse(TRADING_NEEDS, now=timezone.now())
    made = make_deployment()
    open_switches()
    return planned_order(made)


def ask(order):
    return gate.authorise(
        order,
        snapshot=snapshot_of(order.deployment),
        feed_at=slot(0),
        fencing_token=order.cycle.fencing_token,
        actor=ACTOR,
    )


def go_silent():
    pulse([BEAT], now=timezone.now() - PATIENCE - timedelta(minutes=1))


def test_an_order_goes_out_while_both_parts_are_alive(order):
    assert ask(order).allowed
    assert TradingState.objects.get(scope="GLOBAL").state == "ACTIVE"


def test_an_increase_is_denied_while_the_scheduler_is_silent_and_the_gate_latches(order):
    go_silent()
    decision = ask(order)
    assert (decision.allowed, order.state) == (False, OrderState.DENIED)
    assert "REDUCING" in decision.reason
    assert not TransactionPermit.objects.exists()
    switch = TradingState.objects.get(scope="GLOBAL")
    assert (switch.state, switch.changed_by) == ("REDUCING", "dead-man switch")
    assert Alert.objects.get(rule="dead_man_latched").state == "OPEN"


def test_playing_a_recording_by_hand_goes_on_without_a_scheduler(order):
    go_silent()
    CycleRun.objects.filter(pk=order.cycle_id).update(origin=CycleOrigin.PLAYBACK)
    order.cycle.refresh_from_db()
    assert ask(order).allowed
    assert TradingState.objects.get(scope="GLOBAL").state == "ACTIVE"
