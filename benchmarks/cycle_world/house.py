"""The house that the benchmark of cycles trades in: its tables, its deployments, its one market."""

import os
import subprocess
import sys
from datetime import timedelta

from atlas import switches
from atlas.audit import Actor
from atlas.domain.states import SwitchState
from execution.models import Deployment
from tests.execution.world import LIMITS, make_deployment, open_switches, slot

# Nothing but the switch may stop a gate here.
ENDLESS = {
    **LIMITS,
    "max_orders_per_hour": 1_000_000,
    "max_orders_per_day": 1_000_000,
    "max_attempts_per_trade": 1_000_000,
}
OPENING = slot(0)  # the trend of the recording has just turned: every deployment opens
ACTOR = Actor.system("benchmark")


def prepare() -> None:
    """Make the tables and give the roles their rights, as the role that does it."""
    for verb in (["migrate", "--verbosity=0"], ["grant_roles", "--verbosity=0"]):
        told = {**os.environ, "ATLAS_PROCESS": "migrate"}
        argv = [sys.executable, "manage.py", *verb]
        subprocess.run(argv, env=told, stdout=sys.stderr, check=True)


def build(first: int, last: int) -> list[int]:
    """Make the deployments of these numbers, each open to trade; gives their keys."""
    return [_build(f"bench-{number}".replace("--", "-gate-")) for number in range(first, last)]


def _build(slug: str) -> int:
    deployment = make_deployment(slug=slug, limits=ENDLESS)
    open_switches(slug=slug)
    return int(deployment.pk)


def deployments(keys: list[int]) -> list[Deployment]:
    """Read deployments as the scheduler's task does."""
    return list(Deployment.objects.detailed().filter(pk__in=keys).order_by("pk"))


def halt(number: int, person: Actor, *, restored: bool) -> None:
    """Halt the house, or restore it; `number` tells one time from the next."""
    now = OPENING + timedelta(seconds=number)
    if restored:
        switches.loosen(
            scope=switches.GLOBAL_SCOPE,
            state=SwitchState.ACTIVE,
            reason=f"halt {number} is measured",
            actor=person,
            now=now,
        )
        return
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason=f"halt {number}",
        actor=ACTOR,
        now=now,
    )
