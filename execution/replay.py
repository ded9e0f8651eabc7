"""Replay: decide a past cycle again from what it stored, and compare bit for bit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from atlas.domain import signals
from atlas.domain.candles import CandleSeries, Timeframe
from atlas.domain.errors import ConflictingState
from atlas.domain.sizing import SizingTerms
from execution.candle_store import stored_candles
from execution.code_version import code_version
from execution.contexts import stored_contexts
from execution.deciding import signal_from, signals_for
from execution.inputs import snapshot_from, stored
from execution.mandates import Mandate
from execution.models import CycleRun, Signal
from execution.stops import closing_signals, stored_levels
from execution.vocabulary import CycleOrigin, InputKind
from strategies.rules.parameters import parameters_from
from strategies.rules.registry import rule_named


@dataclass(frozen=True, slots=True)
class Redecision:
    """One market of a cycle, decided again: what was stored, what comes out now."""

    market: str
    stored: dict[str, Any]
    again: dict[str, Any]
    same_code: bool

    @property
    def agrees(self) -> bool:
        """Tell whether every bit of the signal came out the same."""
        return self.stored == self.again


def redecide(cycle: CycleRun) -> tuple[Redecision, ...]:
    """Decide a cycle again from its stored inputs.

    Raises ConflictingState where it never came to a decision, Bug where a stored input no longer
    has its digest.
    """
    if cycle.origin == CycleOrigin.STOP:
        return _redecide_stops(cycle)
    parameters = stored(cycle, InputKind.PARAMETERS)
    terms = stored(cycle, InputKind.TERMS)
    snapshot = stored(cycle, InputKind.SNAPSHOT)
    code = stored(cycle, InputKind.CODE)
    rows = list(Signal.objects.filter(cycle=cycle).order_by("pk"))
    if parameters is None or terms is None or snapshot is None or code is None or not rows:
        raise ConflictingState(f"{cycle} came to no decision, so there is none to repeat.")
    mandate = _mandate(parameters, terms, tuple(row.market for row in rows))
    candles = {row.market: _candles(cycle, row.market) for row in rows}
    contexts = stored_contexts(cycle, mandate)
    again = signals_for(mandate, candles, snapshot_from(snapshot), contexts)
    return _compared(rows, again, code)


def _redecide_stops(cycle: CycleRun) -> tuple[Redecision, ...]:
    """Compare the stored levels with the stored prices again."""
    held = stored_levels(stored(cycle, InputKind.LEVELS), cycle)
    snapshot, code = stored(cycle, InputKind.SNAPSHOT), stored(cycle, InputKind.CODE)
    if snapshot is None or code is None:
        raise ConflictingState(f"{cycle} came to no decision, so there is none to repeat.")
    rows = list(Signal.objects.filter(cycle=cycle).order_by("pk"))
    return _compared(rows, closing_signals(held, snapshot_from(snapshot)), code)


def _compared(
    rows: Sequence[Signal], again: Sequence[signals.Signal], code: dict[str, Any]
) -> tuple[Redecision, ...]:
    """Put what was stored beside what comes out now, market by market."""
    kept = {row.market: signal_from(row).as_json() for row in rows}
    said = {signal.market: signal.as_json() for signal in again}
    same_code = code["digest"] == code_version()
    return tuple(
        Redecision(market, kept.get(market, {}), said.get(market, {}), same_code)
        for market in dict.fromkeys([*kept, *said])
    )


def _candles(cycle: CycleRun, market: str) -> CandleSeries:
    """Read back what the cycle saw of a market."""
    candles = stored_candles(cycle, market)
    if candles is None:
        raise ConflictingState(f"{cycle} stored no candles of {market}.")
    return candles


def _mandate(
    parameters: dict[str, Any], terms: dict[str, Any], markets: tuple[str, ...]
) -> Mandate:
    rule = rule_named(parameters["rule"])
    typed = parameters_from(rule.parameters_type, parameters["parameters"])
    return Mandate(
        rule=rule,
        parameters=typed,
        markets=markets,
        timeframe=Timeframe.named(terms["timeframe"]),
        warm_up_bars=terms["warm_up_bars"],
        terms=_terms(terms["terms"]),
    )


def _terms(content: dict[str, str]) -> SizingTerms:
    return SizingTerms(**{name: Decimal(value) for name, value in content.items()})
