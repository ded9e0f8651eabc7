"""Looking: what a cycle sees before it decides, stored so that it can decide again."""

from datetime import datetime
from typing import Any

from atlas.domain.candles import CandleSeries
from atlas.domain.errors import Bug
from atlas.domain.snapshots import Snapshot
from execution.candle_store import store_candles, stored_candles
from execution.code_version import code_version
from execution.contexts import context_inputs, stored_contexts, take_contexts
from execution.desk import Desk
from execution.inputs import Input, json_of, snapshot_content, snapshot_from, store, stored
from execution.mandates import Mandate, limits_in_force
from execution.marketdata.base import MarketData, SourcedCandles
from execution.vocabulary import CycleStep, InputKind
from strategies.rules.context import MarketContext
from strategies.rules.parameters import raw_from


def look(desk: Desk) -> dict[str, CandleSeries]:
    """Take and store candles, context, parameters, limits, terms and the first snapshot, in one step.

    A cycle that was resumed gets what was stored before. Raises UnusableData, and stores nothing,
    where the market data cannot be trusted.
    """
    if desk.is_resumed:
        kept = {market: stored_candles(desk.cycle, market) for market in desk.mandate.markets}
        if all(kept.values()):
            return {market: series for market, series in kept.items() if series is not None}
    given = ask_for_candles(desk.mandate, desk.market_data, until=desk.cycle.scheduled_for)
    contexts = take_contexts(desk.mandate, desk.market_data, until=desk.cycle.scheduled_for)
    snapshot = desk.venue.snapshot()
    with desk.step(CycleStep.SNAPSHOT) as moment:
        inputs = [store_candles(sourced) for sourced in given.values()]
        inputs += context_inputs(contexts)
        inputs += [Input(kind, content) for kind, content in _constants(desk).items()]
        inputs.append(Input(InputKind.SNAPSHOT, snapshot_content(snapshot)))
        moment.changes["inputs_hash"] = store(desk.cycle, inputs, now=moment.now)
    desk.memory.snapshots[1], desk.memory.contexts = snapshot, contexts
    return {market: sourced.series for market, sourced in given.items()}


def ask_for_candles(
    mandate: Mandate, market_data: MarketData, *, until: datetime
) -> dict[str, SourcedCandles]:
    """Ask for the closed bars that the rule needs of each market; raises what the provider raises."""
    return {
        market: market_data.candles(
            market, mandate.timeframe, until=until, count=mandate.warm_up_bars
        )
        for market in mandate.markets
    }


def _constants(desk: Desk) -> dict[InputKind, dict[str, Any]]:
    """Gather what a decision depends on besides the market and the account."""
    mandate, deployment = desk.mandate, desk.deployment
    limits = limits_in_force(deployment)
    return {
        InputKind.PARAMETERS: {
            "rule": mandate.rule.name,
            "version": mandate.rule.version,
            "parameters": json_of(raw_from(mandate.parameters)),
        },
        InputKind.LIMITS: {
            "versions": {
                "deployment": limits.deployment and limits.deployment.version,
                "vault": limits.vault and limits.vault.version,
                "global": limits.house and limits.house.version,
            },
            "limits": json_of(limits.tightest),
        },
        InputKind.TERMS: {
            "timeframe": mandate.timeframe.value,
            "warm_up_bars": mandate.warm_up_bars,
            "terms": json_of(mandate.terms),
        },
        InputKind.CODE: {"digest": code_version()},
    }


def contexts_of(desk: Desk) -> dict[str, MarketContext]:
    """Give what the rule is told beside candles, as it was stored."""
    if desk.memory.contexts is None:
        desk.memory.contexts = stored_contexts(desk.cycle, desk.mandate)
    return desk.memory.contexts


def snapshot_of_round(desk: Desk) -> Snapshot:
    """Give the snapshot of the cycle's present round; a fresh one is taken and stored once."""
    round_number = desk.cycle.round_number
    if round_number not in desk.memory.snapshots:
        desk.memory.snapshots[round_number] = _stored_or_fresh(desk)
    return desk.memory.snapshots[round_number]


def _stored_or_fresh(desk: Desk) -> Snapshot:
    round_number = desk.cycle.round_number
    if desk.is_resumed:
        kept = stored(desk.cycle, InputKind.SNAPSHOT, round_number=round_number)
        if kept is not None:
            return snapshot_from(kept)
    if round_number == 1:
        raise Bug(f"{desk.cycle} trades without having looked.")
    snapshot = desk.venue.snapshot()
    with desk.step(CycleStep.SNAPSHOT) as moment:
        taken = Input(InputKind.SNAPSHOT, snapshot_content(snapshot))
        store(desk.cycle, [taken], now=moment.now)
    return snapshot
