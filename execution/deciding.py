"""Deciding: the rule's word on each market, written down with its reason."""

from collections.abc import Mapping
from datetime import datetime

from atlas.domain import signals
from atlas.domain.candles import CandleSeries
from atlas.domain.positions import Position
from atlas.domain.snapshots import Snapshot
from execution.desk import Desk
from execution.looking import snapshot_of_round
from execution.mandates import Mandate
from execution.models import Signal
from execution.vocabulary import CycleStep
from strategies.rules.base import decides_on_many


def decide(desk: Desk, candles: Mapping[str, CandleSeries]) -> list[signals.Signal]:
    """Ask the rule about each market and store its signals; a resumed cycle reads them back."""
    rows = list(Signal.objects.filter(cycle=desk.cycle).order_by("pk")) if desk.is_resumed else []
    if rows:
        desk.memory.signals.update({row.market: row for row in rows})
        return [signal_from(row) for row in rows]
    snapshot = snapshot_of_round(desk)
    decided = signals_for(desk.mandate, candles, snapshot)
    with desk.step(CycleStep.SIGNAL) as moment:
        for signal in decided:
            row = _row(desk, signal, moment.now)
            row.save(force_insert=True)
            desk.memory.signals[signal.market] = row
    return decided


def signals_for(
    mandate: Mandate, candles: Mapping[str, CandleSeries], snapshot: Snapshot
) -> list[signals.Signal]:
    """Ask the rule about every market: pure, so that the same inputs give the same signals."""
    held = {market: _position(snapshot, market) for market in mandate.markets}
    rule = mandate.rule
    if decides_on_many(rule):
        positions = {market: one for market, one in held.items() if one is not None}
        return list(rule.decide_together(candles, positions, mandate.parameters))
    return [
        rule.decide(candles[market], held[market], mandate.parameters) for market in mandate.markets
    ]


def _position(snapshot: Snapshot, market: str) -> Position | None:
    """Give what is held in a market; the larger side where both are, None where nothing is."""
    held = snapshot.held(market)
    return max(held, key=lambda one: one.size_usd) if held else None


def _row(desk: Desk, signal: signals.Signal, now: datetime) -> Signal:
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
        rule=desk.mandate.rule.name,
        rule_version=desk.mandate.rule.version,
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
