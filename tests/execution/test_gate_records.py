"""What the gate reads of the past: bounded, exact, and under its locks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from atlas.domain.states import PermitKind
from execution import gate, limit_changes, settlement
from execution.limit_changes import HOUSE
from execution.models import LimitReservation, LimitUsage, Order
from execution.past import LATEST_ORDERS
from tests.execution import orders
from tests.execution.orders import intent_of, make_cycle, order_for, snapshot_of
from tests.execution.world import ACTOR, WALL, make_deployment, open_switches, slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def planned_order(deployment, *, at, **values):
    """Plan an order at its moment, so that the past has an order."""
    order = orders.planned_order(deployment, at=at, **values)
    Order.objects.filter(pk=order.pk).update(created_at=WALL + (at - slot(0)))
    return order


def ask(order, *, at=None, **values):
    at = at or order.cycle.scheduled_for
    return gate.authorise(
        order,
        snapshot=snapshot_of(order.deployment, at=at, **values),
        feed_at=at,
        fencing_token=order.cycle.fencing_token,
        actor=ACTOR,
    )


def end(order, *, name="price_not_acceptable", submitted=True):
    """End an authorised order as a venue, or we ourselves, would."""
    if submitted:
        Order.objects.filter(pk=order.pk).update(state="SUBMITTED", submitted_at=WALL)
        order.refresh_from_db()
    settlement.cancel(order, name=name, message="a test", actor=ACTOR, now=WALL)


def failing(deployment, index):
    """Let one order through the gate and fail at the venue."""
    order = planned_order(deployment, at=slot(index), size_usd=str(100 + index))
    decision = ask(order)
    if decision.allowed:
        end(order)
    return decision


def limit(deployment, **values):
    limit_changes.change_limits(
        deployment=deployment, limits=values, reason="a test", actor=ACTOR, now=WALL
    )


def queries_of(order) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask(order)
    return len(captured)


def test_the_gate_asks_the_same_number_of_queries_however_long_the_past_is(deployment):
    end(ask_for(deployment, 0), name="superseded")
    first = queries_of(planned_order(deployment, at=slot(1)))
    end(Order.objects.get(state="AUTHORISED"), name="superseded", submitted=False)
    cycle = make_cycle(deployment, at=slot(2))
    for number in range(LATEST_ORDERS + 10):
        ended = order_for(cycle, intent_of(deployment), round_number=number + 1)
        settlement.cancel(ended, name="superseded", message="", actor=ACTOR, now=WALL)
    assert queries_of(planned_order(deployment, at=slot(3))) == first


def ask_for(deployment, index):
    order = planned_order(deployment, at=slot(index))
    assert ask(order).allowed
    return order


def test_the_hour_and_the_day_are_those_of_the_feed(deployment):
    limit(deployment, max_orders_per_hour=1)
    end(ask_for(deployment, 0), name="superseded", submitted=False)
    same_hour = planned_order(deployment, at=slot(0) + timedelta(minutes=30))
    assert ask(same_hour).refusal == "orders_per_hour"
    assert ask_for(deployment, 1).state == "AUTHORISED"
    usage = LimitUsage.objects.get()
    assert (usage.scope, usage.orders_in_hour, usage.orders_in_day) == ("DEPLOYMENT", 1, 2)
    assert usage.hour_at == slot(1)


def test_an_order_that_was_not_filled_gives_its_turnover_back_and_stays_an_order(deployment):
    end(ask_for(deployment, 0))
    ask_for(deployment, 1)
    usage = LimitUsage.objects.get()
    assert (usage.turnover_usd, usage.orders_in_day) == (Decimal(100), 2)
    assert (usage.cancels_in_hour, usage.gas_usd > 0) == (1, True)
    states = LimitReservation.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["RELEASED", "RESERVED"]


def test_failures_in_a_row_stop_what_adds_risk_and_nothing_else(deployment):
    limit(deployment, max_consecutive_failures=2)
    for index in range(3):
        assert failing(deployment, 2 * index).allowed
    denied = ask(planned_order(deployment, at=slot(10)))
    assert denied.refusal == "consecutive_failures"


def test_our_own_ends_are_no_failures(deployment):
    limit(deployment, max_consecutive_failures=0)
    for index in range(3):
        end(ask_for(deployment, index), name="superseded", submitted=False)
    assert ask_for(deployment, 5)


def test_a_retry_of_the_same_intent_needs_a_changed_input(deployment):
    end(ask_for(deployment, 0))
    again = order_for(make_cycle(deployment, at=slot(1)), intent_of(deployment))
    decision = ask(again, at=slot(0))
    assert not decision.allowed
    breached = [one["rule"] for one in decision.verdicts if one["outcome"] == "BREACHED"]
    assert breached == ["retry_changed"]
    changed = planned_order(deployment, at=slot(2), size_usd="99")
    assert ask(changed).allowed


def test_a_trade_has_a_budget_of_attempts(deployment):
    limit(deployment, max_attempts_per_trade=2)
    cycle = make_cycle(deployment, at=slot(0))
    for number in (1, 2):
        order = order_for(cycle, intent_of(deployment), round_number=number)
        assert ask(order).allowed
        end(order, name="superseded", submitted=False)
    assert ask(order_for(cycle, intent_of(deployment), round_number=3)).refusal == "retry_budget"


def test_the_same_refusal_twice_opens_the_breaker_for_a_while(deployment):
    minute = timedelta(minutes=1)
    for index in (0, 1):
        order = planned_order(deployment, at=slot(0) + index * minute, size_usd=str(100 + index))
        assert ask(order).allowed
        end(order)
    soon = planned_order(deployment, at=slot(0) + minute + timedelta(seconds=59), size_usd="90")
    paused = ask(soon)
    breached = [one["rule"] for one in paused.verdicts if one["outcome"] == "BREACHED"]
    assert (paused.allowed, breached) == (False, ["retry_pause"])
    assert "2 times price_not_acceptable" in paused.reason
    later = planned_order(deployment, at=slot(0) + 2 * minute, size_usd="80")
    assert ask(later).allowed


def test_an_exit_waits_seconds_and_is_never_given_up(deployment):
    def close(at):
        return planned_order(
            deployment,
            at=at,
            kind=PermitKind.REDUCE,
            size_usd=str(100 - (at - slot(0)).total_seconds() / 1000),
            pre_size_usd="100",
            collateral_usd="-50",
        )

    at = slot(0)
    for seconds in (0, 1, 6, 21, 66, 186, 306):
        order = close(at + timedelta(seconds=seconds))
        assert ask(order, held_usd="100").allowed
        end(order)
    early = close(at + timedelta(seconds=307))
    assert not ask(early, held_usd="100").allowed
    assert ask(close(at + timedelta(seconds=426)), held_usd="100").allowed


def test_all_three_versions_are_written_on_the_decision(deployment):
    limit_changes.change_level(
        HOUSE, limits={"max_leverage_ratio": 3}, reason="a test", actor=ACTOR, now=WALL
    )
    decision = ask(planned_order(deployment, at=slot(0)))
    versions = (decision.limits.version, decision.vault_limits, decision.global_limits.version)
    assert versions == (1, None, 1)


def test_the_tightest_of_the_levels_counts(deployment):
    limit_changes.change_level(
        HOUSE, limits={"max_order_notional_usd": 99}, reason="a test", actor=ACTOR, now=WALL
    )
    assert ask(planned_order(deployment, at=slot(0))).refusal == "max_order_notional"


def test_an_account_below_one_share_has_no_known_value(deployment):
    account = deployment.paper_account
    account.shares = Decimal("0.5")
    account.save(update_fields=["shares"])
    assert ask(planned_order(deployment, at=slot(0))).refusal == "daily_loss drawdown"
