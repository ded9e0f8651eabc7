"""Planned orders for tests of the gate and of venues, without a cycle having run."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from atlas.domain.digest import intent_digest
from atlas.domain.intents import OrderIntent
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import PermitKind
from execution.models import CycleRun, Order, Signal, Trade
from tests.execution.world import HOUR, MARKET, WALL, slot

PRICE = Decimal(2000)


def snapshot_of(deployment, *, held_usd="0", at=None) -> Snapshot:
    """Give an account with 10,000 USD and, if wanted, a long position at the price of 2,000."""
    size = Decimal(held_usd)
    held = (Position(MARKET, True, size, size / PRICE, size / 2),) if size else ()
    return Snapshot(
        account=deployment.paper_account.key,
        taken_at=at or slot(0),
        nav_usd=Decimal(10_000),
        cash_usd=Decimal(10_000),
        positions=held,
        quotes={MARKET: Quote(MARKET, PRICE, PRICE, at or slot(0), "test")},
        working_orders=0,
    )


def make_cycle(deployment, *, at):
    """Make a running cycle with an hour of lease; an earlier one of the deployment is ended."""
    for earlier in CycleRun.objects.running().filter(deployment=deployment):
        CycleRun.objects.filter(pk=earlier.pk).update(
            state="COMPLETED", reason="traded", finished_at=WALL
        )
    return CycleRun.objects.create(
        deployment=deployment,
        scheduled_for=at,
        simulated_time=True,
        origin="schedule",
        lease_until=timezone.now() + timedelta(hours=1),
        started_at=WALL,
    )


def planned_order(
    deployment,
    *,
    at=None,
    kind=PermitKind.INCREASE,
    size_usd="100",
    collateral_usd="50",
    pre_size_usd="0",
    acceptable_usd=None,
    signal_at=None,
):
    """Make a planned order in a cycle of its own."""
    at = at or slot(0)
    cycle = make_cycle(deployment, at=at)
    intent = intent_of(
        deployment,
        kind=kind,
        size_usd=size_usd,
        collateral_usd=collateral_usd,
        pre_size_usd=pre_size_usd,
        signal_at=signal_at or at,
    )
    return order_for(cycle, intent, acceptable_usd=acceptable_usd)


def intent_of(
    deployment,
    *,
    kind=PermitKind.INCREASE,
    size_usd="100",
    collateral_usd="50",
    pre_size_usd="0",
    signal_at=None,
):
    """Make an intent on the market of the tests, priced at 2,000 USD."""
    at = signal_at or slot(0)
    return OrderIntent(
        account=deployment.paper_account.key,
        kind=kind,
        market=MARKET,
        is_long=True,
        size_delta_usd=Decimal(size_usd),
        collateral_delta_usd=Decimal(collateral_usd),
        expected_pre_size_usd=Decimal(pre_size_usd),
        signal_as_of_at=at,
        signal_valid_until_at=at + HOUR,
    ).priced(Quote(MARKET, PRICE, PRICE, at, "test"))


def order_for(cycle, intent, *, acceptable_usd=None, round_number=1):
    """Write an intent as a planned order, with the signal and the trade it belongs to."""
    if acceptable_usd is not None:
        intent = replace(intent, acceptable_price_usd=Decimal(acceptable_usd))
    trade = Trade.objects.filter(cycle=cycle).first() or _trade(cycle, intent)
    return Order.objects.create(
        trade=trade,
        cycle=cycle,
        deployment=cycle.deployment,
        round_number=round_number,
        venue="paper",
        account=intent.account,
        kind=intent.kind.value,
        market=intent.market,
        is_long=intent.is_long,
        size_delta_usd=intent.size_delta_usd,
        collateral_delta_usd=intent.collateral_delta_usd,
        expected_pre_size_usd=intent.expected_pre_size_usd,
        acceptable_price_usd=intent.acceptable_price_usd,
        signal_as_of_at=intent.signal_as_of_at,
        signal_valid_until_at=intent.signal_valid_until_at,
        authority=intent.authority.value,
        intent_digest=intent_digest(intent),
        fencing_token=cycle.fencing_token,
        created_at=WALL,
    )


def _trade(cycle, intent):
    """Make the signal and the trade of a cycle."""
    signal = Signal.objects.create(
        cycle=cycle,
        market=intent.market,
        direction="LONG",
        target_exposure_ratio=1,
        confidence_ratio=1,
        as_of_at=cycle.scheduled_for,
        valid_until_at=cycle.scheduled_for + HOUR,
        reason="a test wants it",
        rule="ema_cross",
        rule_version=1,
        fencing_token=cycle.fencing_token,
        created_at=WALL,
    )
    return Trade.objects.create(
        cycle=cycle,
        deployment=cycle.deployment,
        signal=signal,
        market=intent.market,
        target_notional_usd=100,
        basis_notional_usd=0,
        reason="a test wants it",
        fencing_token=cycle.fencing_token,
        created_at=WALL,
    )
