"""The default terms of paper markets: in the manner of GMX, and read from no chain."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from atlas.domain.paper_terms import MarketTerms

_DEEP: Mapping[str, Any] = MappingProxyType(
    {
        "positive_impact_factor": Decimal("0.000000000001"),
        "negative_impact_factor": Decimal("0.000000000002"),
        "long_open_interest_usd": Decimal(66_000_000),
        "short_open_interest_usd": Decimal(60_000_000),
        "pool_usd": Decimal(120_000_000),
    }
)
# Markets whose pools are assumed to be deep; every other one gets the cautious figures.
DEFAULTS: Mapping[str, Mapping[str, Any]] = MappingProxyType({"BTC/USD": _DEEP, "ETH/USD": _DEEP})


def default_terms(market: str) -> MarketTerms:
    """Give the terms that a market gets before anybody has said better."""
    return MarketTerms(market=market, **DEFAULTS.get(market, {}))
