"""Changes to deployments that people ask for: create, pause, limits, deposits."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.candles import Timeframe
from atlas.domain.errors import ConflictingState, InvalidInput, UnusableData
from atlas.domain.states import SwitchScope, TradingMode
from atlas.domain.units import exact
from atlas.switches import create_scope, exclusive_lock
from execution import feeds
from execution.limits import read_limits
from execution.mandates import mandate_of
from execution.models import Deployment, FeedClock, GuardrailLimits, PaperAccount, PaperFlow
from execution.valuation import shares_for
from execution.venues.paper import PaperVenue
from execution.vocabulary import DeploymentStatus
from strategies.models import Strategy
from strategies.rules.parameters import raw_from

DEFAULT_FEED = "recorded-market"
DEFAULT_SPEED = Decimal(360)  # an hour of the recording in ten seconds
DEFAULT_EXECUTION_FEE_USD = Decimal("0.25")


def create_paper_deployment(
    *,
    strategy: Strategy,
    market: str,
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
) -> Deployment:
    """Put a strategy to work on a new paper account.

    Rule and parameters are the strategy's unless given. On the feed `replay` it joins the clock
    that plays the recordings unless it is given one of its own; `started_at` is the feed's time of
    the first deposit, by that clock unless given. `limits` names max_order_notional_usd,
    max_position_notional_usd and max_leverage_ratio, and may name allowed_markets,
    max_signal_age_seconds and max_price_age_seconds. The strategy and the market get switches,
    HALTED where they are new: nothing trades before a person restores them. Raises InvalidInput
    with every problem of rule, parameters and limits.
    """
    if not deposit_usd.is_finite() or deposit_usd <= 0:
        raise InvalidInput(f"The first deposit must be above 0 USD, not {deposit_usd}.")
    frame = Timeframe.named(timeframe)
    if feed == feeds.REPLAY and feed_clock is None:
        feed_clock = feeds.play(
            name=DEFAULT_FEED, market=market, timeframe=frame, speed=DEFAULT_SPEED, now=now
        )
    deployment = Deployment(
        strategy=strategy,
        mode=TradingMode.PAPER.value,
        status=status.value,
        rule=rule or strategy.rule,
        parameters=dict(strategy.parameters if parameters is None else parameters),
        markets=[market],
        timeframe=frame.value,
        cadence_seconds=cadence_seconds,
        feed=feed,
        feed_clock=feed_clock,
        created_at=now,
        created_by=actor.name,
    )
    # Written out whole: a default that changes in a later release changes no deployment.
    deployment.parameters = raw_from(mandate_of(deployment).parameters)
    values = read_limits(limits, markets=[market], timeframe=frame)
    first_at = started_at or feeds.clock_for(deployment, read=lambda: now).now()
    with transaction.atomic():
        deployment.save(force_insert=True)
        _first_limits(deployment, values, actor=actor, now=now)
        _open_account(deployment, deposit_usd, at=first_at, actor=actor, now=now)
        create_scope(scope=SwitchScope.STRATEGY, key=strategy.slug, actor=actor, now=now)
        create_scope(scope=SwitchScope.MARKET, key=market, actor=actor, now=now)
        record(
            action="deployment.create",
            subject=deployment,
            actor=actor,
            now=now,
            after={"strategy": strategy.slug, "market": market, "mode": deployment.mode},
        )
    return deployment


def _first_limits(
    deployment: Deployment, values: Mapping[str, Any], *, actor: Actor, now: datetime
) -> None:
    GuardrailLimits.objects.create(
        deployment=deployment,
        version=1,
        reason="limits of a new deployment",
        created_at=now,
        created_by=actor.name,
        **values,
    )


def _open_account(
    deployment: Deployment, deposit_usd: Decimal, *, at: datetime, actor: Actor, now: datetime
) -> None:
    """Open the paper account with its first deposit."""
    account = PaperAccount.objects.create(
        deployment=deployment, execution_fee_usd=DEFAULT_EXECUTION_FEE_USD, created_at=now
    )
    _book_flow(
        account,
        amount_usd=deposit_usd,
        shares=deposit_usd,
        at=at,
        reason="first deposit",
        actor=actor,
        now=now,
    )


def record_flow(
    *, deployment: Deployment, amount_usd: Decimal, reason: str, actor: Actor, now: datetime
) -> PaperFlow:
    """Put money into a paper account (above zero) or take it out (below), never as performance.

    It buys or gives back shares at the account's present value. Raises InvalidInput for nothing or
    without a reason, ConflictingState for more than the free cash, UnusableData where the account
    cannot be valued.
    """
    if not amount_usd.is_finite() or amount_usd == 0:
        raise InvalidInput(f"A flow must move money, not {amount_usd} USD.")
    _require_reason(reason)
    clock = feeds.clock_for(deployment, read=lambda: now)
    venue = PaperVenue(
        paper_account=deployment.paper_account,
        markets=tuple(deployment.markets),
        market_data=feeds.market_data_for(deployment, clock=clock),
        clock=clock,
    )
    with transaction.atomic():
        account = PaperAccount.objects.select_for_update().get(deployment=deployment)
        if account.cash_usd + amount_usd < 0:
            raise ConflictingState(
                f"{-amount_usd} USD cannot be taken out: {account.cash_usd:.2f} USD are free, the "
                "rest backs positions."
            )
        equity_usd = venue.snapshot().nav_usd
        if equity_usd is None:
            raise UnusableData("The account cannot be valued: a price of its positions is missing.")
        shares = shares_for(amount_usd, equity_usd=equity_usd, shares=account.shares)
        return _book_flow(
            account,
            amount_usd=amount_usd,
            shares=shares,
            at=clock.now(),
            reason=reason,
            actor=actor,
            now=now,
        )


def _book_flow(
    account: PaperAccount,
    *,
    amount_usd: Decimal,
    shares: Decimal,
    at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
) -> PaperFlow:
    flow = PaperFlow.objects.create(
        account=account,
        amount_usd=amount_usd,
        shares=shares,
        at=at,
        recorded_at=now,
        actor=actor.name,
        reason=reason[:500],
    )
    with exact():
        account.cash_usd += amount_usd
        account.flows_usd += amount_usd
        account.shares += shares
    account.save(update_fields=["cash_usd", "flows_usd", "shares"])
    record(
        action="account.flow",
        subject=account,
        actor=actor,
        now=now,
        after={"amount_usd": str(amount_usd), "cash_usd": str(account.cash_usd)},
        reason=reason,
    )
    return flow


def set_status(
    *,
    deployment: Deployment,
    status: DeploymentStatus,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Deployment:
    """Pause a deployment, or let the schedule run it again; a reason is needed."""
    _require_reason(reason)
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


def change_limits(
    *,
    deployment: Deployment,
    limits: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> GuardrailLimits:
    """Write a new version of a deployment's limits, under the exclusive lock of the switches.

    No gate that is still open can act on the old version afterwards. Raises InvalidInput with every
    problem.
    """
    _require_reason(reason)
    frame = Timeframe.named(deployment.timeframe)
    values = read_limits(limits, markets=deployment.markets, timeframe=frame)
    with exclusive_lock():
        last = GuardrailLimits.objects.filter(deployment=deployment).order_by("-version").first()
        row = GuardrailLimits.objects.create(
            deployment=deployment,
            version=1 if last is None else last.version + 1,
            reason=reason[:500],
            created_at=now,
            created_by=actor.name,
            **values,
        )
        record(
            action="limits.change",
            subject=row,
            actor=actor,
            now=now,
            before=None if last is None else {"version": last.version},
            after={"version": row.version, **{name: str(value) for name, value in values.items()}},
            reason=reason,
        )
    return row


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("A reason is needed: say in a sentence why.")
