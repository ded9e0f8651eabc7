"""Cycles: what one does, and that what is done once is not done twice."""

import pytest

from atlas.domain.states import CycleState, OrderState
from execution.models import CycleRun, Fill, Order, Position
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market():
    return recording(waves())


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def test_a_cycle_brings_the_account_to_where_the_rule_wants_it(deployment, market):
    cycle = run(deployment, market, slot(0))
    assert (cycle.state, cycle.reason) == (CycleState.COMPLETED, "traded"), cycle.message
    order = Order.objects.get()
    assert (order.state, order.kind, order.is_long) == (OrderState.FILLED, "INCREASE", True)
    assert Fill.objects.get().order == order
    assert Position.objects.open().get().size_usd == order.size_delta_usd


def test_a_second_delivery_of_a_slot_does_nothing(deployment, market):
    run(deployment, market, slot(0))
    assert run(deployment, market, slot(0)) is None
    assert (CycleRun.objects.count(), Fill.objects.count()) == (1, 1)
