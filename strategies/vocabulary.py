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


# What stands beside every figure, so that nobody takes one kind of evidence for another.
SOURCE_LABELS = {
    SeriesSource.BACKTEST: "Backtest: computed over past prices, nothing was traded",
    SeriesSource.PAPER: "Paper: traded at market prices with simulated money",
    SeriesSource.LIVE: "Live: traded with real money",
}
BEST_EVIDENCE_FIRST = (SeriesSource.LIVE, SeriesSource.PAPER, SeriesSource.BACKTEST)


class Window(StrEnum):
    """The stretch of history that headline metrics are computed over, ending with the last point."""

    DAYS_30 = "30d"
    DAYS_90 = "90d"
    YEAR = "1y"
    ALL = "all"


WINDOW_DAYS = {Window.DAYS_30: 30, Window.DAYS_90: 90, Window.YEAR: 365, Window.ALL: None}


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
