"""Deciding: the rule's word on each market, written down with its reason."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from atlas.domain import signals
from atlas.domain.candles import CandleSeries
from atlas.domain.positions import Position
from atlas.domain.snapshots import Snapshot
from execution.desk import Desk
from execution.looking import contexts_of, snapshot_of_round
from execution.mandates import Mandate
from execution.models import Signal
from execution.vocabulary import CycleStep
from strategies.rules.base import decides_on_many
from strategies.rules.context import NO_CONTEXT, MarketContext


class Decider(Protocol):
    """Whoever decides a signal, by name and version."""

    @property
    def name(self) -> str:
        """Give the name that the signal is filed under."""

    @property
    def version(self) -> int:
        """Give the number that rises when it decides differently."""


def decide(desk: Desk, candles: Mapping[str, CandleSeries]) -> list[signals.Signal]:
    """Ask the rule about each market and store its signals; a resumed cycle reads them back."""
    if kept := decided_before(desk):
        return kept
    snapshot = snapshot_of_round(desk)
    decided = signals_for(desk.mandate, candles, snapshot, contexts_of(desk))
    with desk.step(CycleStep.SIGNAL) as moment:
        write_down(desk, decided, rule=desk.mandate.rule, now=moment.now)
    return decided


def decided_before(desk: Desk) -> list[signals.Signal]:
    """Read back what a resumed cycle had decided; empty where it had not."""
    rows = list(Signal.objects.filter(cycle=desk.cycle).order_by("pk")) if desk.is_resumed else []
    desk.memory.signals.update({row.market: row for row in rows})
    return [signal_from(row) for row in rows]


def write_down(
    desk: Desk, decided: Sequence[signals.Signal], *, rule: Decider, now: datetime
) -> None:
    """Store what a cycle decided, and by which rule, within its present step."""
    for signal in decided:
        row = _row(desk, signal, rule, now)
        row.save(force_insert=True)
        desk.memory.signals[signal.market] = row


def signals_for(
    mandate: Mandate,
    candles: Mapping[str, CandleSeries],
    snapshot: Snapshot,
    contexts: Mapping[str, MarketContext],
) -> list[signals.Signal]:
    """Ask the rule about every market: pure, so that the same inputs give the same signals."""
    held = {market: _position(snapshot, market) for market in mandate.markets}
    rule = mandate.rule
    if decides_on_many(rule):
        positions = {market: one for market, one in held.items() if one is not None}
        return list(rule.decide_together(candles, positions, mandate.parameters))
    return [
        rule.decide(
            candles[market], held[market], mandate.parameters, contexts.get(market, NO_CONTEXT)
        )
        for market in mandate.markets
    ]


def _position(snapshot: Snapshot, market: str) -> Position | None:
    """Give what is held in a market; the larger side where both are, None where nothing is."""
    held = snapshot.held(market)
    return max(held, key=lambda one: one.size_usd) if held else None


def _row(desk: Desk, signal: signals.Signal, rule: Decider, now: datetime) -> Signal:
    return Signal(
        cycle=desk.cycle,
        market=signal.market,
        direction=signal.direction.value,
        target_exposure_ratio=signal.target_exposure_ratio,
        confidence_ratio=signal.confidence_ratio,
        as_of_at=signal.as_of_at,
        valid_until_at=signal.valid_until_at,
        reason=signal.reason,
        indicators=dict(signal.indicators),
        stop_usd=signal.stop_usd,
        take_profit_usd=signal.take_profit_usd,
        rule=rule.name,
        rule_version=rule.version,
        fencing_token=desk.cycle.fencing_token,
        created_at=now,
    )


def signal_from(row: Signal) -> signals.Signal:
    """Read a stored signal as the domain sees it."""
    return signals.Signal(
        market=row.market,
        target_exposure_ratio=row.target_exposure_ratio,
        confidence_ratio=row.confidence_ratio,
        as_of_at=row.as_of_at,
        valid_until_at=row.valid_until_at,
        reason=row.reason,
        indicators=row.indicators,
        stop_usd=row.stop_usd,
        take_profit_usd=row.take_profit_usd,
    )
