"""A paper cycle at once, because a person wants it: asked for with a reason, then run as any other.

Asking and running are two calls, since the console asks and a worker runs; at the shell one process
does both. The claim of the slot decides in the end: of two who ask at once, one runs.
"""

from datetime import datetime

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.errors import ConflictingState
from execution.accounts import require_reason
from execution.cycle import run_cycle
from execution.desk import live_refusal
from execution.feeds import ReadClock, clock_for
from execution.models import CycleRun, Deployment
from execution.vocabulary import CycleOrigin


def ask_to_run(
    deployment: Deployment,
    *,
    reason: str,
    actor: Actor,
    read: ReadClock,
    slot: datetime | None = None,
) -> datetime:
    """Write down who wants a cycle now and why; gives its slot, the feed's present unless given.

    Raises InvalidInput without a reason, Denied for a LIVE deployment with every missing key, and
    ConflictingState where a cycle of the deployment is running or the slot has been run.
    """
    require_reason(reason)
    now = read()
    if deployment.is_live:
        raise live_refusal(deployment, now=now)
    wanted = slot or clock_for(deployment, read=read).now()
    with transaction.atomic():
        _require_free(deployment, wanted)
        record(
            action="cycle.run_now",
            subject=deployment,
            actor=actor,
            now=now,
            after={"slot": wanted.isoformat()},
            reason=reason,
        )
    return wanted


def run_asked(deployment: Deployment, slot: datetime, *, read: ReadClock, actor: Actor) -> CycleRun:
    """Run the cycle that was asked for, to its end.

    Raises ConflictingState where another cycle came first.
    """
    cycle = run_cycle(
        deployment=deployment, slot=slot, read=read, origin=CycleOrigin.MANUAL, actor=actor
    )
    if cycle is None:
        _require_free(deployment, slot)
        raise ConflictingState(
            f"The cycle of {slot:%Y-%m-%d %H:%M:%S} UTC was taken over by another worker, which "
            "brings it to its end."
        )
    return cycle


def _require_free(deployment: Deployment, slot: datetime) -> None:
    """Refuse while a cycle runs, and a slot that has had its cycle."""
    running = CycleRun.objects.running().filter(deployment=deployment).first()
    if running is not None:
        raise ConflictingState(
            f"A cycle of this deployment is running, that of {running.scheduled_for:%Y-%m-%d %H:%M} "
            "UTC. Try again when it has ended; a lost one is taken over within half a minute."
        )
    if CycleRun.objects.filter(deployment=deployment, scheduled_for=slot).exists():
        raise ConflictingState(
            f"The slot {slot:%Y-%m-%d %H:%M:%S} UTC has been run already; a slot runs once."
        )
