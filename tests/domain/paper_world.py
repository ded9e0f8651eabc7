"""A market of round numbers, so that the worked examples can be followed on paper."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from atlas.domain.intents import OrderIntent
from atlas.domain.ledger import Fill
from atlas.domain.paper import fill_market_order
from atlas.domain.paper_terms import MarketTerms, PaperTerms
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.states import PermitKind

AT = datetime(2024, 3, 1, tzinfo=UTC)
QUOTE = Quote("ETH/USD", Decimal(1999), Decimal(2001), AT, "test")
# No impact, no fees for time: each test switches on what it is about.
PLAIN: dict[str, Any] = {
    "market": "ETH/USD",
    "improving_fee_bps": 4,
    "worsening_fee_bps": 5,
    "liquidation_fee_bps": 20,
    "positive_impact_factor": Decimal(0),
    "negative_impact_factor": Decimal(0),
    "long_open_interest_usd": Decimal(1_000_000),
    "short_open_interest_usd": Decimal(1_000_000),
    "pool_usd": Decimal(2_000_000),
    "borrowing_factor": Decimal(0),
    "funding_factor": Decimal(0),
    "gas_limit": 5_000_000,
    "gas_price_gwei": Decimal("0.01"),
    "gas_buffer_bps": 0,
    "gas_token_usd": Decimal(5_000),  # 0.25 USD an order
}


def market_terms(**changes: Any) -> MarketTerms:
    """Give the terms of the round market, with changes."""
    return MarketTerms(**{**PLAIN, **changes})


def terms(half_spread_bps: int = 2, slippage_bps: int = 3, **changes: Any) -> PaperTerms:
    """Give what an account is charged in the round market, with changes."""
    return PaperTerms(half_spread_bps, slippage_bps, market_terms(**changes))


OPEN = OrderIntent(
    account="paper:demo",
    kind=PermitKind.INCREASE,
    market="ETH/USD",
    is_long=True,
    size_delta_usd=Decimal(1000),
    collateral_delta_usd=Decimal(500),
    expected_pre_size_usd=Decimal(0),
    acceptable_price_usd=Decimal(2100),
)
FLAT = Position("ETH/USD", True)
HELD = Position("ETH/USD", True, Decimal(1000), Decimal("0.5"), Decimal(500))
CLOSE = OrderIntent(
    account="paper:demo",
    kind=PermitKind.REDUCE,
    market="ETH/USD",
    is_long=True,
    size_delta_usd=Decimal(1000),
    collateral_delta_usd=Decimal(-500),
    expected_pre_size_usd=Decimal(1000),
    acceptable_price_usd=Decimal(1900),
)


def filled(intent: OrderIntent = OPEN, position: Position = FLAT, **changes: Any) -> Fill:
    """Execute an order on the round market."""
    given: dict[str, Any] = {
        "quote": QUOTE,
        "cash_usd": Decimal(10_000),
        "terms": terms(),
        "at": AT,
    }
    return fill_market_order(intent, position=position, **{**given, **changes})
