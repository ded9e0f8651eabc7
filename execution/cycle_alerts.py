"""When cycles call for a person: those that did not come, failed, hang, or have no usable prices.

The look is taken beside trading, on another queue: it reads rows, so it also sees what a dead worker
cannot tell. Each alert about a deployment ends by itself once a later look finds it in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from atlas import registries
from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor
from atlas.domain.alerts import AlertSeverity
from atlas.domain.errors import Bug, ConflictingState
from atlas.domain.states import CycleState
from atlas.models import Alert
from atlas.registries import AlertRule
from execution.models import CycleRun, Deployment, GuardrailDecision
from execution.replay import redecide
from execution.scheduling import wall_cadence

MISSED = "cycle_missed"
FAILED = "cycle_failed"
STUCK = "cycle_stuck"
PRICES = "prices_unusable"
MISMATCH = "replay_mismatch"

ACTOR = Actor.system("cycle watch")
# A cycle may be late by this much, or by three of its slots.
GRACE = timedelta(seconds=90)
GRACE_SLOTS = 3
# A lease lasts seconds, and the sweeper takes an expired one over within half a minute.
STUCK_AFTER = timedelta(minutes=3)
NO_PRICES = frozenset(
    {"stale", "gap", "future", "malformed", "unusable_data", "source_away", "source_busy"}
    | {"source_refused", "sequencer_down", "history_changed"}
)
PRICE_RULES = frozenset({"sources_agree", "price_freshness"})

RULES = {
    MISSED: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="A deployment's cycle did not come",
        remedy=(
            "Look whether the scheduler and a worker of the queue `trading` run, and whether the "
            "deployment's feed can be read. The alert ends by itself with the next cycle."
        ),
        section="a-cycle-that-did-not-come",
    ),
    FAILED: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A cycle failed",
        remedy=(
            "Read the reason on the cycle's page. A cycle that met a bug of Atlas or was abandoned is "
            "critical: keep its log lines. The alert ends by itself with a cycle that does not fail."
        ),
        section="a-cycle-that-failed",
    ),
    STUCK: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="A cycle hangs",
        remedy=(
            "Its holder is gone and nobody took it over. Look whether a worker of the queue `trading` "
            "runs. The alert ends by itself once the cycle has ended."
        ),
        section="a-cycle-that-hangs",
    ),
    PRICES: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A deployment has no usable prices",
        remedy=(
            "Its prices are old, have holes, or its sources disagree; nothing is traded on them. Look at "
            "the source of the feed. The alert ends by itself with a cycle that has prices."
        ),
        section="prices-that-cannot-be-used",
    ),
    MISMATCH: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="A decision cannot be repeated",
        remedy=(
            "The same code made another signal of the same stored inputs. Pause the deployment, keep "
            "the cycle's inputs, and find out what the rule depends on beside them."
        ),
        section="a-decision-that-cannot-be-repeated",
    ),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a deployment at this moment."""

    rule: str
    message: str
    severity: AlertSeverity | None = None


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    for code, rule in RULES.items():
        registries.alert_rules.add(code, rule)


def watch_cycles(*, now: datetime) -> int:
    """Look at each scheduled deployment, tell what is wrong and end what is over; gives how much is."""
    found: dict[tuple[str, str], None] = {}
    for deployment in Deployment.objects.scheduled().detailed():
        for trouble in troubles_of(deployment, now=now):
            key = f"deployment:{deployment.pk}"
            found[trouble.rule, key] = None
            raise_alert(
                trouble.rule,
                subject=deployment,
                key=key,
                message=f"{deployment}: {trouble.message}",
                severity=trouble.severity,
                now=now,
            )
    watched = (MISSED, FAILED, STUCK, PRICES)
    told = Alert.objects.unresolved().filter(rule__in=watched).values_list("rule", "dedupe_key")
    for rule, key in set(told) - set(found):
        subject = ("execution.deployment", key.removeprefix("deployment:"))
        reason = "the deployment is in order or no longer scheduled"
        resolve_by_itself(rule, subject=subject, key=key, reason=reason, actor=ACTOR, now=now)
    return len(found)


def patience_with(deployment: Deployment) -> timedelta:
    """Give how long ago the newest cycle of a deployment may have begun."""
    return max(GRACE, GRACE_SLOTS * wall_cadence(deployment))


def troubles_of(deployment: Deployment, *, now: datetime) -> Iterator[Trouble]:
    """Say what is wrong with one deployment, read from its newest cycles."""
    cycles = CycleRun.objects.filter(deployment=deployment).newest_first()
    newest = cycles.first()
    silence = now - (newest.started_at if newest else deployment.created_at)
    if silence > patience_with(deployment):
        yield Trouble(MISSED, f"no cycle began for {_minutes(silence)} minutes.")
    if newest is not None and newest.state == CycleState.RUNNING:
        overdue = now - newest.lease_until
        if overdue > STUCK_AFTER:
            yield Trouble(
                STUCK, f"cycle {newest.pk} has had no holder for {_minutes(overdue)} minutes."
            )
    ended = cycles.ended().first()
    if ended is not None:
        yield from _troubles_of_ending(ended)


def watch_decisions(*, now: datetime) -> int:
    """Decide the newest decision of each scheduled deployment again; gives how many came out otherwise."""
    wrong = 0
    for deployment in Deployment.objects.scheduled().detailed():
        decided = CycleRun.objects.filter(deployment=deployment, signals__isnull=False).ended()
        cycle = decided.newest_first().first()
        said = _disagreement(cycle) if cycle else ""
        if cycle is None or not said:
            continue
        wrong += 1
        message = f"{deployment}: cycle {cycle.pk} {said}"
        raise_alert(MISMATCH, subject=cycle, message=message, now=now)
    return wrong


def _troubles_of_ending(cycle: CycleRun) -> Iterator[Trouble]:
    """Say what the end of a cycle tells."""
    words = f"cycle {cycle.pk} ended {cycle.state}, {cycle.reason}: {cycle.message}"
    if cycle.state in {CycleState.ERRORED, CycleState.ABANDONED}:
        yield Trouble(FAILED, words, AlertSeverity.CRITICAL)
    elif cycle.reason in NO_PRICES or _refused_for_prices(cycle):
        yield Trouble(PRICES, words)
    elif cycle.state == CycleState.FAILED:
        yield Trouble(FAILED, words)


def _refused_for_prices(cycle: CycleRun) -> bool:
    """Say whether the gate denied an order of the cycle because prices were old or differed."""
    refusals = GuardrailDecision.objects.filter(order__cycle=cycle, allowed=False)
    said = " ".join(refusals.values_list("refusal", flat=True))
    return not PRICE_RULES.isdisjoint(said.split())


def _disagreement(cycle: CycleRun) -> str:
    """Say how a decision that is made again differs; empty where the same code decides the same."""
    try:
        again = redecide(cycle)
    except ConflictingState:  # it came to no decision
        return ""
    except Bug as bug:  # a stored input is not what it was
        return f"cannot be decided again: {bug.message}"
    markets = [one.market for one in again if one.same_code and not one.agrees]
    return f"decides otherwise on {', '.join(markets)}." if markets else ""


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
