"""Changes to deployments that people ask for: create, pause."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.candles import Timeframe
from atlas.domain.errors import InvalidInput
from atlas.domain.states import SwitchScope, TradingMode
from atlas.domain.timetable import Timetable
from atlas.switches import create_scope
from execution import feeds
from execution.accounts import open_account, require_deposit, require_reason
from execution.limits import read_limits
from execution.mandates import mandate_of
from execution.models import Deployment, FeedClock, GuardrailLimits
from execution.vocabulary import DeploymentStatus
from strategies.models import Strategy
from strategies.rules.parameters import raw_from

DEFAULT_FEED = "recorded-market"
DEFAULT_SPEED = Decimal(360)  # an hour of the recording in ten seconds


def create_paper_deployment(
    *,
    strategy: Strategy,
    markets: Sequence[str],
    timeframe: str,
    cadence_seconds: int,
    deposit_usd: Decimal,
    limits: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    rule: str = "",
    parameters: Mapping[str, Any] | None = None,
    feed: str = feeds.REPLAY,
    feed_clock: FeedClock | None = None,
    started_at: datetime | None = None,
    status: DeploymentStatus = DeploymentStatus.ENABLED,
    timetable: Timetable | None = None,
) -> Deployment:
    """Put a strategy to work on a new paper account.

    Rule and parameters are the strategy's unless given. On the feed `replay` it joins the clock
    that plays the recordings unless it is given one of its own; `started_at` is the feed's time of
    the first deposit, by that clock unless given. `limits` names max_order_notional_usd,
    max_position_notional_usd and max_leverage_ratio, and may name any other limit
    (`execution.limits.read_limits`). Its cycles begin with the bars unless a `timetable` of the
    same cadence says otherwise. The strategy and the markets get switches,
    HALTED where they are new: nothing trades before a person restores them. Raises InvalidInput
    with every problem of rule, parameters and limits.
    """
    require_deposit(deposit_usd)
    if not markets or len(set(markets)) != len(markets):
        raise InvalidInput("Name the markets of the deployment, each once.")
    frame = Timeframe.named(timeframe)
    _require_cadence(cadence_seconds, frame)
    timetable = timetable or Timetable(timedelta(seconds=cadence_seconds))
    if feed == feeds.REPLAY and feed_clock is None:
        feed_clock = feeds.play(
            name=DEFAULT_FEED, market=markets[0], timeframe=frame, speed=DEFAULT_SPEED, now=now
        )
    deployment = Deployment(
        strategy=strategy,
        mode=TradingMode.PAPER.value,
        status=status.value,
        rule=rule or strategy.rule,
        parameters=dict(strategy.parameters if parameters is None else parameters),
        markets=list(markets),
        timeframe=frame.value,
        cadence_seconds=cadence_seconds,
        offset_seconds=int(timetable.offset.total_seconds()),
        jitter_seconds=int(timetable.jitter.total_seconds()),
        missed_slots=timetable.missed.value,
        feed=feed,
        feed_clock=feed_clock,
        created_at=now,
        created_by=actor.name,
    )
    # Written out whole: a default that changes in a later release changes no deployment.
    deployment.parameters = raw_from(mandate_of(deployment).parameters)
    values = read_limits(limits, markets=list(markets), timeframe=frame)
    first_at = started_at or feeds.clock_for(deployment, read=lambda: now).now()
    with transaction.atomic():
        deployment.save(force_insert=True)
        open_account(deployment, deposit_usd, at=first_at, actor=actor, now=now)
        _give_limits_and_switches(deployment, values, actor=actor, now=now)
    return deployment


def _give_limits_and_switches(
    deployment: Deployment, limits: Mapping[str, Any], *, actor: Actor, now: datetime
) -> None:
    """Write version 1 of the limits, make sure of the switches, and say that it was created."""
    GuardrailLimits.objects.create(
        deployment=deployment,
        version=1,
        reason="limits of a new deployment",
        created_at=now,
        created_by=actor.name,
        **limits,
    )
    slug, markets = deployment.strategy.slug, deployment.markets
    create_scope(scope=SwitchScope.STRATEGY, key=slug, actor=actor, now=now)
    for market in markets:
        create_scope(scope=SwitchScope.MARKET, key=market, actor=actor, now=now)
    record(
        action="deployment.create",
        subject=deployment,
        actor=actor,
        now=now,
        after={"strategy": slug, "markets": markets, "mode": deployment.mode},
    )


def _require_cadence(cadence_seconds: int, timeframe: Timeframe) -> None:
    """Refuse a cadence between the bars: nothing new is known there."""
    if cadence_seconds <= 0 or cadence_seconds % timeframe.seconds:
        raise InvalidInput(
            f"The cadence must be a multiple of {timeframe.seconds} s, the length of a "
            f"{timeframe} bar, not {cadence_seconds} s."
        )


def set_status(
    *,
    deployment: Deployment,
    status: DeploymentStatus,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Deployment:
    """Pause a deployment, or let the schedule run it again; a reason is needed."""
    require_reason(reason)
    with transaction.atomic():
        row: Deployment = Deployment.objects.select_for_update().get(pk=deployment.pk)
        before, row.status = row.status, status.value
        row.save(update_fields=["status"])
        record(
            action=f"deployment.{'pause' if status is DeploymentStatus.PAUSED else 'resume'}",
            subject=row,
            actor=actor,
            now=now,
            before={"status": before},
            after={"status": row.status},
            reason=reason,
        )
    return row
