"""A machine that does to paper accounts whatever may happen to them, in any order.

Cycles, the same slot again, workers that die between two commits, takers, halts and restores of each
scope, tighter limits, slow keepers. After every act the invariants of the house hold.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from atlas import switches
from atlas.domain.ledger import Account
from atlas.domain.states import SWITCH_ALLOWS, OrderState, PermitKind, SwitchState
from atlas.domain.stopped_clock import StoppedClock
from atlas.domain.units import ZERO, exact
from execution import desk, limit_changes, trading
from execution.folding import refold
from execution.gate import scopes_of
from execution.marketdata.replay import ReplayMarketData
from execution.models import (
    CycleRun,
    Deployment,
    EquityPoint,
    Fill,
    LimitReservation,
    Order,
    PaperAccount,
    Position,
)
from execution.vocabulary import CycleStep
from onchain.models import TransactionPermit
from tests.execution.conftest import _patient_gate  # noqa: F401  # the machine lives in one transaction
from tests.execution.ledger_dump import dump
from tests.execution.world import (
    ACTOR,
    MARKET,
    WALL,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

RECORDING = recording(waves(160))
SLUG = "trend"
SCOPES = [switches.GLOBAL_SCOPE, ("STRATEGY", SLUG), ("MARKET", MARKET)]
MOMENTS = st.sampled_from(
    [
        CycleStep.SNAPSHOT,
        CycleStep.SIGNAL,
        CycleStep.PLAN,
        CycleStep.SUBMIT,
        CycleStep.SETTLE,
        CycleStep.EQUITY,
    ]
)
TIGHTER = st.sampled_from([SwitchState.HALTED, SwitchState.REDUCING])
LAST_SLOT = 120


class Died(BaseException):
    """The worker is gone; nothing of it runs on."""


def _die() -> None:
    raise Died


class Trading(RuleBasedStateMachine):
    """One deployment on paper and everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self._world = transaction.atomic()
        # The gate demands the outermost transaction; this one belongs to the test, like its parent.
        self._world._from_testcase = True  # type: ignore[attr-defined]
        self._world.__enter__()
        self.index = 0
        self.frozen: dict[SwitchState, set[object]] = {}

    @initialize(delay=st.sampled_from([0, 30]))
    def begin(self, delay: int) -> None:
        """Put a strategy to work, with a keeper that takes its time or none."""
        made = make_deployment()
        PaperAccount.objects.filter(deployment=made).update(keeper_delay_seconds=delay)
        self.pk = made.pk
        open_switches()

    def teardown(self) -> None:
        """Forget everything."""
        transaction.set_rollback(True)
        self._world.__exit__(None, None, None)

    @property
    def deployment(self) -> Deployment:
        """Read the deployment as a worker would."""
        found: Deployment = Deployment.objects.detailed().get(pk=self.pk)
        return found

    @property
    def account(self) -> PaperAccount:
        """Read the account."""
        found: PaperAccount = PaperAccount.objects.get(deployment_id=self.pk)
        return found

    @property
    def running(self) -> CycleRun | None:
        """Give the cycle that a dead worker left."""
        found: CycleRun | None = CycleRun.objects.running().first()
        return found

    @rule(further=st.integers(1, 9))
    def cycle(self, further: int) -> None:
        """Run the cycle of a later slot; where one is running nothing may happen."""
        self.index = min(self.index + further, LAST_SLOT)
        before, left = dump(self.deployment), self.running
        run(self.deployment, RECORDING, slot(self.index))
        if left is not None:
            assert dump(self.deployment) == before

    @rule()
    def the_same_slot_again(self) -> None:
        """Deliver the newest slot a second time: nothing happens."""
        newest = CycleRun.objects.order_by("-scheduled_for").first()
        if newest is None:
            return
        before = dump(self.deployment)
        assert run(self.deployment, RECORDING, newest.scheduled_for) is None
        assert dump(self.deployment) == before

    @precondition(lambda self: self.running is None)
    @rule(further=st.integers(1, 9), moment=MOMENTS)
    def worker_dies(self, further: int, moment: CycleStep) -> None:
        """Run a cycle whose worker dies between two commits."""
        self.index = min(self.index + further, LAST_SLOT)
        self._die_in(lambda: run(self.deployment, RECORDING, slot(self.index)), moment)

    @precondition(lambda self: self.running is not None)
    @rule(moment=st.none() | MOMENTS)
    def another_takes_over(self, moment: CycleStep | None) -> None:
        """Let the lease run out and another worker come, who may die as well."""
        left = self.running
        assert left is not None
        past = timezone.now() - timedelta(seconds=1)
        CycleRun.objects.filter(pk=left.pk).update(lease_until=past)

        def take() -> object:
            return run(self.deployment, RECORDING, left.scheduled_for)

        if moment is None:
            assert take() is not None or left.fencing_token > 5  # worn out
            return
        self._die_in(take, moment)

    @precondition(lambda self: self.running is None)
    @rule(moment=MOMENTS, state=TIGHTER, scope=st.sampled_from(SCOPES))
    def halt_while_a_cycle_runs(
        self, moment: CycleStep, state: SwitchState, scope: switches.Scope
    ) -> None:
        """Tighten a switch between two commits of a cycle."""
        self.index = min(self.index + 9, LAST_SLOT)
        with self._at(moment, lambda: self.halt_now(scope, state)):
            run(self.deployment, RECORDING, slot(self.index))

    @contextmanager
    def _at(self, moment: CycleStep, act: Callable[[], None]) -> Iterator[None]:
        """Do something once, just before the first step of a name; sending begins with its lock."""
        begin, lock, waiting = desk.Desk.step, switches.shared_lock, [act]

        def arrive(name: CycleStep) -> None:
            if name == moment and waiting:
                waiting.pop()()

        def stepping(self: desk.Desk, name: CycleStep) -> object:
            if name != CycleStep.SUBMIT:
                arrive(name)
            return begin(self, name)

        def locking() -> object:
            arrive(CycleStep.SUBMIT)
            return lock()

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(desk.Desk, "step", stepping)
            patched.setattr(trading, "shared_lock", locking)
            yield

    def _die_in(self, act: Callable[[], object], moment: CycleStep) -> None:
        with self._at(moment, _die), suppress(Died):
            act()

    @rule(scope=st.sampled_from(SCOPES), state=TIGHTER)
    def halt(self, scope: switches.Scope, state: SwitchState) -> None:
        """Tighten a switch."""
        self.halt_now(scope, state)

    def halt_now(self, scope: switches.Scope, state: SwitchState) -> None:
        """Tighten a switch and remember what there was."""
        switches.tighten(scope=scope, state=state, reason="a drill", actor=ACTOR, now=WALL)
        self._note_what_there_is()

    @rule()
    def restore(self) -> None:
        """Restore every switch."""
        open_switches()
        self.frozen.clear()

    @rule(most=st.sampled_from(["50", "5000", "1000000"]))
    def other_limits(self, most: str) -> None:
        """Write another version of the limits."""
        limit_changes.change_limits(
            deployment=self.deployment,
            limits={"max_order_notional_usd": most},
            reason="a drill",
            actor=ACTOR,
            now=WALL,
        )

    def _note_what_there_is(self) -> None:
        state = self._effective()
        self.frozen[state] = self._begun_against(state)

    def _effective(self) -> SwitchState:
        return switches.effective_now(scopes_of(self.deployment, MARKET)).state

    def _begun_against(self, state: SwitchState) -> set[object]:
        """Name the permits and the sent orders of kinds that this state does not let out."""
        shut = [kind.value for kind in set(PermitKind) - SWITCH_ALLOWS[state]]
        permits = TransactionPermit.objects.filter(kind__in=shut).values_list("pk", flat=True)
        sent = Order.objects.filter(kind__in=shut, submitted_at__isnull=False)
        return {("permit", pk) for pk in permits} | {
            ("sent", pk) for pk in sent.values_list("pk", flat=True)
        }

    @invariant()
    def nothing_begins_after_a_halt(self) -> None:
        """No permit is given and no order sent of a kind that a tightened switch shuts out."""
        for state, before in self.frozen.items():
            assert self._begun_against(state) == before, state

    @invariant()
    def positions_are_the_fold_of_fills(self) -> None:
        """Rows of positions are what their fills add up to, and the cash what flows and fills did."""
        folded = self._folded()
        if folded is None:
            return
        rows = {(row.market, row.is_long): row for row in Position.objects.all()}
        assert {(key.market, key.is_long) for key in folded.records} == set(rows)
        for key, record in folded.records.items():
            row = rows[key.market, key.is_long]
            assert row.record == record
        assert self.account.cash_usd == folded.cash_usd

    def _folded(self) -> Account | None:
        return refold(self.account) if hasattr(self, "pk") else None

    @invariant()
    def cash_and_positions_are_equity(self) -> None:
        """What the account is worth is its cash and its positions, and has only known causes."""
        folded = self._folded()
        if folded is None:
            return
        clock = StoppedClock(slot(self.index))
        data = ReplayMarketData.of([RECORDING], clock)
        quoted = data.quote(MARKET).mark_usd
        with exact():
            values = sum((one.value_usd(quoted) for one in folded.open_positions), start=ZERO)
            causes = (
                folded.realised_usd
                + folded.unrealised_usd({MARKET: quoted})
                - folded.costs.total_usd
            )
            assert folded.equity_usd({MARKET: quoted}) == folded.cash_usd + values
            assert folded.equity_usd({MARKET: quoted}) == folded.flows_usd + causes
        for point in EquityPoint.objects.all():
            assert point.equity_usd == point.cash_usd + point.positions_usd

    @invariant()
    def one_working_order_and_one_running_cycle(self) -> None:
        """An account has one order on its way at most, a deployment one cycle under way."""
        assert Order.objects.working().count() <= 1
        assert CycleRun.objects.running().count() <= 1

    @invariant()
    def every_order_that_left_had_its_own_permit(self) -> None:
        """An order is filled once, with an allowed decision and a permit of its own that is spent."""
        sent = Order.objects.filter(submitted_at__isnull=False).select_related("permit", "decision")
        for order in sent:
            assert order.decision.allowed
            assert order.permit is not None
            assert (order.permit.state, order.permit.intent_digest) == (
                "CONSUMED",
                order.intent_digest,
            )
        assert sent.values("permit").distinct().count() == sent.count()
        filled = Order.objects.filter(state=OrderState.FILLED)
        assert set(Fill.objects.values_list("order", flat=True)) == set(
            filled.values_list("pk", flat=True)
        )
        assert Fill.objects.count() == filled.count()

    @invariant()
    def what_is_reserved_was_allowed(self) -> None:
        """Only orders that passed the gate hold a share of a limit, each one of each counter."""
        held = LimitReservation.objects.select_related("order__decision")
        assert all(one.order.decision.allowed for one in held)
        assert held.count() == held.values("usage", "order").distinct().count()


@pytest.mark.deep
@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_the_invariants_hold_whatever_happens_in_whatever_order():
    run_state_machine_as_test(
        Trading,
        settings=settings(
            max_examples=20,
            stateful_step_count=16,
            phases=[Phase.generate],  # a failure is told as it was found: shrinking takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
