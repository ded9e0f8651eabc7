"""The worked example of docs/paper-venue.md, computed; the test compares, the document is typed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atlas.domain.ledger import Flow, cash_delta_usd, fold_account, realised_by
from atlas.domain.paper import fill_market_order
from atlas.domain.paper_accrual import accrued
from atlas.domain.paper_liquidation import liquidation_price_usd
from atlas.domain.paper_terms import PaperTerms
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.units import plain
from execution.paper_defaults import default_terms
from tests.domain.paper_world import CLOSE, OPEN

BOUGHT_AT = datetime(2024, 3, 1, tzinfo=UTC)
SOLD_AT = BOUGHT_AT + timedelta(hours=24)


def figures() -> dict[str, str]:
    """Compute every figure of the example, by the name under which the document gives it."""
    terms = PaperTerms(2, 3, default_terms("ETH/USD"))
    opening = replace(OPEN, size_delta_usd=Decimal(10_000), collateral_delta_usd=Decimal(5_000))
    first = fill_market_order(
        opening,
        quote=Quote("ETH/USD", Decimal(2000), Decimal(2000), BOUGHT_AT, "example"),
        position=Position("ETH/USD", True),
        cash_usd=Decimal(10_000),
        terms=terms,
        at=BOUGHT_AT,
    )
    flows = [Flow(Decimal(10_000), BOUGHT_AT)]
    (held,) = fold_account(flows, [first]).open_positions
    owing = accrued(held, terms.market, since=BOUGHT_AT, at=SOLD_AT)
    closing = replace(
        CLOSE,
        size_delta_usd=held.size_usd,
        collateral_delta_usd=-held.collateral_usd,
        expected_pre_size_usd=held.size_usd,
    )
    last = fill_market_order(
        closing,
        quote=Quote("ETH/USD", Decimal(2100), Decimal(2100), SOLD_AT, "example"),
        position=owing,
        cash_usd=Decimal(0),
        terms=terms,
        at=SOLD_AT,
    )
    account = fold_account(flows, [first, last])
    edge = liquidation_price_usd(held, terms.market)
    assert edge is not None
    told = {
        "impact of the purchase": first.price_impact_usd,
        "purchase price": first.price_usd,
        "tokens": first.size_delta_tokens,
        "position fee of the purchase": first.costs.position_fee_usd,
        "keeper's fee": first.costs.execution_fee_usd,
        "collateral after fees": held.collateral_usd,
        "cash after the purchase": 10_000 + cash_delta_usd(first),
        "liquidation price": edge,
        "borrowing of a day": owing.pending_borrowing_usd,
        "funding of a day": owing.pending_funding_usd,
        "value of the position after a day at 2,100": owing.value_usd(Decimal(2100)),
        "impact of the sale": last.price_impact_usd,
        "sale price": last.price_usd,
        "realised profit": realised_by(last),
        "position fee of the sale": last.costs.position_fee_usd,
        "cash at the end": account.cash_usd,
    }
    return {name: plain(value) for name, value in told.items()}
