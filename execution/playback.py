"""Playback: the same cycle over a recording, slot after slot, as fast as the machine allows.

Time stands at the slot while a cycle runs, so a playback decides exactly as the schedule would
have. Its rows are labelled as simulated time.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from atlas.audit import Actor
from atlas.domain.clock import slots_between
from atlas.domain.errors import ConflictingState, InvalidInput
from atlas.domain.recording import Recording
from atlas.domain.states import CycleState
from atlas.domain.stopped_clock import StoppedClock
from atlas.domain.units import ZERO
from execution.cycle import run_cycle
from execution.leases import LEASE
from execution.mandates import mandate_of
from execution.marketdata.replay import ReplayMarketData
from execution.models import CycleRun, Deployment, EquityPoint, Fill, Order, PaperAccount
from execution.services import create_paper_deployment
from execution.vocabulary import CycleOrigin, DeploymentStatus, Reason
from strategies.models import Strategy
from strategies.vocabulary import Category, RiskLevel, StrategyStatus

PLAYBACK_FEED = "playback"
GATHERING_SLUG = "recorded-runs"
# A playback shows what the rule does, so its limits bound an accident and not the rule.
LIMIT_TIMES_DEPOSIT = 1000
MAX_LEVERAGE = 5
COSTS = ("funding_usd", "borrowing_usd", "position_fee_usd", "execution_fee_usd")


@dataclass(frozen=True, slots=True)
class SkippedSpan:
    """Slots in a row that were skipped for one reason; the message is the last one's."""

    reason: str
    first_at: datetime
    last_at: datetime
    cycles: int
    message: str


@dataclass(frozen=True, slots=True)
class PlaybackSummary:
    """What a playback did."""

    deployment_id: int
    first_slot: datetime
    last_slot: datetime
    cycles_by_state: dict[str, int]
    cycles_by_reason: dict[str, int]
    skipped: tuple[SkippedSpan, ...]
    orders_by_state: dict[str, int]
    fills: int
    deposited_usd: Decimal
    equity_usd: Decimal | None
    realised_usd: Decimal
    costs_usd: dict[str, Decimal] = field(default_factory=dict)

    @property
    def errored(self) -> int:
        """Count the cycles that met a bug."""
        return self.cycles_by_state.get(CycleState.ERRORED.value, 0)


def prepare(
    *,
    recording: Recording,
    strategy: Strategy | None,
    rule: str,
    parameters: Mapping[str, Any] | None,
    cadence: timedelta,
    deposit_usd: Decimal,
    actor: Actor,
    now: datetime,
) -> Deployment:
    """Make the paused paper deployment that plays a recording; the schedule never runs it.

    Without a strategy it belongs to an unpublished one that gathers such runs. Raises InvalidInput
    for a rule, parameters or a cadence that do not fit.
    """
    if cadence <= timedelta(0) or cadence % recording.timeframe.step:
        raise InvalidInput(
            f"The cadence must be a multiple of the recording's {recording.timeframe} bars."
        )
    limit = str(deposit_usd * LIMIT_TIMES_DEPOSIT)
    return create_paper_deployment(
        strategy=strategy or gathering_strategy(now=now),
        rule=rule,
        parameters=parameters,
        markets=[recording.market],
        timeframe=recording.timeframe.value,
        cadence_seconds=int(cadence.total_seconds()),
        deposit_usd=deposit_usd,
        limits={
            "max_order_notional_usd": limit,
            "max_position_notional_usd": limit,
            "max_leverage_ratio": str(MAX_LEVERAGE),
        },
        feed=PLAYBACK_FEED,
        started_at=recording.begins_at,
        status=DeploymentStatus.PAUSED,
        actor=actor,
        now=now,
    )


def gathering_strategy(*, now: datetime) -> Strategy:
    """Give the unpublished strategy to which playbacks of a bare rule belong."""
    strategy, _ = Strategy.objects.get_or_create(
        slug=GATHERING_SLUG,
        defaults={
            "name": "Recorded runs",
            "description": "Runs of single rules over recordings; not a strategy of its own.",
            "category": Category.OTHER.value,
            "timeframe": "",
            "status": StrategyStatus.PREVIEW.value,
            "risk_level": RiskLevel.VERY_HIGH.value,
            "public": False,
            "created_at": now,
            "updated_at": now,
        },
    )
    return strategy


