"""The rows of the trading workshop."""

from execution.models.accounts import PaperAccount, PaperFlow
from execution.models.cycles import CycleInput, CycleInputUse, CycleRun, Signal
from execution.models.deployments import Deployment, FeedClock
from execution.models.ledger import Fill, Position
from execution.models.limits import GuardrailLimits
from execution.models.orders import GuardrailDecision, Order, OrderEvent, Trade
from execution.models.paper import PaperCharge, PaperMarketTerms
from execution.models.parameters import ParameterVersion
from execution.models.series import Candle, EquityPoint
from execution.models.usage import HighWater, LimitReservation, LimitUsage

__all__ = [
    "Candle",
    "CycleInput",
    "CycleInputUse",
    "CycleRun",
    "Deployment",
    "EquityPoint",
    "FeedClock",
    "Fill",
    "GuardrailDecision",
    "GuardrailLimits",
    "HighWater",
    "LimitReservation",
    "LimitUsage",
    "Order",
    "OrderEvent",
    "PaperAccount",
    "PaperCharge",
    "PaperFlow",
    "PaperMarketTerms",
    "ParameterVersion",
    "Position",
    "Signal",
    "Trade",
]
