"""What an execution does to the collateral of a paper position, and what that must still carry.

Position fee, borrowing and funding that is owed are paid as on the venue: out of the collateral
that an increase brings, or out of the profit that a decrease realises and then out of the
collateral. Losses come out of the collateral. The keeper's fee is paid in cash.
"""

from dataclasses import dataclass
from decimal import Decimal

from atlas.domain.ledger import Costs, profit_usd
from atlas.domain.paper_price import Execution
from atlas.domain.paper_refusals import (
    LossNotCovered,
    NotEnoughCash,
    NotEnoughCollateral,
    PositionTooSmall,
)
from atlas.domain.paper_terms import MarketTerms
from atlas.domain.positions import Position
from atlas.domain.units import USD_QUANTUM, ZERO, ceil_to, exact, plain


def bill(execution: Execution, position: Position, terms: MarketTerms) -> Costs:
    """Write the bill of an execution: its fees, and what the position owes for the time before."""
    return Costs(
        funding_usd=position.pending_funding_usd,
        borrowing_usd=position.pending_borrowing_usd,
        position_fee_usd=terms.position_fee_usd(
            execution.size_usd, improves=execution.impact.improves
        ),
        execution_fee_usd=terms.execution_fee_usd,
    )


def owed_usd(costs: Costs) -> Decimal:
    """Give the part of a bill that the position pays itself; funding it receives goes to cash."""
    with exact():
        return costs.position_fee_usd + costs.borrowing_usd + max(costs.funding_usd, ZERO)


def backing_of_increase(
    collateral_usd: Decimal,
    execution: Execution,
    *,
    position: Position,
    costs: Costs,
    cash_usd: Decimal,
    terms: MarketTerms,
) -> Decimal:
    """Give what an increase that brings `collateral_usd` adds to the collateral, fees paid.

    Raises NotEnoughCash, PositionTooSmall or NotEnoughCollateral.
    """
    with exact():
        needed_usd = collateral_usd + costs.execution_fee_usd
        delta_usd = collateral_usd - owed_usd(costs)
        size_usd = position.size_usd + execution.size_usd
        backing_usd = position.collateral_usd + delta_usd
    if needed_usd > cash_usd:
        raise NotEnoughCash(
            f"The order in {position.market} needs {plain(needed_usd)} USD for collateral and the "
            f"keeper, {plain(cash_usd)} USD are free.",
            detail={"needed_usd": plain(needed_usd), "cash_usd": plain(cash_usd)},
        )
    if size_usd < terms.min_position_usd:
        raise PositionTooSmall(
            f"A position of {plain(size_usd)} USD in {position.market} is below the venue's "
            f"{plain(terms.min_position_usd)} USD."
        )
    if backing_usd < required_usd(size_usd, terms):
        raise NotEnoughCollateral(
            f"{plain(backing_usd)} USD would back {plain(size_usd)} USD in {position.market} after "
            f"fees; the venue asks for {plain(required_usd(size_usd, terms))} USD.",
            detail={"backing_usd": plain(backing_usd), "size_usd": plain(size_usd)},
        )
    return delta_usd


def required_usd(size_usd: Decimal, terms: MarketTerms) -> Decimal:
    """Give the least collateral for a size: the minimum, the share, and the highest leverage."""
    with exact():
        share = ceil_to(size_usd * terms.min_collateral_ratio, USD_QUANTUM)
        by_leverage = ceil_to(size_usd / terms.max_leverage_ratio, USD_QUANTUM)
        return max(terms.min_collateral_usd, share, by_leverage)


@dataclass(frozen=True, slots=True)
class Release:
    """What a decrease takes out of the collateral, to pay and to give back.

    `left_usd` stays in the position; below zero it is the loss that the collateral cannot bear.
    """

    taken_usd: Decimal
    left_usd: Decimal


def release_of_decrease(execution: Execution, *, position: Position, costs: Costs) -> Release:
    """Give what losses and fees of a decrease take out of the collateral, nothing given back yet."""
    profit = profit_usd(
        execution.size_usd, execution.tokens, execution.price_usd, is_long=position.is_long
    )
    with exact():
        taken_usd = max(owed_usd(costs) - profit, ZERO)
        return Release(taken_usd, position.collateral_usd - taken_usd)


def freed_by_decrease(
    wanted_usd: Decimal,
    execution: Execution,
    release: Release,
    *,
    position: Position,
    terms: MarketTerms,
) -> Decimal | None:
    """Give how much of the collateral that is left a partial decrease may hand back.

    All that was wanted if the rest can carry itself, else nothing; None where not even that
    helps, and the venue closes the whole position.
    """
    with exact():
        size_usd = position.size_usd - execution.size_usd
        rest_usd = release.left_usd - min(wanted_usd, release.left_usd)
    if release.left_usd < terms.min_collateral_usd:
        return None
    if rest_usd < required_usd(size_usd, terms):
        return ZERO
    return wanted_usd


def require_covered(release: Release, position: Position) -> None:
    """Refuse to close a position by order that cannot pay its losses and fees."""
    if release.left_usd >= 0:
        return
    raise LossNotCovered(
        f"Losses and fees of the {position.market} position exceed its collateral by "
        f"{plain(-release.left_usd)} USD; the venue liquidates it.",
        detail={"uncovered_usd": plain(-release.left_usd)},
    )
