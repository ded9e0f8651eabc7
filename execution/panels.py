"""What trading shows on the dashboard: figures of the last hour, equity, the last cycles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from atlas import registries
from atlas.console.colours import Tone, tone_of
from atlas.console.display import list_of
from atlas.console.sparkline import Sparkline, sparkline
from atlas.console.wording import age, moment, percent, usd
from atlas.registries import Panel, TradingFacts
from execution.models import CycleRun, Deployment, EquityPoint, Fill, Order
from execution.vocabulary import DeploymentStatus
from strategies.models import Strategy

HOUR = timedelta(hours=1)
SHOWN_DEPLOYMENTS = 12
SHOWN_CYCLES = 15
SHOWN_POINTS = 96
SPARK_WIDTH, SPARK_HEIGHT = 160, 40
# A paper account's first deposit buys shares at this value; what they gained since is its return.
FIRST_SHARE_VALUE_USD = Decimal(1)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with what it consists of and where it leads."""

    name: str
    figure: str
    note: str
    path: str


@dataclass(frozen=True, slots=True)
class DeploymentEquity:
    """What a deployment is worth, its return since the first deposit, and its recent line."""

    deployment: Deployment
    mode_tone: Tone
    status_tone: Tone
    equity: str
    gain: str
    rises: bool
    as_of: str
    simulated: bool
    line: Sparkline | None


@dataclass(frozen=True, slots=True)
class ShownCycle:
    """One of the last cycles."""

    cycle: CycleRun
    tone: Tone
    why: str
    began: str


def trading_facts() -> TradingFacts:
    """Count who trades and say when the newest cycle began; for the state sentence."""
    by_mode = dict(
        Deployment.objects.scheduled().values_list("mode").order_by("mode").annotate(Count("pk"))
    )
    newest = CycleRun.objects.newest_first().values_list("started_at", flat=True).first()
    return TradingFacts(
        paper=by_mode.get("PAPER", 0),
        live=by_mode.get("LIVE", 0),
        working_orders=Order.objects.working().count(),
        newest_cycle_at=newest,
    )


def figures_context(now: datetime) -> dict[str, Any]:
    """Count what there is, and what the cycles of the last hour did.

    Orders and fills are reached through their cycles, which are indexed by their start: no table
    is counted whole.
    """
    since = now - HOUR
    cycles = _by_state(CycleRun.objects.filter(started_at__gte=since))
    orders = _by_state(Order.objects.filter(cycle__started_at__gte=since))
    fills = Fill.objects.filter(order__cycle__started_at__gte=since).count()
    working = Order.objects.working().count()
    deployments = dict(
        Deployment.objects.values_list("status").order_by("status").annotate(Count("pk"))
    )
    return {
        "tiles": [
            Tile("Strategies", f"{Strategy.objects.count():,}", "published", list_of(Strategy)),
            Tile(
                "Deployments",
                f"{deployments.get(DeploymentStatus.ENABLED.value, 0):,}",
                _words(deployments),
                list_of(Deployment),
            ),
            Tile(
                "Cycles, last hour", f"{sum(cycles.values()):,}", _words(cycles), list_of(CycleRun)
            ),
            Tile("Orders, last hour", f"{sum(orders.values()):,}", _words(orders), list_of(Order)),
            Tile("Fills, last hour", f"{fills:,}", "executions", list_of(Fill)),
            Tile("Working orders", f"{working:,}", "between gate and end", list_of(Order)),
        ]
    }


def equity_context(now: datetime) -> dict[str, Any]:
    """Tell what the deployments are worth, those that run first."""
    del now
    found = list(Deployment.objects.detailed().order_by("status", "pk")[: SHOWN_DEPLOYMENTS + 1])
    shown = found[:SHOWN_DEPLOYMENTS]
    points = recent_points([one.pk for one in shown])
    return {
        "rows": [equity_of(one, points.get(one.pk, [])) for one in shown],
        "more": len(found) > SHOWN_DEPLOYMENTS,
        "all": list_of(Deployment),
    }


def cycles_context(now: datetime) -> dict[str, Any]:
    """Tell how the newest cycles ended."""
    newest = CycleRun.objects.select_related("deployment__strategy").newest_first()
    return {
        "rows": [
            ShownCycle(
                cycle=one,
                tone=tone_of(one.state),
                why=one.reason.replace("_", " "),
                began=age(one.started_at, now=now),
            )
            for one in newest[:SHOWN_CYCLES]
        ],
        "all": list_of(CycleRun),
    }


def recent_points(deployment_ids: Sequence[int]) -> dict[int, list[EquityPoint]]:
    """Give the newest points of each deployment, oldest first, in one statement.

    Each part of the union walks the primary key backwards and stops; the length of the series
    does not matter.
    """
    parts = [
        EquityPoint.objects.filter(deployment_id=pk).order_by("-as_of_at")[:SHOWN_POINTS]
        for pk in deployment_ids
    ]
    if not parts:
        return {}
    found: dict[int, list[EquityPoint]] = {}
    for point in parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]:
        found.setdefault(point.deployment_id, []).append(point)
    return {pk: sorted(points, key=lambda one: one.as_of_at) for pk, points in found.items()}


def equity_of(
    deployment: Deployment,
    points: Sequence[EquityPoint],
    *,
    width: int = SPARK_WIDTH,
    height: int = SPARK_HEIGHT,
) -> DeploymentEquity:
    """Tell what a deployment is worth from its newest points, oldest first."""
    values = [one.share_value_usd for one in points if one.share_value_usd is not None]
    newest = points[-1] if points else None
    gain = values[-1] / FIRST_SHARE_VALUE_USD - 1 if values else None
    return DeploymentEquity(
        deployment=deployment,
        mode_tone=tone_of(deployment.mode),
        status_tone=tone_of(deployment.status),
        equity=usd(newest.equity_usd if newest else None),
        gain=percent(gain),
        rises=gain is None or gain >= 0,
        as_of=moment(newest.as_of_at if newest else None),
        simulated=newest is not None and newest.simulated_time,
        line=sparkline(values, width=width, height=height),
    )


def _by_state(rows: QuerySet[Any]) -> dict[str, int]:
    """Count rows by state."""
    return dict(rows.order_by("state").values_list("state").annotate(Count("pk")))


def _words(counts: dict[str, int]) -> str:
    """Word counts: `3 completed, 1 skipped`."""
    return ", ".join(f"{count:,} {name.lower()}" for name, count in counts.items()) or "none"


def register() -> None:
    """Put trading's panels up and tell the state sentence who trades."""
    folder = "execution/console"
    panels = registries.panels
    panels.add(
        "figures",
        Panel(10, f"{folder}/figures.html", figures_context, "execution.view_deployment"),
    )
    panels.add(
        "equity", Panel(20, f"{folder}/equity.html", equity_context, "execution.view_deployment")
    )
    panels.add(
        "cycles", Panel(30, f"{folder}/cycles.html", cycles_context, "execution.view_cyclerun")
    )
    registries.trading_facts.add("execution", trading_facts)
