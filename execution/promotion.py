"""Promotion of deployments: the facts from the rows, held against the written criteria."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from atlas.domain.promotion import QUIET_DAYS, Promotion, PromotionFacts, Stage, promotion_to
from atlas.domain.states import CycleState
from atlas.models import Alert
from execution.limit_alerts import REACHED, TIGHTENED
from execution.models import CycleRun, Deployment, Fill, ParameterVersion
from execution.protection import switch_of
from strategies.models import MetricsSnapshot
from strategies.vocabulary import SeriesSource, Window

SECONDS_A_DAY = 86_400

# What ran on a recording is left out; parameters that have changed begin a new record.
_PAPER = """\
SELECT extract(epoch FROM max(as_of_at) - min(as_of_at)),
    (array_agg(value ORDER BY as_of_at DESC))[1]
        / nullif((array_agg(value ORDER BY as_of_at))[1], 0),
    max(1 - value / nullif(peak, 0))
FROM (
    SELECT as_of_at, share_value_usd AS value,
        max(share_value_usd) OVER (ORDER BY as_of_at) AS peak
    FROM execution_equitypoint
    WHERE deployment_id = %(deployment)s AND NOT simulated_time AND share_value_usd IS NOT NULL
        AND recorded_at >= %(since)s
) AS point
"""


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """What a deployment did on paper; None where it has no record of its own time yet."""

    days: float | None
    growth_ratio: float | None
    drawdown_ratio: float | None


def promotion_of(deployment: Deployment, stage: Stage, *, now: datetime) -> Promotion:
    """Hold a deployment against the criteria of a stage; every criterion, met or not."""
    return promotion_to(stage, facts_of(deployment, now=now))


def facts_of(deployment: Deployment, *, now: datetime) -> PromotionFacts:
    """Read what is known of a deployment; `now` is wall time."""
    since = _record_since(deployment)
    backtest = MetricsSnapshot.objects.filter(
        strategy=deployment.strategy_id,
        source=SeriesSource.BACKTEST.value,
        window=Window.ALL.value,
    ).first()
    paper = _paper_record(deployment, since)
    fills = Fill.objects.filter(
        order__deployment=deployment, order__created_at__gte=since, simulated_time=False
    )
    return PromotionFacts(
        backtest_days=None if backtest is None else backtest.track_days,
        backtest_cagr_ratio=None if backtest is None else backtest.cagr_ratio,
        backtest_volatility_ratio=None if backtest is None else backtest.volatility_ratio,
        backtest_drawdown_ratio=_depth(backtest),
        paper_days=paper.days,
        paper_growth_ratio=paper.growth_ratio,
        paper_drawdown_ratio=paper.drawdown_ratio,
        paper_fills=fills.count(),
        open_breaches=_open_breaches(deployment),
        broken_cycles=_broken_cycles(deployment, now=now),
    )


def _depth(backtest: MetricsSnapshot | None) -> float | None:
    """Give a backtest's drawdown as a depth; metrics keep it below zero."""
    if backtest is None or backtest.max_drawdown_ratio is None:
        return None
    return abs(backtest.max_drawdown_ratio)


def _record_since(deployment: Deployment) -> datetime:
    """Give when the record of the parameters in force began (wall)."""
    changes = ParameterVersion.objects.filter(deployment=deployment).order_by("-version")
    newest = changes.values_list("created_at", flat=True).first()
    return newest or deployment.created_at


def _paper_record(deployment: Deployment, since: datetime) -> PaperRecord:
    with connection.cursor() as cursor:
        cursor.execute(_PAPER, {"deployment": deployment.pk, "since": since})
        seconds, growth, drawdown = cursor.fetchone()
    if seconds is None:
        return PaperRecord(None, None, None)
    return PaperRecord(
        days=float(seconds) / SECONDS_A_DAY,
        growth_ratio=None if growth is None else float(growth),
        drawdown_ratio=None if drawdown is None else float(drawdown),
    )


def _open_breaches(deployment: Deployment) -> tuple[str, ...]:
    """List what is said of limits that are reached, or of the switch that one of them tightened."""
    scope, key = switch_of(deployment)
    own = Q(rule=REACHED, dedupe_key__startswith=f"limits:{deployment.pk}:")
    switch = Q(rule=TIGHTENED, dedupe_key=f"{scope}:{key}")
    alerts = Alert.objects.unresolved().filter(own | switch).order_by("pk")
    return tuple(alerts.values_list("message", flat=True))


def _broken_cycles(deployment: Deployment, *, now: datetime) -> int:
    count: int = CycleRun.objects.filter(
        deployment=deployment,
        state__in=[CycleState.ERRORED.value, CycleState.ABANDONED.value],
        started_at__gte=now - timedelta(days=QUIET_DAYS),
    ).count()
    return count
