"""What trading tells the ground floor of itself: schedules, live coverage, health."""

from datetime import datetime

from atlas import registries
from atlas.domain.states import SwitchScope
from atlas.registries import HealthResult, Schedule
from execution import cycle_alerts, limit_alerts, stop_alerts
from execution.cycle_alerts import patience_with
from execution.models import CycleRun, Deployment

DISPATCH = "execution-dispatch-due-cycles"
SWEEP = "execution-sweep-expired-leases"
STOPS = "execution-watch-stops"
WATCH = "execution-watch-cycles"
DECISIONS = "execution-watch-decisions"


def register() -> None:
    """Fill the registries; called once when the app is ready."""
    registries.schedules.add(DISPATCH, _DISPATCH)
    registries.schedules.add(SWEEP, _SWEEP)
    registries.schedules.add(STOPS, _STOPS)
    stop_alerts.register()
    registries.covers_live.add("execution", covers_live)
    registries.health_checks.add("cycles", newest_cycle)
    limit_alerts.register()
    cycle_alerts.register()
    registries.schedules.add(WATCH, _WATCH)
    registries.schedules.add(DECISIONS, _DECISIONS)


_DISPATCH = Schedule(
    task="execution.tasks.dispatch_due_cycles",
    every_seconds=5,
    queue="trading",
    description="Looks which cycles are due and hands them to the workers.",
    expires_seconds=5,
)
_SWEEP = Schedule(
    task="execution.tasks.sweep_expired_leases",
    every_seconds=30,
    queue="trading",
    description="Takes over cycles whose worker is gone.",
    expires_seconds=30,
)

_STOPS = Schedule(
    task="execution.tasks.watch_stops",
    every_seconds=5,
    queue="trading",
    description="Compares stops and take-profits of open positions with the price of the moment.",
    expires_seconds=5,
)
# Not on the trading queue: a silent trading worker is one of the things it tells of.
_WATCH = Schedule(
    task="execution.tasks.watch_cycles",
    every_seconds=30,
    queue="default",
    description="Tells of cycles that did not come, failed, hang, or had no usable prices.",
    expires_seconds=30,
)
_DECISIONS = Schedule(
    task="execution.tasks.watch_decisions",
    every_seconds=24 * 3600,
    queue="default",
    description="Decides the newest decisions again and tells of those that come out otherwise.",
    expires_seconds=3600,
)


def covers_live(scope: str, key: str) -> bool:
    """Tell whether a LIVE deployment lies under a switch, running or paused."""
    live = Deployment.objects.live()
    match scope:
        case SwitchScope.GLOBAL:
            return live.exists()
        case SwitchScope.STRATEGY:
            return live.filter(strategy__slug=key).exists()
        case SwitchScope.MARKET:
            return live.filter(markets__contains=[key]).exists()
        case SwitchScope.VAULT:
            return any(
                one.vault is not None and one.vault.account_id == key for one in live.detailed()
            )
        case SwitchScope.CHAIN:
            return live.filter(vault__chain_id=int(key)).exists() if key.isdigit() else False
    return True  # an unknown scope is treated as the most serious one


def newest_cycle(now: datetime) -> HealthResult:
    """Say how old the newest cycle of each scheduled deployment is; fit while none is overdue."""
    deployments = list(Deployment.objects.scheduled().detailed())
    if not deployments:
        return HealthResult(fit=True, state="nothing is scheduled", detail={"deployments": 0})
    ages = {one.pk: now - _last_sign(one) for one in deployments}
    overdue = [one.pk for one in deployments if ages[one.pk] > patience_with(one)]
    state = f"{len(overdue)} deployment(s) overdue" if overdue else "cycles run"
    return HealthResult(
        fit=not overdue,
        state=state,
        detail={
            "deployments": len(deployments),
            "overdue": overdue,
            "newest_age_seconds": round(min(ages.values()).total_seconds(), 1),
        },
    )


def _last_sign(deployment: Deployment) -> datetime:
    """Give when a deployment last began a cycle, or was created."""
    newest = (
        CycleRun.objects.filter(deployment=deployment)
        .newest_first()
        .values_list("started_at", flat=True)
        .first()
    )
    return newest or deployment.created_at
