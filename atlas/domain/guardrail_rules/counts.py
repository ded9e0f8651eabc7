"""Rules on what is counted over a window: orders, cancels, turnover, fees, and the open exposure.

Each scope with limits of its own has counters of its own. The fullest one speaks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atlas.domain.guardrails import Check, GuardrailRule, risk_rule
from atlas.domain.intents import OrderIntent
from atlas.domain.limits import Limits, LimitScope
from atlas.domain.measures import Measure, Shown
from atlas.domain.records import Expected, Usage
from atlas.domain.snapshots import Snapshot
from atlas.domain.units import ZERO, exact

WHERE = {
    LimitScope.DEPLOYMENT: "of the deployment",
    LimitScope.VAULT: "of the vault",
    LimitScope.GLOBAL: "of the whole house",
}


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted of a scope with the order in it, and the limit it is held against.

    `counted` gives None where it is unknown.
    """

    sentence: str
    limit_field: str
    counted: Callable[[Usage, OrderIntent, Expected | None], Decimal | int | None]
    meaning: str
    shown: Shown = Shown.COUNT

    def bound(self, limits: Limits) -> Decimal | int | None:
        """Read the limit."""
        found: Decimal | int | None = getattr(limits, self.limit_field)
        return found

    def measure(
        self, usage: Usage, limits: Limits, intent: OrderIntent, snapshot: Snapshot
    ) -> Measure:
        """Hold what a scope has counted against its limit."""
        with exact():
            value = self.counted(usage, intent, snapshot.records.expected)
        said = f"{self.sentence} {WHERE[usage.scope]}"
        return Measure(value, self.bound(limits), said, self.shown)


def fullest(counter: Counter) -> Check:
    """Make a check of each scope that has the limit; the deployment goes by the tightest one.

    Without the deployment's own counts nothing is known.
    """

    def check(intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime) -> Measure:
        usages = snapshot.records.usages or ()
        own = [one for one in usages if one.scope is LimitScope.DEPLOYMENT]
        if not own:
            return Measure(None, counter.bound(limits), counter.sentence, counter.shown)
        measures = [counter.measure(one, limits, intent, snapshot) for one in own]
        return worst(measures + _shared(counter, usages, intent, snapshot))

    check.__doc__ = counter.meaning
    return check


def shared_only(counter: Counter) -> Check:
    """Make a check of vault and house alone, where they have the limit."""

    def check(
        intent: OrderIntent, snapshot: Snapshot, limits: Limits, now: datetime
    ) -> Measure | None:
        usages = snapshot.records.usages
        if usages is None:
            return Measure(None, None, counter.sentence, counter.shown)
        measures = _shared(counter, usages, intent, snapshot)
        return worst(measures) if measures else None

    check.__doc__ = counter.meaning
    return check


def _shared(
    counter: Counter, usages: Sequence[Usage], intent: OrderIntent, snapshot: Snapshot
) -> list[Measure]:
    """Measure vault and house, each by its own limits; without the limit they bind nothing."""
    return [
        counter.measure(one, one.limits, intent, snapshot)
        for one in usages
        if one.scope is not LimitScope.DEPLOYMENT and counter.bound(one.limits) is not None
    ]


def worst(measures: Sequence[Measure]) -> Measure:
    """Give what is unknown, else what breaches, else what is fullest."""

    def badness(one: Measure) -> tuple[bool, bool, Decimal]:
        used = one.used_ratio
        return used is None, not one.passes, ZERO if used is None else used

    return max(measures, key=badness)


def _open_after(usage: Usage, intent: OrderIntent, expected: Expected | None) -> Decimal | None:
    if usage.open_usd is None:
        return None
    return usage.open_usd + (intent.size_delta_usd if intent.is_increase else ZERO)


ORDERS_PER_HOUR = Counter(
    "Orders in this hour",
    "max_orders_per_hour",
    lambda usage, *_: usage.orders_in_hour + 1,
    "Bound the orders of an hour, this one included.",
)
ORDERS_PER_DAY = Counter(
    "Orders in this day",
    "max_orders_per_day",
    lambda usage, *_: usage.orders_in_day + 1,
    "Bound the orders of a day, this one included.",
)
CANCELS_PER_HOUR = Counter(
    "Cancels in this hour",
    "max_cancels_per_hour",
    lambda usage, *_: usage.cancels_in_hour,
    "Bound how many orders of an hour may end without a fill.",
)
TURNOVER_PER_DAY = Counter(
    "Turnover of this day",
    "max_turnover_per_day_usd",
    lambda usage, intent, _: usage.turnover_usd + intent.size_delta_usd,
    "Bound the notional of a day, this order included.",
    Shown.USD,
)
GAS_PER_DAY = Counter(
    "Execution fees of this day",
    "max_gas_per_day_usd",
    lambda usage, _, expected: None if expected is None else usage.gas_usd + expected.fee_usd,
    "Bound the execution fees of a day, that of this order included.",
    Shown.USD,
)
SHARED_EXPOSURE = Counter(
    "Gross exposure",
    "max_gross_exposure_usd",
    _open_after,
    "Bound all positions of the vault and of the house together, reserved orders in full.",
    Shown.USD,
)
COUNTERS = {
    "orders_per_hour": ORDERS_PER_HOUR,
    "orders_per_day": ORDERS_PER_DAY,
    "cancels_per_hour": CANCELS_PER_HOUR,
    "turnover_per_day": TURNOVER_PER_DAY,
    "gas_per_day": GAS_PER_DAY,
}

COUNT_RULES: tuple[GuardrailRule, ...] = (
    *(
        risk_rule(name, fullest(counter), counter.limit_field, stands=True)
        for name, counter in COUNTERS.items()
    ),
    risk_rule("shared_exposure", shared_only(SHARED_EXPOSURE), stands=True),
)
