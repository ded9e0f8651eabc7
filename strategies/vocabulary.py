"""The words by which a strategy is described; the API, the console and the imports share them."""

from enum import StrEnum


class Category(StrEnum):
    """What kind of idea a strategy follows."""

    TREND = "trend"
    MEAN_REVERSION = "mean_reversion"
    BREAKOUT = "breakout"
    MOMENTUM = "momentum"
    CARRY = "carry"
    MARKET_NEUTRAL = "market_neutral"
    BASKET = "basket"
    BUY_AND_HOLD = "buy_and_hold"
    OTHER = "other"


class StrategyStatus(StrEnum):
    """How far a strategy has come, from a first look to its end."""

    PREVIEW = "preview"
    DEPLOYABLE = "deployable"
    DEPLOYED = "deployed"
    PAUSED = "paused"
    DELISTED = "delisted"


class RiskLevel(StrEnum):
    """How much a holder may expect to lose on a bad stretch, as the publisher sees it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


class SeriesSource(StrEnum):
    """Where a performance figure comes from; every published number carries it."""

    BACKTEST = "backtest"
    PAPER = "paper"
    LIVE = "live"


class TradeSide(StrEnum):
    """Which way a trade bets."""

    LONG = "long"
    SHORT = "short"


class TradeResult(StrEnum):
    """How a trade of the record ended."""

    WIN = "win"
    LOSS = "loss"
    FLAT = "flat"
    OPEN = "open"
