"""SAFETY 7.3, as far as paper reaches: a halt at every step of a cycle, and nothing begins after it."""

from typing import Any

import pytest

from atlas import switches
from atlas.domain.states import CycleState, OrderState, SwitchState
from execution import desk, trading
from execution.folding import refold
from execution.models import CycleRun, Fill, Order, PaperAccount
from execution.venues.paper import PaperVenue
from execution.vocabulary import CycleStep
from onchain.models import TransactionPermit
from tests.execution.conftest import _patient_gate  # noqa: F401  # cycles run within one test's transaction
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

RECORDING = recording(waves())
OPENING, FLIP = slot(0), slot(9)
STEPS_OF_A_FLIP = 11


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    run(made, RECORDING, OPENING)
    return made


def tighten(scope: switches.Scope, state: SwitchState) -> None:
    switches.tighten(scope=scope, state=state, reason="a drill", actor=ACTOR, now=WALL)


def halt_before(step: int, monkeypatch) -> dict[str, Any]:
    """Halt the house just before the step of this number begins; gives what there was then.

    The step that sends begins with the lock of the switches.
    """
    seen: dict[str, Any] = {"steps": 0}
    begin, lock = desk.Desk.step, switches.shared_lock

    def arrive():
        seen["steps"] += 1
        if seen["steps"] == step:
            tighten(switches.GLOBAL_SCOPE, SwitchState.HALTED)
            seen["permits"] = set(TransactionPermit.objects.values_list("pk", flat=True))
            seen["sent"] = sent()

    def stepping(self, name):
        if name != CycleStep.SUBMIT:
            arrive()
        return begin(self, name)

    def locking():
        arrive()
        return lock()

    monkeypatch.setattr(desk.Desk, "step", stepping)
    monkeypatch.setattr(trading, "shared_lock", locking)
    return seen


def sent() -> set[Any]:
    return set(Order.objects.filter(submitted_at__isnull=False).values_list("pk", flat=True))


def assert_ledger_holds(deployment) -> None:
    account = PaperAccount.objects.get(deployment=deployment)
    assert refold(account).cash_usd == account.cash_usd
    assert not Order.objects.working().filter(account=account.key).exists()
    assert Order.objects.filter(state=OrderState.FILLED).count() == Fill.objects.count()


@pytest.mark.parametrize("step", range(1, STEPS_OF_A_FLIP + 1))
def test_a_halt_before_any_step_lets_nothing_begin_after_it(deployment, monkeypatch, step):
    seen = halt_before(step, monkeypatch)
    cycle = run(deployment, RECORDING, FLIP)
    assert seen["steps"] >= step  # every number below is a step that is really there
    assert sent() == seen["sent"]
    assert not TransactionPermit.objects.exclude(pk__in=seen["permits"]).exists()
    assert cycle.state in {CycleState.SKIPPED, CycleState.COMPLETED}
    assert_ledger_holds(deployment)


def test_a_permit_from_before_a_halt_sends_nothing_after_it(deployment, monkeypatch):
    monkeypatch.setattr(PaperVenue, "submit", lambda *_, **__: pytest.fail("it was sent"))
    _halt_after_the_gate(monkeypatch, SwitchState.HALTED)
    cycle = run(deployment, RECORDING, FLIP)
    assert (cycle.state, cycle.reason) == (CycleState.SKIPPED, "halted")
    order = Order.objects.get(cycle=cycle)
    assert (order.state, order.cancel_name) == (OrderState.CANCELED, "halted")
    assert TransactionPermit.objects.latest("issued_at").state == "REVOKED"
    assert_ledger_holds(deployment)


def test_while_reducing_a_permit_for_an_exit_is_still_carried_out(deployment, monkeypatch):
    _halt_after_the_gate(monkeypatch, SwitchState.REDUCING)
    cycle = run(deployment, RECORDING, FLIP)
    states = {order.kind: order.state for order in Order.objects.filter(cycle=cycle)}
    assert states == {"REDUCE": OrderState.FILLED, "INCREASE": OrderState.DENIED}


def test_while_reducing_a_permit_that_adds_risk_is_withdrawn(monkeypatch):
    made = make_deployment()
    open_switches()
    _halt_after_the_gate(monkeypatch, SwitchState.REDUCING)
    cycle = run(made, RECORDING, OPENING)
    order = Order.objects.get(cycle=cycle)
    assert order.state == OrderState.CANCELED
    assert TransactionPermit.objects.get().state == "REVOKED"
    assert "became REDUCING" in cycle.message
    assert CycleRun.objects.get().reason == "halted"
    assert_ledger_holds(made)


def _halt_after_the_gate(monkeypatch, state) -> None:
    """Tighten the house as soon as a gate has committed its word."""
    from execution import gate

    authorise = gate.authorise

    def then_halt(*args, **kwargs):
        decision = authorise(*args, **kwargs)
        tighten(switches.GLOBAL_SCOPE, state)
        return decision

    monkeypatch.setattr(gate, "authorise", then_halt)
