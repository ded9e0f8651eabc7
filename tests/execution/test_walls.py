"""What the database refuses whatever the code believes: fences, lifecycles, single orders."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from atlas.domain.errors import LeaseLost
from atlas.domain.states import CycleState
from execution import leases
from execution.leases import was_fenced
from execution.models import (
    Candle,
    CycleInput,
    CycleRun,
    Deployment,
    EquityPoint,
    Fill,
    GuardrailDecision,
    GuardrailLimits,
    Order,
    OrderEvent,
    PaperFlow,
    Signal,
)
from execution.vocabulary import CycleOrigin, CycleStep
from tests.execution.orders import make_cycle, planned_order
from tests.execution.world import (
    ACTOR,
    WALL,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


@pytest.fixture
def traded(deployment):
    run(deployment, recording(waves()), slot(0))
    return deployment


def refused(act, *, match=None, error=DatabaseError):
    with pytest.raises(error, match=match), transaction.atomic():
        act()


def claim(deployment, at=None):
    return leases.claim(
        deployment=deployment,
        slot=at or slot(0),
        simulated=True,
        origin=CycleOrigin.SCHEDULE,
        missed_slots=0,
        actor=ACTOR,
        now=WALL,
    )


def test_a_slot_is_claimed_once(deployment):
    assert claim(deployment) is not None
    assert claim(deployment) is None


def test_a_deployment_runs_one_slot_at_a_time(deployment):
    assert claim(deployment) is not None
    assert claim(deployment, slot(1)) is None
    assert CycleRun.objects.count() == 1


def test_the_lease_lies_ahead_by_the_databases_clock(deployment):
    cycle = claim(deployment)
    cycle.refresh_from_db()
    ahead = cycle.lease_until - leases.database_now()
    assert leases.LEASE.total_seconds() - 5 < ahead.total_seconds() <= leases.LEASE.total_seconds()


def test_a_step_renews_the_lease(deployment):
    cycle = claim(deployment)
    cycle.refresh_from_db()
    before = cycle.lease_until
    leases.commit_step(cycle, CycleStep.SNAPSHOT)
    cycle.refresh_from_db()
    assert cycle.lease_until > before


def test_an_overtaken_worker_cannot_commit_a_step_or_an_end(deployment):
    cycle = claim(deployment)
    CycleRun.objects.update(fencing_token=2)
    refused(lambda: leases.commit_step(cycle, CycleStep.SNAPSHOT), error=LeaseLost)
    refused(lambda: leases.end(cycle, CycleState.COMPLETED, now=WALL), error=LeaseLost)


def test_a_write_with_an_old_token_is_refused_by_the_database(deployment):
    cycle = claim(deployment)
    CycleRun.objects.update(fencing_token=2)
    with pytest.raises(DatabaseError, match="fencing") as caught, transaction.atomic():
        cycle.save()  # whoever forgets to look: the row still carries token 1
    assert was_fenced(caught.value)


@pytest.mark.parametrize("token", [1, 3])
def test_a_row_of_a_cycle_with_another_token_is_refused_by_the_database(deployment, token):
    order = planned_order(deployment)
    CycleRun.objects.update(fencing_token=2)
    signal = Signal.objects.get()
    signal.pk, signal.market, signal.fencing_token = None, "BTC/USD", token
    refused(lambda: signal.save(force_insert=True), match="fencing")
    order.pk, order.round_number, order.fencing_token = None, 2, token
    refused(lambda: order.save(force_insert=True), match="fencing")


def test_the_token_of_the_holder_is_let_in(deployment):
    planned_order(deployment)
    CycleRun.objects.update(fencing_token=2)
    signal = Signal.objects.get()
    signal.pk, signal.market, signal.fencing_token = None, "BTC/USD", 2
    signal.save(force_insert=True)
    assert Signal.objects.count() == 2


@pytest.mark.parametrize(
    "model", [OrderEvent, Fill, PaperFlow, GuardrailDecision, GuardrailLimits, CycleInput, Signal]
)
def test_facts_are_neither_edited_nor_deleted(traded, model):
    row = model.objects.first()
    refused(row.save, match="Cannot update")
    refused(row.delete, match="Cannot (update or )?delete|violates")


@pytest.mark.parametrize("model", [EquityPoint, Candle])
def test_points_of_a_series_are_neither_edited_nor_deleted(traded, model):
    names = {EquityPoint: "simulated_time", Candle: "source"}
    refused(lambda: model.objects.update(**{names[model]: True}), match="Cannot update")
    refused(lambda: model.objects.all().delete(), match="Cannot update or delete")


def test_an_ended_cycle_is_never_written_again(traded):
    refused(lambda: CycleRun.objects.update(message="it was all fine"), match="Cannot update")


def test_a_cycle_cannot_come_back_to_life(traded):
    refused(lambda: CycleRun.objects.update(state="RUNNING", finished_at=None))


def test_a_final_order_is_never_written_again(traded):
    refused(lambda: Order.objects.update(cancel_reason="no"), match="Cannot update")


def test_an_order_takes_no_step_that_its_table_does_not_have(deployment):
    planned_order(deployment)
    refused(lambda: Order.objects.update(state="FILLED"), match="Invalid transition|permit")


def test_what_an_order_means_is_frozen(deployment):
    planned_order(deployment)
    refused(lambda: Order.objects.update(size_delta_usd=5), match="Cannot update")


def test_an_order_past_the_gate_has_a_permit(deployment):
    planned_order(deployment)
    refused(
        lambda: Order.objects.update(state="AUTHORISED"),
        match="order_past_the_gate_has_a_permit",
        error=IntegrityError,
    )


def test_an_account_has_one_working_order(deployment):
    from tests.execution.test_gate import ask

    first = planned_order(deployment)
    ask(first)
    second = planned_order(deployment, at=slot(1))
    refused(
        lambda: Order.objects.filter(pk=second.pk).update(
            state="AUTHORISED", permit=_other_permit()
        ),
        match="order_one_working_per_account",
        error=IntegrityError,
    )


def _other_permit():
    from datetime import timedelta

    from onchain.models import TransactionPermit

    return TransactionPermit.objects.create(
        venue="PAPER",
        kind="INCREASE",
        intent_digest="0" * 64,
        intent_tag="another",
        switch_epoch=1,
        issued_at=WALL,
        expires_at=WALL + timedelta(seconds=20),
    )


def test_a_vault_has_one_live_deployment(deployment):
    from onchain.models import Vault

    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    other = make_deployment(slug="other")
    live = {"mode": "LIVE", "vault": vault, "feed_clock": None}
    Deployment.objects.filter(pk=deployment.pk).update(**live)
    refused(
        lambda: Deployment.objects.filter(pk=other.pk).update(**live),
        match="deployment_one_live_per_vault",
        error=IntegrityError,
    )


def test_equity_that_does_not_add_up_is_not_stored(traded):
    point = EquityPoint.objects.get()
    point.as_of_at = slot(1)
    point.equity_usd += 1
    refused(lambda: point.save(force_insert=True), match="equity_point_adds_up")


def test_two_takers_of_an_expired_lease_are_one(deployment):
    cycle = make_cycle(deployment, at=slot(0))
    CycleRun.objects.update(lease_until=WALL.replace(year=2000))
    cycle.refresh_from_db()
    again = CycleRun.objects.get()
    assert leases.take_over(cycle, actor=ACTOR, now=WALL) is not None
    assert leases.take_over(again, actor=ACTOR, now=WALL) is None
    assert connection.in_atomic_block
    assert CycleRun.objects.get().fencing_token == 2
