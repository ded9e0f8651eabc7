"""Intents: one order as we mean it, before anybody has allowed it.

Sizing writes intents, the guardrails judge them, a permit names one by its digest, and a venue
executes it. An intent says what it expects to find (`expected_pre_size_usd`), so that an order that
was decided on an older world is recognised.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from atlas.domain.errors import Bug
from atlas.domain.quotes import Quote, acceptable_price_usd
from atlas.domain.states import PermitKind
from atlas.domain.units import ZERO

# Kinds that take risk off. No limit on risk may ever stop them (SAFETY 3.1).
EXIT_KINDS = frozenset({PermitKind.REDUCE, PermitKind.STOP, PermitKind.FLATTEN})
# Kinds that put risk on or move assets about.
RISK_KINDS = frozenset({PermitKind.INCREASE, PermitKind.SWAP})
ORDER_KINDS = RISK_KINDS | EXIT_KINDS

# How far from the price an order may execute, in bps (SAFETY 3.2): whoever must get out accepts
# more than whoever would like to get in.
DEFAULT_BOUND_BPS: Mapping[PermitKind, int] = MappingProxyType(
    {
        PermitKind.INCREASE: 30,
        PermitKind.SWAP: 30,
        PermitKind.REDUCE: 100,
        PermitKind.STOP: 200,
        PermitKind.FLATTEN: 300,
    }
)


class Authority(StrEnum):
    """On whose word an intent acts."""

    DECISION = "DECISION"  # a cycle or the stop loop
    BREAK_GLASS = "BREAK_GLASS"  # a flatten job that one person opened while halted
    TWO_PERSONS = "TWO_PERSONS"  # an approval by a second person


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """One order for one position.

    `size_delta_usd` is what an increase adds at execution, and what a decrease releases of the
    notional at entry. `collateral_delta_usd` moves from cash into the position (negative: out).
    `acceptable_price_usd` None is an order without a price bound, which no venue takes.
    """

    account: str
    kind: PermitKind
    market: str
    is_long: bool
    size_delta_usd: Decimal
    collateral_delta_usd: Decimal
    expected_pre_size_usd: Decimal
    acceptable_price_usd: Decimal | None = None
    signal_as_of_at: datetime | None = None
    signal_valid_until_at: datetime | None = None
    authority: Authority = Authority.DECISION

    def __post_init__(self) -> None:
        """Refuse an intent of nothing, or one whose kind contradicts it."""
        if self.kind not in ORDER_KINDS:
            return
        if self.size_delta_usd <= 0:
            raise Bug(
                f"An order in {self.market} needs a positive size, not {self.size_delta_usd}."
            )
        if self.is_increase and self.collateral_delta_usd < 0:
            raise Bug(f"An increase in {self.market} cannot take collateral out.")
        if not self.is_increase and self.collateral_delta_usd > 0:
            raise Bug(f"A decrease in {self.market} cannot put collateral in.")

    @property
    def is_increase(self) -> bool:
        """Tell whether the order adds to its position."""
        return self.kind in RISK_KINDS

    @property
    def is_full_close(self) -> bool:
        """Tell whether the order releases the whole position it expects to find."""
        return not self.is_increase and self.size_delta_usd == self.expected_pre_size_usd > ZERO

    def priced(self, quote: Quote, bound_bps: int | None = None) -> "OrderIntent":
        """Give the same intent with its acceptable price, by the kind's default bound if none."""
        bound = DEFAULT_BOUND_BPS[self.kind] if bound_bps is None else bound_bps
        price_usd = acceptable_price_usd(
            quote, is_long=self.is_long, is_increase=self.is_increase, bound_bps=bound
        )
        return replace(self, acceptable_price_usd=price_usd)
