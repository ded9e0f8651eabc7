"""Market contexts: what a rule is told beside candles, stored so that it can decide again.

Taken only for rules that ask for it, from a provider that has it. The readings that a decision may
look at are stored with the cycle by content; a repeated decision gets exactly those.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atlas.domain.units import plain
from execution.inputs import Input, stored
from execution.mandates import Mandate
from execution.marketdata.base import MarketData
from execution.marketdata.funding import TellsFunding
from execution.models import CycleRun
from execution.vocabulary import InputKind
from strategies.rules.context import NO_CONTEXT, FundingReading, MarketContext, ReadsContext

LONGEST_SPAN = timedelta(days=31)


def take_contexts(
    mandate: Mandate, market_data: MarketData, *, until: datetime
) -> dict[str, MarketContext]:
    """Ask for what was known of each market by `until`; empty where the rule wants candles alone.

    A provider without rates gives nothing, and the rule itself says what it misses. Raises what the
    provider raises.
    """
    rule = mandate.rule
    if not rule.needs_context or not isinstance(market_data, TellsFunding):
        return {}
    span = LONGEST_SPAN
    if isinstance(rule, ReadsContext):
        span = rule.context_span(mandate.parameters)
    return {
        market: MarketContext(market_data.funding(market, since=until - span, until=until))
        for market in mandate.markets
    }


def context_inputs(contexts: Mapping[str, MarketContext]) -> list[Input]:
    """Write contexts as inputs of a cycle, one a market."""
    return [
        Input(
            InputKind.CONTEXT,
            {"funding": [_row(one) for one in context.funding]},
            market,
        )
        for market, context in contexts.items()
    ]


def stored_contexts(cycle: CycleRun, mandate: Mandate) -> dict[str, MarketContext]:
    """Read back the contexts that a cycle decided on; Bug where one has lost its digest."""
    if not mandate.rule.needs_context:
        return {}
    return {market: _stored(cycle, market) for market in mandate.markets}


def _stored(cycle: CycleRun, market: str) -> MarketContext:
    content = stored(cycle, InputKind.CONTEXT, subject=market)
    if content is None:
        return NO_CONTEXT
    return MarketContext(tuple(_reading(row) for row in content["funding"]))


def _row(one: FundingReading) -> list[str]:
    return [
        one.at.isoformat(),
        plain(one.long_funding_ratio),
        plain(one.short_funding_ratio),
        plain(one.long_borrowing_ratio),
        plain(one.short_borrowing_ratio),
    ]


def _reading(row: list[Any]) -> FundingReading:
    at, *ratios = row
    return FundingReading(datetime.fromisoformat(at), *map(Decimal, ratios))
