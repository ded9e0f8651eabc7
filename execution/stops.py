"""Stops: the fast look at open positions, and the cycle that closes one whose level was touched.

The look compares every open position's levels with the price of the moment and hands those that
are touched to a worker. What closes a position is a cycle like any other, with a lease, a
snapshot of its own, a signal that is written down and the gate; only its decision is not the
rule's. A second delivery finds nothing left to close.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db.models import OuterRef, Subquery

from atlas.domain import signals
from atlas.domain.errors import ConflictingState, DomainRefusal
from atlas.domain.quotes import Quote
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import CycleState, SwitchState
from atlas.domain.stops import PROTECTION, Levels, wait_after
from atlas.switches import effective_now
from execution import feeds
from execution.code_version import code_version
from execution.deciding import decided_before, write_down
from execution.desk import Desk
from execution.gate import scopes_of
from execution.inputs import Input, snapshot_content, store
from execution.models import CycleRun, Deployment, Position, Signal
from execution.vocabulary import CycleOrigin, CycleStep, InputKind

log = structlog.get_logger(__name__)

FAILURES_COUNTED = 8


@dataclass(frozen=True, slots=True)
class Touched:
    """A deployment one of whose levels was touched; `is_halted` says that nothing may go out."""

    deployment: Deployment
    signal: signals.Signal
    is_halted: bool


def touched(*, now: datetime) -> list[Touched]:
    """List the deployments that have something to close now.

    One whose price cannot be read is reported and left out, and so is one whose last stop could
    not be carried out and whose wait is not over.
    """
    found = []
    for deployment, held in _watched().items():
        try:
            signal = _first_touched(deployment, held, now=now)
        except DomainRefusal as refusal:
            log.warning("stops_unwatched", deployment=deployment.pk, reason=refusal.message)
            continue
        if signal is not None and not _is_waiting(deployment, now=now):
            switch = effective_now(scopes_of(deployment, signal.market))
            found.append(Touched(deployment, signal, switch.state is SwitchState.HALTED))
    return found


def decide_stops(desk: Desk) -> list[signals.Signal]:
    """Look at the account and decide which of its positions are to be closed; all of it stored.

    A cycle that was resumed reads back what it had decided.
    """
    if kept := decided_before(desk):
        return kept
    held = _levels_of([desk.deployment])[desk.deployment.pk]
    snapshot = desk.venue.snapshot()
    decided = closing_signals(held, snapshot)
    with desk.step(CycleStep.SIGNAL) as moment:
        moment.changes["inputs_hash"] = store(desk.cycle, _inputs(held, snapshot), now=moment.now)
        write_down(desk, decided, rule=PROTECTION, now=moment.now)
    desk.memory.snapshots[1] = snapshot
    return decided


def closing_signals(held: Sequence[Levels], snapshot: Snapshot) -> list[signals.Signal]:
    """Decide what to close: pure, so that the same inputs give the same signals."""
    decided = []
    for levels in held:
        quote = snapshot.quote(levels.market)
        if quote is None or snapshot.position(levels.market, is_long=levels.is_long).is_flat:
            continue
        signal = levels.closing_signal(quote, at=snapshot.taken_at)
        if signal is not None:
            decided.append(signal)
    return decided


def stored_levels(content: Mapping[str, Any] | None, cycle: CycleRun) -> list[Levels]:
    """Read the levels that a stop's cycle stored; raises ConflictingState where it has none."""
    if content is None:
        raise ConflictingState(f"{cycle} came to no decision, so there is none to repeat.")
    return [Levels.from_json(one) for one in content["levels"]]


def _inputs(held: Sequence[Levels], snapshot: Snapshot) -> list[Input]:
    return [
        Input(InputKind.LEVELS, {"levels": [levels.as_json() for levels in held]}),
        Input(InputKind.SNAPSHOT, snapshot_content(snapshot)),
        Input(InputKind.CODE, {"digest": code_version()}),
    ]


def _watched() -> dict[Deployment, list[Levels]]:
    """Give the deployments with levels on open positions; paused ones too, their risk is open."""
    holding = Deployment.objects.filter(pk__in=Position.objects.open().values("deployment"))
    deployments = list(holding.detailed())
    levels = _levels_of(deployments)
    return {one: levels[one.pk] for one in deployments if levels[one.pk]}


def _levels_of(deployments: Sequence[Deployment]) -> dict[int, list[Levels]]:
    """Give the levels of open positions, as the newest signal of their market set them."""
    levels: dict[int, list[Levels]] = {one.pk: [] for one in deployments}
    newest = (
        Signal.objects.filter(cycle__deployment=OuterRef("deployment"), market=OuterRef("market"))
        .exclude(rule=PROTECTION.name)
        .order_by("-as_of_at", "-pk")
        .values("pk")[:1]
    )
    rows = Position.objects.open().filter(deployment__in=deployments)
    held = {(row.deployment_id, row.set_by): row for row in rows.annotate(set_by=Subquery(newest))}
    set_by = Signal.objects.in_bulk([signal for _, signal in held if signal is not None])
    for (deployment, signal), row in held.items():
        levels[deployment] += _levels(row, set_by.get(signal))
    return levels


def _levels(row: Position, signal: Signal | None) -> list[Levels]:
    """Give a position's levels, none where its signal wants another side or set none."""
    if signal is None or signal.target_exposure_ratio == 0:
        return []
    wants_long = signal.target_exposure_ratio > 0
    has_levels = signal.stop_usd is not None or signal.take_profit_usd is not None
    if wants_long != row.is_long or not has_levels:
        return []
    return [Levels(row.market, row.is_long, signal.stop_usd, signal.take_profit_usd)]


def _first_touched(
    deployment: Deployment, held: Sequence[Levels], *, now: datetime
) -> signals.Signal | None:
    """Give the closing signal of the first level that the price of the moment touches."""
    clock = feeds.clock_for(deployment, read=lambda: now)
    market_data = feeds.market_data_for(deployment, clock=clock)
    for levels in held:
        quote: Quote = market_data.quote(levels.market)
        signal = levels.closing_signal(quote, at=clock.now())
        if signal is not None:
            return signal
    return None


def _is_waiting(deployment: Deployment, *, now: datetime) -> bool:
    """Tell whether stops that came to nothing are too recent to try again."""
    newest = list(
        CycleRun.objects.filter(deployment=deployment)
        .filter(origin=CycleOrigin.STOP)
        .order_by("-started_at", "-pk")[:FAILURES_COUNTED]
    )
    failures = 0
    for cycle in newest:
        if cycle.state == CycleState.COMPLETED:
            break
        failures += 1
    return bool(newest) and now < newest[0].started_at + wait_after(failures)
