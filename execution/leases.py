"""Leases: who may run a slot, until when, and how everybody else is kept out.

The database decides: one row a slot, one running row a deployment, time by its clock. A worker
that was overtaken finds its fencing token old at its next commit, and that commit does not
happen (`execution.models.fences` says the same to whoever forgets to look).
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import Error, IntegrityError, connection, models, transaction
from django.db.models import F

from atlas.audit import Actor, record
from atlas.domain.errors import Bug, LeaseLost
from atlas.domain.states import CYCLE_TRANSITIONS, CycleState
from execution.models import CycleRun, Deployment
from execution.models.fences import FENCE_SQLSTATE
from execution.vocabulary import CycleOrigin, CycleStep

# Longer than the hard time limit of the task that runs a cycle, so that work never outlives it.
LEASE = timedelta(seconds=30)
# A cycle that has taken so many workers down with it is not tried again.
MAX_TAKEOVERS = 5
UNIQUE_VIOLATION = "23505"


class DatabaseClock(models.Func):
    """The database's clock at this very statement, not at the start of the transaction."""

    template = "clock_timestamp()"
    arity = 0
    output_field = models.DateTimeField()


def database_now() -> datetime:
    """Read the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    if not isinstance(now, datetime):
        raise Bug(f"The database's clock gave {now!r}")
    return now


def claim(
    *,
    deployment: Deployment,
    slot: datetime,
    simulated: bool,
    origin: CycleOrigin,
    missed_slots: int,
    actor: Actor,
    now: datetime,
) -> CycleRun | None:
    """Take a slot, or take it over from a worker whose lease has expired.

    None means that there is nothing to do here: the slot has ended, somebody is at it, or another
    slot of the deployment is being run.
    """
    try:
        with transaction.atomic():
            cycle = CycleRun.objects.create(
                deployment=deployment,
                scheduled_for=slot,
                simulated_time=simulated,
                origin=origin,
                missed_slots=missed_slots,
                lease_until=DatabaseClock() + LEASE,
                started_at=now,
            )
            record(
                action="cycle.claim",
                subject=cycle,
                actor=actor,
                now=now,
                after={"slot": slot.isoformat(), "token": cycle.fencing_token},
            )
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", None) != UNIQUE_VIOLATION:
            raise
        existing = CycleRun.objects.filter(deployment=deployment, scheduled_for=slot).first()
        if existing is None or is_worn_out(existing):
            return None
        return take_over(existing, actor=actor, now=now)
    return cycle


def take_over(cycle: CycleRun, *, actor: Actor, now: datetime) -> CycleRun | None:
    """Raise the token of a cycle whose lease has expired; None where it is not to be had."""
    with transaction.atomic():
        taken = (
            CycleRun.objects.running()
            .filter(pk=cycle.pk, fencing_token=cycle.fencing_token, lease_until__lt=DatabaseClock())
            .update(fencing_token=F("fencing_token") + 1, lease_until=DatabaseClock() + LEASE)
        )
        if not taken:
            return None
        cycle.refresh_from_db()
        record(
            action="cycle.take_over",
            subject=cycle,
            actor=actor,
            now=now,
            after={"step": cycle.step, "token": cycle.fencing_token},
            reason="the lease of the worker before had expired",
        )
    return cycle


def expired() -> list[CycleRun]:
    """List the running cycles whose lease has expired, the oldest first.

    Cycles of a playback are left to whoever repeats the playback: only they have the recording.
    """
    return list(
        CycleRun.objects.running()
        .exclude(origin=CycleOrigin.PLAYBACK)
        .filter(lease_until__lt=DatabaseClock())
        .order_by("lease_until")
    )


def is_worn_out(cycle: CycleRun) -> bool:
    """Tell whether a cycle was taken over so often that it may not be resumed any more."""
    return cycle.fencing_token > MAX_TAKEOVERS


def commit_step(cycle: CycleRun, step: CycleStep, **changes: Any) -> None:
    """Write how far a cycle has come and renew its lease, in the caller's transaction.

    Raises LeaseLost where somebody has taken the cycle over: the caller's transaction must not
    commit.
    """
    written = (
        CycleRun.objects.running()
        .filter(pk=cycle.pk, fencing_token=cycle.fencing_token)
        .update(
            step=step.value,
            fencing_token=cycle.fencing_token,
            lease_until=DatabaseClock() + LEASE,
            **changes,
        )
    )
    _require(written, cycle)
    cycle.step = step.value
    _remember(cycle, changes)


def end(cycle: CycleRun, state: CycleState, *, now: datetime, **changes: Any) -> None:
    """Bring a cycle to its end, in the caller's transaction; raises LeaseLost if overtaken."""
    if state not in CYCLE_TRANSITIONS[CycleState.RUNNING]:
        raise Bug(f"A cycle cannot end {state}")
    written = (
        CycleRun.objects.running()
        .filter(pk=cycle.pk, fencing_token=cycle.fencing_token)
        .update(state=state.value, fencing_token=cycle.fencing_token, finished_at=now, **changes)
    )
    _require(written, cycle)
    cycle.state, cycle.finished_at = state.value, now
    _remember(cycle, changes)


def _require(written: int, cycle: CycleRun) -> None:
    if written == 0:
        raise LeaseLost(
            f"{cycle} was taken over: the token {cycle.fencing_token} is no longer the latest",
            detail={"cycle": cycle.pk, "token": cycle.fencing_token},
        )


def _remember(cycle: CycleRun, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(cycle, name, value)


def was_fenced(error: Error) -> bool:
    """Tell whether the database refused a write because its fencing token was old."""
    return getattr(error.__cause__, "sqlstate", None) == FENCE_SQLSTATE
