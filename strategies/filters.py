"""The vocabularies of the catalogue as choices.

Named here so that the OpenAPI document calls each vocabulary by one name wherever it occurs.
"""

from atlas.models.base import choice_list
from strategies.vocabulary import (
    Category,
    RiskLevel,
    SeriesSource,
    StrategyStatus,
    TradeResult,
    TradeSide,
    Window,
)

STATUSES = choice_list(StrategyStatus)
CATEGORIES = choice_list(Category)
RISK_LEVELS = choice_list(RiskLevel)
SOURCES = choice_list(SeriesSource)
WINDOWS = choice_list(Window)
TRADE_SIDES = choice_list(TradeSide)
TRADE_RESULTS = choice_list(TradeResult)
