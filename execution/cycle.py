"""THE STORY: one cycle of a deployment, from its slot to its equity.

claim the slot → look (candles, account; stored) → decide (the rule's signals) → trade (plan, gate,
venue, settlement, order by order) → value → end. Each step is committed with the cycle's fencing
token; a worker that dies anywhere leaves a row whose lease runs out, and whoever takes it over
goes on after the last committed step. A second delivery of a slot does nothing.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import Error, InterfaceError, OperationalError

from atlas.audit import Actor
from atlas.domain.clock import Clock
from atlas.domain.errors import LeaseLost
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import CycleState, OrderState, SwitchState
from atlas.switches import EffectiveState, effective_now
from execution import leases, protection, settlement
from execution.deciding import decide
from execution.desk import Desk, venue_for
from execution.endings import SUPERSEDED, Ending, conclude, end_trades, ending_by_orders
from execution.feeds import clock_of_cycle, market_data_for
from execution.gate import scopes_of
from execution.looking import look, snapshot_of_round
from execution.mandates import mandate_of
from execution.marketdata.base import MarketData
from execution.models import CycleRun, Deployment, EquityPoint, Order
from execution.stops import decide_stops
from execution.trading import trade
from execution.valuation import equity_point
from execution.venues.base import Outcome
from execution.vocabulary import CycleOrigin, CycleStep, Reason

log = structlog.get_logger(__name__)

ACTOR = Actor.system("cycle")


def run_cycle(
    *,
    deployment: Deployment,
    slot: datetime,
    read: Callable[[], datetime],
    origin: CycleOrigin = CycleOrigin.SCHEDULE,
    missed_slots: int = 0,
    clock: Clock | None = None,
    market_data: MarketData | None = None,
    actor: Actor = ACTOR,
) -> CycleRun | None:
    """Run the cycle of one slot to its end, or take it over where it was left.

    `read` reads the wall clock. `clock` and `market_data` are the deployment's own unless given.
    Gives the ended cycle; None where there was nothing to do, because the slot has ended or
    somebody else is at it. A bug ends the cycle ERRORED and is raised; a database that is away
    is raised, and the cycle waits for a taker.
    """
    clock = clock or clock_of_cycle(deployment, slot, read=read)
    cycle = leases.claim(
        deployment=deployment,
        slot=slot,
        simulated=clock.simulated,
        origin=origin,
        missed_slots=missed_slots,
        actor=actor,
        now=read(),
    )
    if cycle is None:
        return None
    try:
        _run_to_the_end(
            cycle,
            deployment=deployment,
            clock=clock,
            market_data=market_data,
            read=read,
            actor=actor,
        )
    except LeaseLost as lost:
        log.info("cycle_lease_lost", cycle=cycle.pk, reason=lost.message)
        return None
    return cycle


def resume(cycle: CycleRun, *, read: Callable[[], datetime]) -> CycleRun | None:
    """Take over a cycle whose lease has expired; one that wore out its takers is ABANDONED."""
    if not leases.is_worn_out(cycle):
        deployment = Deployment.objects.detailed().get(pk=cycle.deployment_id)
        return run_cycle(deployment=deployment, slot=cycle.scheduled_for, read=read)
    taken = leases.take_over(cycle, actor=ACTOR, now=read())
    if taken is None:
        return None
    message = f"{leases.MAX_TAKEOVERS} workers took this cycle over and none came to its end."
    ending = Ending(CycleState.ABANDONED, Reason.ABANDONED.value, message)
    conclude(taken, ending, actor=ACTOR, now=read())
    return taken


def _run_to_the_end(
    cycle: CycleRun,
    *,
    deployment: Deployment,
    clock: Clock,
    market_data: MarketData | None,
    read: Callable[[], datetime],
    actor: Actor,
) -> None:
    """Run the steps and end the cycle as they say; this is the edge where errors become rows."""
    try:
        market_data = market_data or market_data_for(deployment, clock=clock)
        desk = Desk(
            cycle=cycle,
            deployment=deployment,
            mandate=mandate_of(deployment, at=cycle.started_at),
            venue=venue_for(deployment, market_data=market_data, clock=clock),
            market_data=market_data,
            clock=clock,
            read=read,
            actor=actor,
        )
        ending = _steps(desk)
    except LeaseLost:
        raise
    except Error as error:
        if leases.was_fenced(error):
            raise LeaseLost(f"{cycle} was taken over") from error
        if isinstance(error, OperationalError | InterfaceError):
            raise
        conclude(cycle, Ending.of(error), actor=actor, now=read())
        raise
    except Exception as error:
        ending = Ending.of(error)
        conclude(cycle, ending, actor=actor, now=read())
        if ending.state == CycleState.ERRORED:
            raise
        return
    conclude(cycle, ending, actor=actor, now=read())


def _steps(desk: Desk) -> Ending:
    """Go through the steps of a cycle; each one finds what an earlier worker has committed."""
    if _is_late(desk):
        return Ending(
            CycleState.SKIPPED,
            Reason.LATE.value,
            f"The slot {desk.cycle.scheduled_for:%Y-%m-%d %H:%M} UTC was over before it began.",
        )
    _settle_leftovers(desk)
    _book_unordered(desk)
    halted = _halted(desk)
    if halted is not None:
        _value(desk, desk.venue.snapshot())
        scope = " ".join(halted.scope).strip()
        return Ending(
            CycleState.SKIPPED, Reason.HALTED.value, f"{scope} is halted: {halted.reason}"
        )
    by_levels = desk.cycle.origin == CycleOrigin.STOP
    signals = decide_stops(desk) if by_levels else decide(desk, look(desk))
    said = trade(desk, signals)
    _value(desk, snapshot_of_round(desk))
    return ending_by_orders(desk.cycle, said)


def _is_late(desk: Desk) -> bool:
    """Tell whether a slot is over that nobody has begun; what has begun is brought to its end."""
    begun = desk.cycle.step != CycleStep.CLAIMED
    late = desk.clock.now() - desk.cycle.scheduled_for >= desk.deployment.cadence
    return late and not begun and desk.cycle.origin == CycleOrigin.SCHEDULE


def _settle_leftovers(desk: Desk) -> None:
    """Bring orders of earlier cycles to their end: at the venue, or because they never got there."""
    leftovers = (
        Order.objects.filter(account=desk.venue.account, final_at__isnull=True)
        .exclude(cycle=desk.cycle)
        .select_related("permit", "cycle")
        .order_by("created_at")
    )
    for order in leftovers:
        at_venue = order.state not in {OrderState.PLANNED, OrderState.AUTHORISED}
        outcome = desk.venue.outcome(order) if at_venue else None
        with desk.step(CycleStep(desk.cycle.step)) as moment:
            _settle_or_cancel(desk, order, outcome, moment.now)
            end_trades(order.cycle, now=moment.now)


def _settle_or_cancel(desk: Desk, order: Order, outcome: Outcome | None, now: datetime) -> None:
    """Settle what was at the venue; cancel what never got there."""
    if outcome is None:
        said = "Its cycle ended before the order went out."
        settlement.cancel(order, name=SUPERSEDED, message=said, actor=desk.actor, now=now)
        return
    simulated = desk.clock.simulated
    settlement.settle(order, outcome, simulated_time=simulated, actor=desk.actor, now=now)


def _book_unordered(desk: Desk) -> None:
    """Book what the venue did without an order of ours, before anybody decides on the account."""
    for executed in desk.venue.unordered():
        with desk.step(CycleStep(desk.cycle.step)) as moment:
            settlement.book_unordered(
                desk.deployment.paper_account,
                executed,
                simulated_time=desk.clock.simulated,
                actor=desk.actor,
                now=moment.now,
            )


def _halted(desk: Desk) -> EffectiveState | None:
    """Give why nothing may be begun: every market of the deployment is halted.

    Only the gate can let an order out; this saves the work of preparing one, and a cycle that
    already has an order goes on to the gate or to its settlement.
    """
    if desk.is_resumed and Order.objects.filter(cycle=desk.cycle).exists():
        return None
    states = [effective_now(scopes_of(desk.deployment, market)) for market in desk.mandate.markets]
    if all(one.state is SwitchState.HALTED for one in states):
        return states[0]
    return None


def _value(desk: Desk, snapshot: Snapshot) -> None:
    """Write what the account is worth at the end of the slot, once, where prices are known."""
    account = desk.deployment.paper_account
    account.refresh_from_db()
    with desk.step(CycleStep.EQUITY) as moment:
        point = equity_point(
            account,
            snapshot,
            as_of_at=desk.cycle.scheduled_for,
            simulated_time=desk.clock.simulated,
            now=moment.now,
        )
        if point is not None:
            EquityPoint.objects.bulk_create([point], ignore_conflicts=True)
    protection.watch(desk.deployment, snapshot, feed_at=desk.clock.now(), now=desk.read())
