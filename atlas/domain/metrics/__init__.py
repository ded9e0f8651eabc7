"""Performance metrics: pure numbers in, numbers with their provenance out.

Give `report` a `NavSeries` or a `ReturnSeries`; `headlines` does the few numbers of a list for many
strategies at once. `DEFINITIONS` says what every metric means. Daily returns in float64, a year of
365 days, sample statistics; degenerate input gives null with a reason, never inf, nan or a guess.
"""

from atlas.domain.metrics.batch import headlines, headlines_of_matrix
from atlas.domain.metrics.daily import Track, daily_track, provenance_of
from atlas.domain.metrics.definitions import DEFINITIONS, Better, Definition, Group, Needs
from atlas.domain.metrics.drawdown import Drawdown, Underwater
from atlas.domain.metrics.fees import (
    Basis,
    FeesTaken,
    FeeTerms,
    after_fees,
    before_fees,
    net_by_terms,
)
from atlas.domain.metrics.identifiers import MetricId, Reason, Unit
from atlas.domain.metrics.rolling import RollingSeries
from atlas.domain.metrics.series import NavSeries, ReturnSeries
from atlas.domain.metrics.tables import MonthReturn, YearReturn
from atlas.domain.metrics.trades import STILL_OPEN, Trades
from atlas.domain.metrics.values import MetricValue, MetricValues, Provenance, date_of, day_number
from atlas.domain.metrics.whole import Report, Terms, Trading, report

__all__ = [
    "DEFINITIONS",
    "STILL_OPEN",
    "Basis",
    "Better",
    "Definition",
    "Drawdown",
    "FeeTerms",
    "FeesTaken",
    "Group",
    "MetricId",
    "MetricValue",
    "MetricValues",
    "MonthReturn",
    "NavSeries",
    "Needs",
    "Provenance",
    "Reason",
    "Report",
    "ReturnSeries",
    "RollingSeries",
    "Terms",
    "Track",
    "Trades",
    "Trading",
    "Underwater",
    "Unit",
    "YearReturn",
    "after_fees",
    "before_fees",
    "daily_track",
    "date_of",
    "day_number",
    "headlines",
    "headlines_of_matrix",
    "net_by_terms",
    "provenance_of",
    "report",
]
