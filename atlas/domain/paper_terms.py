"""What a paper market charges: the parameters of a GMX market, kept as data.

A chain is not asked. The parameters say which fee, impact, funding and borrowing a market of that
kind would charge, and how large the pool and the other traders are assumed to be; docs/paper-venue.md
names the formula behind each and where it is stricter than the real venue.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from types import MappingProxyType

from atlas.domain.errors import InvalidInput
from atlas.domain.units import BPS, USD_QUANTUM, ceil_to, exact, plain

GWEI_IN_TOKEN = Decimal("0.000000001")
MAX_TERM_BPS = 1_000

# The lowest and the highest value of every parameter of a market.
BOUNDS: Mapping[str, tuple[Decimal, Decimal]] = MappingProxyType(
    {
        name: (Decimal(low), Decimal(high))
        for name, (low, high) in {
            "improving_fee_bps": ("0", "1000"),
            "worsening_fee_bps": ("0", "1000"),
            "liquidation_fee_bps": ("0", "1000"),
            "positive_impact_factor": ("0", "0.001"),
            "negative_impact_factor": ("0", "0.001"),
            "positive_impact_exponent": ("1", "3"),
            "negative_impact_exponent": ("1", "3"),
            "max_positive_impact_bps": ("0", "1000"),
            "max_liquidation_impact_bps": ("0", "1000"),
            "long_open_interest_usd": ("0", "1000000000000"),
            "short_open_interest_usd": ("0", "1000000000000"),
            "pool_usd": ("1", "1000000000000"),
            "borrowing_factor": ("0", "0.000001"),
            "funding_factor": ("0", "0.000001"),
            "gas_limit": ("0", "50000000"),
            "gas_price_gwei": ("0", "10000"),
            "gas_buffer_bps": ("0", "100000"),
            "gas_token_usd": ("0", "1000000"),
            "min_collateral_ratio": ("0.0001", "1"),
            "liquidation_collateral_ratio": ("0", "1"),
            "min_collateral_usd": ("0", "1000"),
            "min_position_usd": ("0", "1000"),
            "max_leverage_ratio": ("1", "1000"),
        }.items()
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTerms:
    """The parameters of one market; rates in bps, factors as a venue of this kind defines them.

    The impact factors are per USD to the power of their exponent. `borrowing_factor` and
    `funding_factor` are per second. The open interest is that of the other traders; our own
    position is added to it. Gas is what one order uses, with oracle and callback.
    """

    market: str
    improving_fee_bps: int = 4
    worsening_fee_bps: int = 6
    liquidation_fee_bps: int = 20
    positive_impact_factor: Decimal = Decimal("0.00000000001")
    negative_impact_factor: Decimal = Decimal("0.00000000002")
    positive_impact_exponent: Decimal = Decimal(2)
    negative_impact_exponent: Decimal = Decimal(2)
    max_positive_impact_bps: int = 40
    max_liquidation_impact_bps: int = 50
    long_open_interest_usd: Decimal = Decimal(11_000_000)
    short_open_interest_usd: Decimal = Decimal(10_000_000)
    pool_usd: Decimal = Decimal(20_000_000)
    borrowing_factor: Decimal = Decimal("0.000000006")
    funding_factor: Decimal = Decimal("0.00000002")
    gas_limit: int = 5_100_000
    gas_price_gwei: Decimal = Decimal("0.01")
    gas_buffer_bps: int = 3_000
    gas_token_usd: Decimal = Decimal(3_000)
    min_collateral_ratio: Decimal = Decimal("0.01")
    liquidation_collateral_ratio: Decimal = Decimal("0.005")
    min_collateral_usd: Decimal = Decimal(1)
    min_position_usd: Decimal = Decimal(1)
    max_leverage_ratio: Decimal = Decimal(7)

    def __post_init__(self) -> None:
        """Refuse parameters that are out of range, all of them at once."""
        problems = [
            problem
            for one in fields(self)
            if one.name in BOUNDS
            for problem in _out_of_range(one.name, Decimal(getattr(self, one.name)))
        ]
        if self.liquidation_collateral_ratio > self.min_collateral_ratio:
            problems.append("liquidation_collateral_ratio must not be above min_collateral_ratio")
        if problems:
            raise InvalidInput(f"The terms of {self.market} do not fit: {'; '.join(problems)}.")

    def position_fee_usd(self, size_usd: Decimal, *, improves: bool) -> Decimal:
        """Give the fee on a size, rounded up; cheaper where the trade evens the sides out."""
        rate_bps = self.improving_fee_bps if improves else self.worsening_fee_bps
        with exact():
            return ceil_to(size_usd * rate_bps / BPS, USD_QUANTUM)

    def liquidation_fee_usd(self, size_usd: Decimal) -> Decimal:
        """Give the fee that a liquidation takes on top, rounded up."""
        with exact():
            return ceil_to(size_usd * self.liquidation_fee_bps / BPS, USD_QUANTUM)

    @property
    def execution_fee_usd(self) -> Decimal:
        """Give what one order costs for the keeper, rounded up: gas x gas price x buffer.

        A venue pays the unused rest of it back; on paper it is gone, which is against us.
        """
        with exact():
            tokens = self.gas_limit * self.gas_price_gwei * GWEI_IN_TOKEN
            buffered = tokens * (BPS + self.gas_buffer_bps) / BPS
            return ceil_to(buffered * self.gas_token_usd, USD_QUANTUM)


@dataclass(frozen=True, slots=True)
class PaperTerms:
    """What trading in one market on one account costs.

    `half_spread_bps` and `slippage_bps` (0 to 1,000) stand for what a source with one price hides.
    """

    half_spread_bps: int
    slippage_bps: int
    market: MarketTerms

    def __post_init__(self) -> None:
        """Refuse terms out of range."""
        for name in ("half_spread_bps", "slippage_bps"):
            if not 0 <= getattr(self, name) <= MAX_TERM_BPS:
                raise InvalidInput(
                    f"{name} must be 0 to {MAX_TERM_BPS}, not {getattr(self, name)}."
                )


def _out_of_range(name: str, value: Decimal) -> list[str]:
    low, high = BOUNDS[name]
    if value.is_finite() and low <= value <= high:
        return []
    return [f"{name} must be {plain(low)} to {plain(high)}, not {plain(value)}"]
