"""Couriers of trading: names in, one call, no business.

Beat or Redis may deliver any of these twice or not at all; the rows decide. The hard time limit of
a cycle is shorter than its lease, so a worker that hangs is killed before anybody takes over.
"""

from datetime import datetime

import structlog
from celery import shared_task
from django.contrib.auth.models import User
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import ConflictingState
from execution import cycle, cycle_alerts, leases, paper_clock, scheduling, stops
from execution.feeds import clock_for
from execution.models import Deployment
from execution.running_now import run_asked
from execution.stop_alerts import tell_halted
from execution.vocabulary import CycleOrigin

log = structlog.get_logger(__name__)

CYCLE_LIMIT_SECONDS = 20
SHARE_OF_SLOT = 0.9
STOP_EXPIRES_SECONDS = 5
# A cycle "now" that no worker has begun by then is not what the person meant any more.
NOW_EXPIRES_SECONDS = 60
DISPATCH_LIMIT_SECONDS = 20
SWEEP_LIMIT_SECONDS = 25
TICK_LIMIT_SECONDS = 25
# The house's soft limit is longer than these, and Celery refuses to send a task whose soft limit
# is above its hard one. A cycle needs no warning: killed anywhere, it resumes.
NO_SOFT_LIMIT = 0


def cycle_limit_seconds(slot_seconds: float) -> int:
    """Give the hard limit of a cycle: shorter than its slot, so that it never meets the next one."""
    return max(1, min(CYCLE_LIMIT_SECONDS, int(SHARE_OF_SLOT * slot_seconds)))


@shared_task(time_limit=DISPATCH_LIMIT_SECONDS, soft_time_limit=NO_SOFT_LIMIT)
def dispatch_due_cycles() -> None:
    """Enqueue every cycle that is due."""
    for due in scheduling.due_cycles(now=timezone.now()):
        run_cycle.apply_async(
            args=(due.deployment_id, due.slot.isoformat()),
            expires=due.expires_seconds,
            time_limit=cycle_limit_seconds(due.expires_seconds),
        )


@shared_task(time_limit=CYCLE_LIMIT_SECONDS, soft_time_limit=NO_SOFT_LIMIT)
def run_cycle(deployment_id: int, slot_iso: str) -> None:
    """Run the cycle of one deployment for one slot."""
    structlog.contextvars.bind_contextvars(deployment=deployment_id, slot=slot_iso)
    deployment = Deployment.objects.detailed().get(pk=deployment_id)
    slot = datetime.fromisoformat(slot_iso)
    done = cycle.run_cycle(
        deployment=deployment,
        slot=slot,
        read=timezone.now,
        missed_slots=scheduling.missed_slots(deployment, slot),
    )
    if done is not None:
        log.info("cycle_ended", cycle=done.pk, state=done.state, reason=done.reason)


@shared_task(time_limit=CYCLE_LIMIT_SECONDS, soft_time_limit=NO_SOFT_LIMIT)
def run_cycle_now(deployment_id: int, slot_iso: str, *, name: str, user_id: int | None) -> None:
    """Run the cycle that a person has asked for; who came first is no failure."""
    structlog.contextvars.bind_contextvars(deployment=deployment_id, slot=slot_iso)
    deployment = Deployment.objects.detailed().get(pk=deployment_id)
    actor = Actor(
        name=name, user=None if user_id is None else User.objects.filter(pk=user_id).first()
    )
    try:
        done = run_asked(
            deployment, datetime.fromisoformat(slot_iso), read=timezone.now, actor=actor
        )
    except ConflictingState as refused:
        log.warning("cycle_now_refused", reason=refused.message)
        return
    log.info("cycle_ended", cycle=done.pk, state=done.state, reason=done.reason)


@shared_task(time_limit=DISPATCH_LIMIT_SECONDS, soft_time_limit=NO_SOFT_LIMIT)
def watch_stops() -> None:
    """Have every position closed whose stop or take-profit was touched."""
    now = timezone.now()
    for one in stops.touched(now=now):
        if one.is_halted:
            tell_halted(one, now=now)
            continue
        run_stop.apply_async(args=(one.deployment.pk,), expires=STOP_EXPIRES_SECONDS)


@shared_task(time_limit=CYCLE_LIMIT_SECONDS, soft_time_limit=NO_SOFT_LIMIT)
def run_stop(deployment_id: int) -> None:
    """Close what of one deployment is to be closed at the price of the moment."""
    structlog.contextvars.bind_contextvars(deployment=deployment_id)
    deployment = Deployment.objects.detailed().get(pk=deployment_id)
    done = cycle.run_cycle(
        deployment=deployment,
        slot=clock_for(deployment, read=timezone.now).now(),
        read=timezone.now,
        origin=CycleOrigin.STOP,
    )
    if done is not None:
        log.warning("stop_carried_out", cycle=done.pk, state=done.state, reason=done.reason)


@shared_task(time_limit=SWEEP_LIMIT_SECONDS, soft_time_limit=NO_SOFT_LIMIT)
def sweep_expired_leases() -> None:
    """Take over the cycles whose worker is gone."""
    for left in leases.expired():
        structlog.contextvars.bind_contextvars(deployment=left.deployment_id, cycle=left.pk)
        done = cycle.resume(left, read=timezone.now)
        if done is not None:
            log.warning("cycle_resumed", cycle=done.pk, state=done.state, reason=done.reason)


@shared_task(time_limit=TICK_LIMIT_SECONDS, soft_time_limit=NO_SOFT_LIMIT)
def tick_paper_accounts() -> None:
    """Let time pass on the paper accounts between their cycles."""
    done = paper_clock.tick(now=timezone.now())
    if done.settled or done.liquidated:
        log.info("paper_tick", settled=done.settled, liquidated=done.liquidated)


@shared_task
def watch_cycles() -> None:
    """Tell of cycles that did not come, failed, hang, or had no usable prices."""
    cycle_alerts.watch_cycles(now=timezone.now())


@shared_task
def watch_decisions() -> None:
    """Decide the newest decisions again and tell of those that come out otherwise."""
    cycle_alerts.watch_decisions(now=timezone.now())
