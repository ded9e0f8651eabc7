"""Sizing: from the exposure a signal wants to the orders that would bring the account there.

Every size is rounded down, so we never hold more than the rule asked for. Reductions come before
increases, and a flip is a close and an opening: the opening is sized again, from a new snapshot,
once the close is proved. Limits are not applied here; an order that is too large is denied at the
gate with both numbers, not trimmed in silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from atlas.domain.errors import InvalidInput, UnusableData
from atlas.domain.intents import OrderIntent
from atlas.domain.positions import Position
from atlas.domain.signals import Direction, Signal
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import PermitKind
from atlas.domain.units import (
    SIZE_QUANTUM_USD,
    USD_QUANTUM,
    ZERO,
    ceil_to,
    exact,
    floor_to,
    plain,
)


@dataclass(frozen=True, slots=True)
class SizingTerms:
    """How a deployment turns exposure into orders.

    `min_order_usd` is the smallest order worth its fees (> 0); a full close is exempt.
    `leverage_ratio` decides how much collateral an increase posts (size / leverage, > 0).
    Within `rebalance_band_ratio` of the target (0..1) a position on the right side is left alone.
    """

    min_order_usd: Decimal
    leverage_ratio: Decimal
    rebalance_band_ratio: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse terms out of range."""
        if not (self.min_order_usd.is_finite() and self.min_order_usd > 0):
            raise InvalidInput(f"min_order_usd must be above 0, not {self.min_order_usd}.")
        if not (self.leverage_ratio.is_finite() and self.leverage_ratio > 0):
            raise InvalidInput(f"leverage_ratio must be above 0, not {self.leverage_ratio}.")
        if not (self.rebalance_band_ratio.is_finite() and 0 <= self.rebalance_band_ratio <= 1):
            raise InvalidInput(
                f"rebalance_band_ratio must be 0 to 1, not {self.rebalance_band_ratio}."
            )


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a signal means for one market of one account.

    The notionals are signed USD at the mark price; None where NAV or price is unknown and only
    exits could be sized. `intents` are in the order in which they may go out; only the first may
    go before the world is looked at again. `reason` says in words why there are these, or none.
    """

    market: str
    target_notional_usd: Decimal | None
    current_notional_usd: Decimal | None
    intents: tuple[OrderIntent, ...]
    reason: str

    @property
    def delta_notional_usd(self) -> Decimal | None:
        """Give what is missing to the target, signed; None when unknown."""
        if self.target_notional_usd is None or self.current_notional_usd is None:
            return None
        with exact():
            return self.target_notional_usd - self.current_notional_usd


def size(
    signal: Signal,
    snapshot: Snapshot,
    terms: SizingTerms,
    *,
    exit_kind: PermitKind = PermitKind.REDUCE,
) -> Sizing:
    """Size a signal against a snapshot; what takes risk off goes out as `exit_kind`.

    Raises UnusableData when positions are unknown, or when NAV or price is unknown and there is
    nothing to close; getting out needs neither.
    """
    if snapshot.positions is None:
        raise UnusableData(
            f"The positions of {snapshot.account} are unknown, so nothing can be sized.",
            detail={"account": snapshot.account, "market": signal.market},
        )
    desk = _Desk(signal, snapshot, terms, exit_kind)
    exits = desk.exits()
    target, current = desk.target_usd(), desk.current_usd()
    if signal.direction is Direction.FLAT:
        reason = "The signal is flat: close." if exits else "The signal is flat and so are we."
        return Sizing(signal.market, ZERO, current, exits, reason)
    if target is None or current is None:
        if not exits:
            raise UnusableData(
                f"NAV or price is unknown for {signal.market}, so no exposure can be sized.",
                detail={"account": snapshot.account, "market": signal.market},
            )
        return Sizing(signal.market, target, current, exits, "NAV or price unknown: close only.")
    adjustment, reason = desk.towards(abs(target), snapshot.quotes[signal.market].mark_usd)
    return Sizing(signal.market, target, current, exits + adjustment, reason)


def plan(sizings: Iterable[Sizing]) -> tuple[OrderIntent, ...]:
    """Line up the intents of several markets: everything that takes risk off comes first."""
    intents = [intent for sizing in sizings for intent in sizing.intents]
    return tuple(sorted(intents, key=lambda intent: intent.is_increase))


@dataclass(frozen=True, slots=True)
class _Desk:
    """One signal on one snapshot: what is held, what is wanted, and the orders between."""

    signal: Signal
    snapshot: Snapshot
    terms: SizingTerms
    exit_kind: PermitKind

    def exits(self) -> tuple[OrderIntent, ...]:
        """Close whatever lies on a side that the signal does not want."""
        sides = {True: Direction.LONG, False: Direction.SHORT}
        return tuple(
            self._decrease(held, held.size_usd)
            for held in self.snapshot.held(self.signal.market)
            if sides[held.is_long] is not self.signal.direction
        )

    def target_usd(self) -> Decimal | None:
        """Give the wanted signed notional; a NAV below zero wants nothing."""
        if self.snapshot.nav_usd is None:
            return None
        with exact():
            wanted = abs(self.signal.target_exposure_ratio) * max(self.snapshot.nav_usd, ZERO)
            sized = floor_to(wanted, SIZE_QUANTUM_USD)
            return -sized if self.signal.direction is Direction.SHORT else sized

    def current_usd(self) -> Decimal | None:
        """Give the held signed notional at the mark."""
        quote = self.snapshot.quote(self.signal.market)
        if quote is None:
            return None
        held = self.snapshot.held(self.signal.market)
        with exact():
            return sum((p.signed_notional_usd(quote.mark_usd) for p in held), start=ZERO)

    def towards(
        self, target_usd: Decimal, mark_usd: Decimal
    ) -> tuple[tuple[OrderIntent, ...], str]:
        """Bring the position on the wanted side to an unsigned target."""
        wants_long = self.signal.direction is Direction.LONG
        own = self.snapshot.position(self.signal.market, is_long=wants_long)
        with exact():
            held_usd = own.notional_usd(mark_usd)
            delta_usd = target_usd - held_usd
            band_usd = self.terms.rebalance_band_ratio * target_usd
        numbers = f"target {plain(target_usd)} USD, held {plain(held_usd)} USD"
        if own.is_flat:
            return self._increase(own, delta_usd, numbers)
        if target_usd < self.terms.min_order_usd:
            return (self._decrease(own, own.size_usd),), f"Close: {numbers}."
        if abs(delta_usd) <= band_usd:
            return (), f"Within the rebalance band: {numbers}."
        if delta_usd > 0:
            return self._increase(own, delta_usd, numbers)
        with exact():
            released_usd = floor_to(own.size_usd * -delta_usd / held_usd, SIZE_QUANTUM_USD)
        return self._reduce(own, released_usd, numbers)

    def _increase(
        self, own: Position, delta_usd: Decimal, numbers: str
    ) -> tuple[tuple[OrderIntent, ...], str]:
        size_usd = floor_to(delta_usd, SIZE_QUANTUM_USD)
        if size_usd < self.terms.min_order_usd:
            return (), self._too_small(numbers)
        with exact():
            collateral_usd = ceil_to(size_usd / self.terms.leverage_ratio, USD_QUANTUM)
        intent = self._intent(own, PermitKind.INCREASE, size_usd, collateral_usd)
        return (intent,), f"Increase: {numbers}."

    def _reduce(
        self, own: Position, size_usd: Decimal, numbers: str
    ) -> tuple[tuple[OrderIntent, ...], str]:
        if size_usd < self.terms.min_order_usd:
            return (), self._too_small(numbers)
        with exact():
            left_usd = own.size_usd - size_usd
        if left_usd < self.terms.min_order_usd:
            return (self._decrease(own, own.size_usd),), f"Close the rest: {numbers}."
        return (self._decrease(own, size_usd),), f"Reduce: {numbers}."

    def _too_small(self, numbers: str) -> str:
        return f"Below the minimum order of {plain(self.terms.min_order_usd)} USD: {numbers}."

    def _decrease(self, position: Position, size_usd: Decimal) -> OrderIntent:
        """Release part of a position, or all of it exactly."""
        collateral_usd = -position.collateral_share_usd(size_usd)
        return self._intent(position, self.exit_kind, size_usd, collateral_usd)

    def _intent(
        self, position: Position, kind: PermitKind, size_usd: Decimal, collateral_usd: Decimal
    ) -> OrderIntent:
        intent = OrderIntent(
            account=self.snapshot.account,
            kind=kind,
            market=position.market,
            is_long=position.is_long,
            size_delta_usd=size_usd,
            collateral_delta_usd=collateral_usd,
            expected_pre_size_usd=position.size_usd,
            signal_as_of_at=self.signal.as_of_at,
            signal_valid_until_at=self.signal.valid_until_at,
        )
        quote = self.snapshot.quote(position.market)
        return intent if quote is None else intent.priced(quote)
