"""Gates at the same time, on connections of their own: together they never pass a shared limit."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import Sum
from django.utils import timezone

from execution import gate, limit_changes, settlement
from execution.limit_changes import HOUSE
from execution.models import GuardrailDecision, LimitReservation, LimitUsage, Order
from tests.execution.orders import planned_order, snapshot_of
from tests.execution.world import ACTOR, WALL, make_deployment, open_switches, slot

pytestmark = pytest.mark.django_db(transaction=True)
GATES = 8
ALLOWED = 5


@pytest.fixture
def orders():
    """Make one planned order of 100 USD on each of several accounts."""
    made = [make_deployment(slug=f"racer-{index}") for index in range(GATES)]
    for one in made:
        open_switches(slug=one.strategy.slug)
    return [planned_order(one) for one in made]


def limit_house(**limits) -> None:
    limit_changes.change_level(HOUSE, limits=limits, reason="a test", actor=ACTOR, now=WALL)


def ask(order) -> None:
    """Ask the gate; one that had to wait too long for the others asks again, as a cycle would."""
    for _ in range(20):
        try:
            gate.authorise(
                order,
                snapshot=snapshot_of(order.deployment),
                feed_at=slot(0),
                fencing_token=order.cycle.fencing_token,
                actor=ACTOR,
            )
        except OperationalError as error:
            if "statement timeout" not in str(error):
                raise
            connection.close()
        else:
            return
    raise AssertionError("the gate never came to a word")


def at_once(act: Callable[[Any], object], things) -> None:
    """Do something to each thing, all at the same moment, each on a connection of its own."""
    failures: list[BaseException] = []
    gun = threading.Barrier(len(things))

    def run(thing) -> None:
        try:
            gun.wait()
            act(thing)
        except BaseException as failure:  # noqa: BLE001 - shown by the test
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(thing,)) for thing in things]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    ("limit", "value", "rule"),
    [
        ("max_orders_per_day", ALLOWED, "orders_per_day"),
        ("max_turnover_per_day_usd", 100 * ALLOWED + 99, "turnover_per_day"),
        ("max_gross_exposure_usd", 100 * ALLOWED + 99, "shared_exposure"),
    ],
)
def test_gates_together_never_pass_a_limit_of_the_house(orders, limit, value, rule):
    limit_house(**{limit: value})
    at_once(ask, orders)
    allowed = Order.objects.filter(state="AUTHORISED")
    assert allowed.count() == ALLOWED
    assert allowed.aggregate(sum=Sum("size_delta_usd"))["sum"] == 100 * ALLOWED
    denied = GuardrailDecision.objects.filter(allowed=False)
    assert set(denied.values_list("refusal", flat=True)) == {rule}
    usage = LimitUsage.objects.get(scope="GLOBAL", key="PAPER")
    assert (usage.orders_in_day, usage.turnover_usd) == (ALLOWED, 100 * ALLOWED)


def test_gates_and_the_ends_of_orders_meet_without_a_deadlock(orders):
    limit_house(max_orders_per_hour=1_000)
    first, second = orders[: GATES // 2], orders[GATES // 2 :]
    at_once(ask, first)

    def act(order) -> None:
        if order in first:
            settlement.cancel(
                order, name="superseded", message="a test", actor=ACTOR, now=timezone.now()
            )
        else:
            ask(order)

    at_once(act, [*first, *second])
    assert Order.objects.filter(state="AUTHORISED").count() == len(second)
    assert Order.objects.filter(state="CANCELED").count() == len(first)


def test_what_a_dead_worker_left_reserved_is_given_back_by_the_next_gate(orders):
    limit_house(max_turnover_per_day_usd=150)
    dead, next_one, third = orders[:3]
    ask(dead)
    assert LimitReservation.objects.filter(state="RESERVED").count() == 2  # its own and the house's
    ask(next_one)
    assert next_one.state == "DENIED"
    # The worker is gone; whoever takes its cycle over puts the order away, and says nothing to us.
    settlement.cancel(
        dead, name="superseded", message="taken over", actor=ACTOR, now=timezone.now()
    )
    ask(third)
    assert third.state == "AUTHORISED"
    usage = LimitUsage.objects.get(scope="GLOBAL")
    assert (usage.orders_in_day, usage.turnover_usd) == (2, Decimal(100))
    assert LimitReservation.objects.get(order=dead, usage=usage).state == "RELEASED"


def test_without_a_limit_of_the_house_gates_share_no_counter(orders):
    at_once(ask, orders)
    assert not LimitUsage.objects.filter(scope="GLOBAL").exists()
    assert Order.objects.filter(state="AUTHORISED").count() == GATES
