"""The paper fill: what a market order costs when no chain is asked.

Paper is a venue, and it is not kinder than the real one: an order meets the side of the quote that
hurts, half a spread and slippage on top, a position fee on its size and a fixed execution fee.
Every rounding is against us. What the venue refuses, it refuses as the real one would.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.errors import Bug, DomainRefusal, InvalidInput
from atlas.domain.intents import ORDER_KINDS, OrderIntent
from atlas.domain.ledger import Costs, Fill
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote, pays_up
from atlas.domain.states import PermitKind
from atlas.domain.units import (
    BPS,
    PRICE_QUANTUM,
    TOKEN_QUANTUM,
    USD_QUANTUM,
    bps_of,
    ceil_to,
    exact,
    floor_to,
    plain,
)

MAX_TERM_BPS = 1_000


class VenueRefusal(DomainRefusal):
    """The venue did not execute the order; the order ends CANCELED with this reason."""

    code = "venue_refused"


class PriceNotAcceptable(VenueRefusal):
    """The execution price lies beyond the order's acceptable price."""

    code = "price_not_acceptable"


class NotEnoughCash(VenueRefusal):
    """The account cannot pay collateral and fees."""

    code = "not_enough_cash"


class PositionMismatch(VenueRefusal):
    """The position is not the one that the order was decided on."""

    code = "position_mismatch"


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """What trading on paper costs: rates in bps (0 to 1,000), the execution fee in USD per order."""

    half_spread_bps: int
    slippage_bps: int
    position_fee_bps: int
    execution_fee_usd: Decimal

    def __post_init__(self) -> None:
        """Refuse terms out of range."""
        for name in ("half_spread_bps", "slippage_bps", "position_fee_bps"):
            if not 0 <= getattr(self, name) <= MAX_TERM_BPS:
                raise InvalidInput(
                    f"{name} must be 0 to {MAX_TERM_BPS}, not {getattr(self, name)}."
                )
        if not (self.execution_fee_usd.is_finite() and self.execution_fee_usd >= 0):
            raise InvalidInput(
                f"execution_fee_usd must be 0 or more, not {self.execution_fee_usd}."
            )


def execution_price_usd(quote: Quote, terms: PaperTerms, *, paying_up: bool) -> Decimal:
    """Give the price a market order gets: the side that hurts, plus spread and slippage."""
    worse_bps = terms.half_spread_bps + terms.slippage_bps
    with exact():
        if paying_up:
            return ceil_to(quote.max_usd * (BPS + worse_bps) / BPS, PRICE_QUANTUM)
        return floor_to(quote.min_usd * (BPS - worse_bps) / BPS, PRICE_QUANTUM)


def fill_market_order(
    intent: OrderIntent,
    *,
    quote: Quote,
    position: Position,
    cash_usd: Decimal,
    terms: PaperTerms,
    at: datetime,
) -> Fill:
    """Execute a market order on paper.

    `position` is the account's position of the intent's market and side (flat if none), `cash_usd`
    its free cash. Raises PositionMismatch, PriceNotAcceptable or NotEnoughCash; getting out is
    never refused for want of cash.
    """
    _require_match(intent, quote, position)
    paying_up = pays_up(is_long=intent.is_long, is_increase=intent.is_increase)
    price_usd = execution_price_usd(quote, terms, paying_up=paying_up)
    _require_acceptable(intent, price_usd, paying_up=paying_up)
    tokens = _tokens(intent, position, price_usd)
    costs = Costs(
        position_fee_usd=bps_of(intent.size_delta_usd, terms.position_fee_bps),
        execution_fee_usd=ceil_to(terms.execution_fee_usd, USD_QUANTUM),
    )
    if intent.is_increase:
        _require_cash(intent, costs, cash_usd)
    with exact():
        slippage_usd = ceil_to(abs(price_usd - quote.mark_usd) * tokens, USD_QUANTUM)
    return Fill(
        market=intent.market,
        is_long=intent.is_long,
        is_increase=intent.is_increase,
        size_delta_usd=intent.size_delta_usd,
        size_delta_tokens=tokens,
        price_usd=price_usd,
        filled_at=at,
        collateral_delta_usd=_collateral_delta_usd(intent, position),
        costs=costs,
        slippage_usd=slippage_usd,
    )


def _require_match(intent: OrderIntent, quote: Quote, position: Position) -> None:
    if intent.kind not in ORDER_KINDS - {PermitKind.SWAP}:
        raise Bug(f"The paper venue has no {intent.kind} orders.")
    if quote.market != intent.market or position.key != (intent.market, intent.is_long):
        raise Bug(f"The order in {intent.market} came with another market's quote or position.")
    if position.size_usd != intent.expected_pre_size_usd:
        raise PositionMismatch(
            f"The order in {intent.market} expects a position of "
            f"{plain(intent.expected_pre_size_usd)} USD, but it is {plain(position.size_usd)} USD."
        )
    if not intent.is_increase and intent.size_delta_usd > position.size_usd:
        raise PositionMismatch(
            f"A decrease of {plain(intent.size_delta_usd)} USD is larger than the "
            f"{intent.market} position of {plain(position.size_usd)} USD."
        )


def _require_acceptable(intent: OrderIntent, price_usd: Decimal, *, paying_up: bool) -> None:
    bound_usd = intent.acceptable_price_usd
    if bound_usd is None:
        raise PriceNotAcceptable(f"The order in {intent.market} names no acceptable price.")
    if (price_usd > bound_usd) if paying_up else (price_usd < bound_usd):
        raise PriceNotAcceptable(
            f"{intent.market} would execute at {plain(price_usd)}, acceptable is "
            f"{plain(bound_usd)} or {'less' if paying_up else 'more'}.",
            detail={"price_usd": plain(price_usd), "acceptable_usd": plain(bound_usd)},
        )


def _require_cash(intent: OrderIntent, costs: Costs, cash_usd: Decimal) -> None:
    with exact():
        needed_usd = intent.collateral_delta_usd + costs.total_usd
    if needed_usd > cash_usd:
        raise NotEnoughCash(
            f"The order in {intent.market} needs {plain(needed_usd)} USD for collateral and fees, "
            f"{plain(cash_usd)} USD are free.",
            detail={"needed_usd": plain(needed_usd), "cash_usd": plain(cash_usd)},
        )


def _tokens(intent: OrderIntent, position: Position, price_usd: Decimal) -> Decimal:
    """Convert the size to tokens: fewer for a long, more for a short, exactly all on a close."""
    if not intent.is_increase:
        return position.tokens_share(intent.size_delta_usd)
    with exact():
        tokens = intent.size_delta_usd / price_usd
    return floor_to(tokens, TOKEN_QUANTUM) if intent.is_long else ceil_to(tokens, TOKEN_QUANTUM)


def _collateral_delta_usd(intent: OrderIntent, position: Position) -> Decimal:
    """Move what the intent says; a close gives everything back, whatever it says."""
    if intent.is_increase:
        return intent.collateral_delta_usd
    if intent.size_delta_usd == position.size_usd:
        return -position.collateral_usd
    return max(intent.collateral_delta_usd, -position.collateral_usd)