def slots_of(deployment: Deployment, recording: Recording) -> tuple[datetime, ...]:
    """List the slots of a recording, from the first at which the rule may be warm to the last."""
    warm_up = mandate_of(deployment).warm_up_bars * recording.timeframe.step
    warm_at = recording.begins_at + warm_up
    return slots_between(warm_at - timedelta.resolution, recording.ends_at, deployment.cadence)


def play(
    *,
    deployment: Deployment,
    recording: Recording,
    read: Callable[[], datetime],
    progress: Callable[[], None] = lambda: None,
) -> PlaybackSummary:
    """Run a deployment's cycles over a whole recording; `progress` hears of each slot.

    Slots that have ended before are not run again, so an interrupted playback can be repeated. A
    bug ends its cycle ERRORED and is raised. Raises ConflictingState where another playback of the
    deployment is at work, or died less than a lease ago.
    """
    for slot in slots_of(deployment, recording):
        clock = StoppedClock(slot)
        cycle = run_cycle(
            deployment=deployment,
            slot=slot,
            read=read,
            origin=CycleOrigin.PLAYBACK,
            clock=clock,
            market_data=ReplayMarketData.of([recording], clock),
        )
        if cycle is None:
            _require_ended(deployment, slot)
        progress()
    return summarise(deployment)


def _require_ended(deployment: Deployment, slot: datetime) -> None:
    """Refuse to leave a slot out that somebody else is still at."""
    if not CycleRun.objects.ended().filter(deployment=deployment, scheduled_for=slot).exists():
        raise ConflictingState(
            f"The slot {slot:%Y-%m-%d %H:%M} UTC of deployment {deployment.pk} is being run by "
            f"another process, or was by one that died: try again in {LEASE.seconds} seconds."
        )


def summarise(deployment: Deployment) -> PlaybackSummary:
    """Sum up everything that a deployment has done so far."""
    cycles = list(CycleRun.objects.filter(deployment=deployment).order_by("scheduled_for"))
    account = PaperAccount.objects.get(deployment=deployment)
    fills = Fill.objects.filter(deployment=deployment)
    last = EquityPoint.objects.filter(deployment=deployment).order_by("-as_of_at").first()
    sums = fills.aggregate(**{name: Sum(name) for name in (*COSTS, "realised_usd")})
    created = deployment.created_at
    return PlaybackSummary(
        deployment_id=deployment.pk,
        first_slot=cycles[0].scheduled_for if cycles else created,
        last_slot=cycles[-1].scheduled_for if cycles else created,
        cycles_by_state=dict(Counter(cycle.state for cycle in cycles)),
        cycles_by_reason=dict(Counter(cycle.reason for cycle in cycles)),
        skipped=_spans(cycles),
        orders_by_state=dict(
            Counter(Order.objects.filter(deployment=deployment).values_list("state", flat=True))
        ),
        fills=fills.count(),
        deposited_usd=account.flows_usd,
        equity_usd=None if last is None else last.equity_usd,
        realised_usd=sums["realised_usd"] or ZERO,
        costs_usd={name: sums[name] or ZERO for name in COSTS},
    )


def _spans(cycles: list[CycleRun]) -> tuple[SkippedSpan, ...]:
    """Gather skipped cycles that follow each other for one reason, nothing-to-do left out."""
    spans: list[SkippedSpan] = []
    open_reason = ""
    for cycle in cycles:
        if not _is_told(cycle):
            open_reason = ""
            continue
        if cycle.reason == open_reason:
            last = spans.pop()
            spans.append(_longer(last, cycle))
            continue
        open_reason = cycle.reason
        slot = cycle.scheduled_for
        spans.append(SkippedSpan(cycle.reason, slot, slot, 1, cycle.message))
    return tuple(spans)


def _is_told(cycle: CycleRun) -> bool:
    return cycle.state == CycleState.SKIPPED and cycle.reason != Reason.NOTHING_TO_DO


def _longer(span: SkippedSpan, cycle: CycleRun) -> SkippedSpan:
    return SkippedSpan(
        span.reason, span.first_at, cycle.scheduled_for, span.cycles + 1, cycle.message
    )
