"""What the metrics of single trades mean."""

from atlas.domain.metrics.definitions.kind import Better, Definition, Group
from atlas.domain.metrics.identifiers import MetricId, Unit

_NONE = "none"

DEFINITIONS = (
    Definition(
        MetricId.TRADE_COUNT,
        "Trades",
        Group.TRADES,
        Unit.COUNT,
        Better.NEITHER,
        "trades that were closed within the window",
        _NONE,
        "count",
    ),
    Definition(
        MetricId.WIN_RATE_TRADES,
        "Winning trades",
        Group.WIN_RATE,
        Unit.RATIO,
        Better.HIGHER,
        "closed trades with a profit over closed trades; one that broke even is no win",
        _NONE,
        "per trade, as trading engines count",
    ),
    Definition(
        MetricId.PROFIT_FACTOR,
        "Profit factor",
        Group.TRADES,
        Unit.NUMBER,
        Better.HIGHER,
        "sum of the profits over the sum of the losses of closed trades, in USD",
        _NONE,
        "as trading engines compute it",
    ),
    Definition(
        MetricId.EXPECTANCY,
        "Expectancy",
        Group.TRADES,
        Unit.RATIO,
        Better.HIGHER,
        "mean PnL of a closed trade as a ratio of its size",
        _NONE,
        "mean of the trades' own ratios",
    ),
    Definition(
        MetricId.EXPECTANCY_USD,
        "Expectancy in USD",
        Group.TRADES,
        Unit.USD,
        Better.HIGHER,
        "mean PnL of a closed trade, rounded down",
        _NONE,
        "mean of the trades' PnL",
    ),
    Definition(
        MetricId.AVERAGE_TRADE_DURATION,
        "Average trade duration",
        Group.TRADES,
        Unit.SECONDS,
        Better.NEITHER,
        "mean time from opening to closing of closed trades",
        _NONE,
        "mean",
    ),
    Definition(
        MetricId.EXPOSURE,
        "Exposure",
        Group.TRADES,
        Unit.RATIO,
        Better.NEITHER,
        "share of the window's time in which at least one trade was open; not rounded",
        _NONE,
        "union of the holding times",
    ),
    Definition(
        MetricId.TURNOVER,
        "Turnover",
        Group.TRADES,
        Unit.NUMBER,
        Better.NEITHER,
        "half of the sizes opened plus the sizes closed within the window, over the average assets "
        "under management",
        "none: it is that of the window",
        "one-sided turnover",
    ),
)
