"""The strategies and vaults of the synthetic sample, and any number of them for tests of scale."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from strategies.vocabulary import Category, RiskLevel, StrategyStatus


@dataclass(frozen=True, slots=True)
class BenchmarkSpec:
    """An asset with a price to walk from; `width` is the deviation of one day's return."""

    slug: str
    name: str
    asset: str
    start_price: float
    width: float


@dataclass(frozen=True, slots=True)
class StrategySpec:
    """A strategy and the dice that make its record.

    A day's return is `beta` times the benchmark's, plus `drift`, plus noise of deviation `width`.
    """

    slug: str
    name: str
    idea: str
    category: Category
    assets: tuple[str, ...]
    timeframe: str
    status: StrategyStatus
    risk_level: RiskLevel
    benchmark: str
    beta: float
    drift: float
    width: float
    rule: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    tags: tuple[str, ...] = ()
    featured: bool = False
    curated: bool = False
    vault: str = ""

    @property
    def is_live(self) -> bool:
        """Say whether it has a live series beside its backtest."""
        return self.status in (StrategyStatus.DEPLOYED, StrategyStatus.PAUSED)


BENCHMARKS = (
    BenchmarkSpec("btc", "Bitcoin", "BTC", 42_000.0, 0.022),
    BenchmarkSpec("eth", "Ether", "ETH", 2_300.0, 0.028),
)
_EMA: Mapping[str, Any] = MappingProxyType({"fast_bars": 8, "slow_bars": 21})

