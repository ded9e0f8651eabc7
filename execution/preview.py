"""Preview: what the next cycle of a deployment would decide, on the market of this moment.

It looks, decides, sizes and judges as a cycle does, with the same functions, and keeps nothing. What
the judging writes on its way (a high-water mark, counters that turn with the hour, bars) is written
in a transaction that is always rolled back; no order, permit or reservation is made in it at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from atlas.domain.clock import Clock
from atlas.domain.errors import AtlasError, Bug
from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrails import Judgement, judge
from atlas.domain.intents import OrderIntent
from atlas.domain.signals import Signal
from atlas.domain.sizing import Sizing, plan, size
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import SwitchState
from atlas.switches import EffectiveState, effective_now, read_effective, shared_lock
from execution.candle_store import store_candles
from execution.contexts import take_contexts
from execution.deciding import signals_for
from execution.desk import venue_for
from execution.endings import Ending
from execution.feeds import ReadClock, clock_for, clock_of_cycle, market_data_for
from execution.gate import scopes_of
from execution.leases import database_now
from execution.looking import ask_for_candles
from execution.mandates import limits_in_force, mandate_of
from execution.marketdata.base import MarketData, SourcedCandles
from execution.models import Deployment, Order, PaperAccount
from execution.records import read_records
from execution.trading import intent_columns
from execution.usage import lock_counters, usages_of
from execution.venues.base import Venue


@dataclass(frozen=True, slots=True)
class PreviewedOrder:
    """One order of the plan and every guardrail's verdict on it.

    Only the first of a plan would go to the gate at once; the others are judged on the account as it
    stands now, and a cycle looks again before each of them.
    """

    intent: OrderIntent
    judgement: Judgement
    is_first: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What a cycle that began at `at` (feed time) would see, want and be told.

    `refusal` is how it would end before it decides; then there are no signals. `notes` name what a
    cycle would bring to its end first.
    """

    deployment: Deployment
    at: datetime
    is_simulated: bool
    switch: EffectiveState
    snapshot: Snapshot | None = None
    signals: tuple[Signal, ...] = ()
    sizings: tuple[Sizing, ...] = ()
    orders: tuple[PreviewedOrder, ...] = ()
    notes: tuple[str, ...] = ()
    refusal: Ending | None = None


def preview_cycle(
    deployment: Deployment,
    *,
    read: ReadClock,
    clock: Clock | None = None,
    market_data: MarketData | None = None,
) -> Preview:
    """Decide as the next cycle would and give every verdict; nothing of it is kept.

    `read` reads the wall. `clock` and `market_data` are the deployment's own unless given. What a
    cycle would be SKIPPED or FAILED for is the preview's `refusal`; only a bug is raised.
    """
    if clock is None:
        clock = clock_of_cycle(deployment, clock_for(deployment, read=read).now(), read=read)
    begun = Preview(
        deployment=deployment,
        at=clock.now(),
        is_simulated=clock.simulated,
        switch=_tightest(deployment),
    )
    try:
        return _decided(begun, clock, market_data or market_data_for(deployment, clock=clock))
    except Bug:
        raise
    except AtlasError as refused:
        return replace(begun, refusal=Ending.of(refused))


def _tightest(deployment: Deployment) -> EffectiveState:
    """Give the switch of the market that is freest: a cycle goes on as long as one may trade."""
    states = [effective_now(scopes_of(deployment, market)) for market in deployment.markets]
    return min(states, key=lambda one: one.state.severity)


def _decided(begun: Preview, clock: Clock, market_data: MarketData) -> Preview:
    """Look, decide, size and judge."""
    deployment = begun.deployment
    mandate = mandate_of(deployment)
    venue = venue_for(deployment, market_data=market_data, clock=clock)
    given = ask_for_candles(mandate, market_data, until=begun.at)
    contexts = take_contexts(mandate, market_data, until=begun.at)
    snapshot = venue.snapshot()
    _require_known_history(given)
    candles = {market: sourced.series for market, sourced in given.items()}
    signals = signals_for(mandate, candles, snapshot, contexts)
    seen = replace(
        begun, snapshot=snapshot, signals=tuple(signals), notes=tuple(_notes(begun, venue))
    )
    sizings = tuple(size(signal, snapshot, mandate.terms) for signal in signals)
    orders = _judged(plan(sizings), deployment, snapshot=snapshot, feed_at=begun.at)
    return replace(seen, sizings=sizings, orders=orders)


def _require_known_history(given: Mapping[str, SourcedCandles]) -> None:
    """Refuse bars that contradict those of earlier cycles, as storing them would."""
    with transaction.atomic():
        for sourced in given.values():
            store_candles(sourced)
        transaction.set_rollback(True)


def _notes(begun: Preview, venue: Venue) -> Iterable[str]:
    """Name what a cycle would do before it decides, or instead."""
    if begun.switch.state is SwitchState.HALTED:
        scope = " ".join(begun.switch.scope).strip()
        yield f"{scope} is halted: a cycle would end SKIPPED (halted) before it decides."
    waiting = Order.objects.filter(account=venue.account, final_at__isnull=True).count()
    if waiting:
        yield f"{waiting} order(s) of earlier cycles have not ended: a cycle settles them first."
    liquidations = len(venue.unordered())
    if liquidations:
        yield f"{liquidations} position(s) would be liquidated at these prices before it decides."


def _judged(
    intents: Iterable[OrderIntent],
    deployment: Deployment,
    *,
    snapshot: Snapshot,
    feed_at: datetime,
) -> tuple[PreviewedOrder, ...]:
    return tuple(
        PreviewedOrder(
            intent, _judge(intent, deployment, snapshot=snapshot, feed_at=feed_at), index == 0
        )
        for index, intent in enumerate(intents)
    )


def _judge(
    intent: OrderIntent, deployment: Deployment, *, snapshot: Snapshot, feed_at: datetime
) -> Judgement:
    """Judge an intent under the gate's locks and in the gate's order, and roll everything back."""
    order = Order(deployment=deployment, round_number=1, **intent_columns(intent))
    with shared_lock():
        switch = read_effective(scopes_of(deployment, intent.market))
        now = database_now()
        limits = limits_in_force(deployment)
        account = PaperAccount.objects.select_for_update().get(deployment=deployment)
        records = read_records(
            order, deployment, account=account, snapshot=snapshot, feed_at=feed_at, now=now
        )
        working = Order.objects.working().filter(account=order.account).count()
        counters = lock_counters(deployment, limits, feed_at=feed_at, now=now)
        records = replace(records, usages=usages_of(counters, deployment, limits, order=order))
        seen = replace(snapshot, switch_state=switch.state, working_orders=working, records=records)
        judgement = judge(intent, seen, limits.tightest, feed_at, rules=HOUSE_RULES)
        transaction.set_rollback(True)
    return judgement