SAMPLE: tuple[StrategySpec, ...] = (
    StrategySpec(
        "eth-ema-trend",
        "ETH EMA Trend",
        "Follows ether with two exponential averages of the hourly close.",
        Category.TREND,
        ("ETH",),
        "1h",
        StrategyStatus.DEPLOYED,
        RiskLevel.HIGH,
        "eth",
        beta=0.35,
        drift=0.0009,
        width=0.014,
        rule="ema_cross",
        parameters=_EMA,
        tags=("trend", "perpetuals"),
        featured=True,
        curated=True,
        vault="Synthetic ETH Trend Vault",
    ),
    StrategySpec(
        "btc-ema-trend",
        "BTC EMA Trend",
        "Follows bitcoin with two exponential averages of the hourly close.",
        Category.TREND,
        ("BTC",),
        "1h",
        StrategyStatus.DEPLOYED,
        RiskLevel.MEDIUM,
        "btc",
        beta=0.3,
        drift=0.0007,
        width=0.011,
        rule="ema_cross",
        parameters=_EMA,
        tags=("trend", "perpetuals"),
        featured=True,
        curated=True,
        vault="Synthetic BTC Trend Vault",
    ),
    StrategySpec(
        "eth-slow-trend",
        "ETH Slow Trend",
        "The same averages on daily bars: fewer trades, longer waits.",
        Category.TREND,
        ("ETH",),
        "1d",
        StrategyStatus.DEPLOYABLE,
        RiskLevel.MEDIUM,
        "eth",
        beta=0.45,
        drift=0.0005,
        width=0.012,
        rule="ema_cross",
        parameters=MappingProxyType({"fast_bars": 10, "slow_bars": 40, "sides": "long_flat"}),
        tags=("trend",),
        curated=True,
    ),
    StrategySpec(
        "btc-breakout-daily",
        "BTC Daily Breakout",
        "Buys a new high of twenty days and leaves at a new low of ten.",
        Category.BREAKOUT,
        ("BTC",),
        "1d",
        StrategyStatus.DEPLOYABLE,
        RiskLevel.MEDIUM,
        "btc",
        beta=0.4,
        drift=0.0006,
        width=0.013,
        rule="donchian_breakout",
        parameters=MappingProxyType({"entry_bars": 20, "exit_bars": 10}),
        tags=("breakout",),
        curated=True,
    ),
    StrategySpec(
        "eth-mean-reversion",
        "ETH Mean Reversion",
        "Fades moves that are far from the average of the last day.",
        Category.MEAN_REVERSION,
        ("ETH",),
        "15m",
        StrategyStatus.DEPLOYED,
        RiskLevel.HIGH,
        "eth",
        beta=-0.1,
        drift=0.0008,
        width=0.016,
        rule="rsi_reversion",
        parameters=MappingProxyType({"rsi_bars": 14, "oversold": 35, "overbought": 65}),
        tags=("intraday",),
    ),
    StrategySpec(
        "large-cap-momentum",
        "Large Cap Momentum",
        "Holds the stronger of two large assets, weighed anew each week.",
        Category.MOMENTUM,
        ("BTC", "ETH"),
        "1d",
        StrategyStatus.DEPLOYED,
        RiskLevel.MEDIUM,
        "btc",
        beta=0.7,
        drift=0.0004,
        width=0.01,
        tags=("momentum", "rotation"),
        featured=True,
        curated=True,
    ),
    StrategySpec(
        "funding-carry",
        "Funding Carry",
        "Earns funding against a spot position of the same size.",
        Category.CARRY,
        ("ETH", "BTC"),
        "4h",
        StrategyStatus.DEPLOYABLE,
        RiskLevel.LOW,
        "eth",
        beta=0.02,
        drift=0.0003,
        width=0.0016,
        rule="funding_carry",
        tags=("carry", "hedged"),
        curated=True,
    ),
    StrategySpec(
        "eth-btc-neutral",
        "ETH against BTC",
        "Long one, short the other; what is left is the difference.",
        Category.MARKET_NEUTRAL,
        ("ETH", "BTC"),
        "4h",
        StrategyStatus.PREVIEW,
        RiskLevel.LOW,
        "btc",
        beta=0.01,
        drift=0.0001,
        width=0.006,
        tags=("pairs",),
    ),
    StrategySpec(
        "two-asset-basket",
        "Two Asset Basket",
        "Half and half, put back into balance each month.",
        Category.BASKET,
        ("BTC", "ETH"),
        "1d",
        StrategyStatus.DEPLOYABLE,
        RiskLevel.MEDIUM,
        "btc",
        beta=0.95,
        drift=0.0,
        width=0.004,
        rule="basket_rebalance",
        parameters=MappingProxyType({"weights": "inverse_volatility"}),
        tags=("passive",),
    ),
    StrategySpec(
        "eth-buy-and-hold",
        "ETH Buy and Hold",
        "Does nothing, for comparison with everything that does something.",
        Category.BUY_AND_HOLD,
        ("ETH",),
        "1d",
        StrategyStatus.DEPLOYABLE,
        RiskLevel.HIGH,
        "eth",
        beta=1.0,
        drift=0.0,
        width=0.001,
        rule="buy_and_hold",
        tags=("passive",),
    ),
    StrategySpec(
        "btc-leveraged-momentum",
        "BTC Leveraged Momentum",
        "Takes up to three times the market while it rises; falls as fast.",
        Category.MOMENTUM,
        ("BTC",),
        "4h",
        StrategyStatus.PAUSED,
        RiskLevel.VERY_HIGH,
        "btc",
        beta=1.6,
        drift=-0.0008,
        width=0.03,
        rule="momentum_volatility",
        parameters=MappingProxyType({"max_exposure_ratio": "1"}),
        tags=("leverage",),
    ),
    StrategySpec(
        "eth-noise-scalper",
        "ETH Noise Scalper",
        "Traded much and earned little: kept so that what failed can be seen.",
        Category.OTHER,
        ("ETH",),
        "5m",
        StrategyStatus.DELISTED,
        RiskLevel.VERY_HIGH,
        "eth",
        beta=0.1,
        drift=-0.0014,
        width=0.018,
        tags=("intraday", "ended"),
    ),
)


def many(count: int) -> tuple[StrategySpec, ...]:
    """Make strategies by the number, for tests of scale."""
    categories, levels = list(Category), list(RiskLevel)
    return tuple(
        StrategySpec(
            slug=f"strategy-{index:04d}",
            name=f"Strategy {index:04d}",
            idea="One of many, for tests of scale.",
            category=categories[index % len(categories)],
            assets=("ETH",) if index % 2 else ("BTC",),
            timeframe="1d",
            status=StrategyStatus.PREVIEW,
            risk_level=levels[index % len(levels)],
            benchmark="eth" if index % 2 else "btc",
            beta=0.5,
            drift=0.0003,
            width=0.01,
        )
        for index in range(count)
    )
