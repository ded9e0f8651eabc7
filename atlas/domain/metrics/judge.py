"""The judge: which raw number may be published as a metric, and the reason where none may."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from atlas.domain.metrics.definitions import (
    DEFINITIONS,
    LEAST_DAYS,
    LEAST_OBSERVATIONS,
)
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.values import MetricValue, Provenance

# Below this a daily standard deviation, shortfall or drawdown is the noise of floating point: a
# quotient of two NAVs is only exact to about 2e-16.
EPSILON = 1e-12
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Judge:
    """Publishes the metrics of one sample.

    `days` and `observed` are what the sample offers against the needs of each definition.
    """

    origin: Provenance
    days: int
    observed: int
    is_chained: bool = True
    is_wiped_out: bool = False

    @property
    def is_short(self) -> bool:
        """Tell whether the history is too short to be trusted far."""
        return self.days < LEAST_DAYS or self.observed < LEAST_OBSERVATIONS

    def counting(self, samples: int) -> "Judge":
        """Appoint a judge of the same window whose samples are months or trades, not days."""
        return replace(self, origin=self.origin._replace(samples=samples))

    def publish(
        self,
        metric: MetricId,
        number: float | Decimal | None,
        *,
        reason: Reason | None = None,
        on: date | None = None,
    ) -> MetricValue:
        """Give the metric; null where its needs are not met, a reason is given or it is not finite.

        A number of None without a reason is told as out of range.
        """
        found = self._refusal(metric) or reason
        if found is None and (number is None or not math.isfinite(number)):
            found = Reason.OUT_OF_RANGE
        if found is not None:
            return MetricValue(metric, None, found, self.is_short, self.origin)
        return MetricValue(metric, number, None, self.is_short, self.origin, on)

    def absent(self, metrics: Iterable[MetricId], reason: Reason) -> list[MetricValue]:
        """Give metrics whose data was never there, whatever the length of the history."""
        origin, is_short = self.counting(0).origin, self.is_short
        return [MetricValue(metric, None, reason, is_short, origin) for metric in metrics]

    @property
    def too_little(self) -> Reason:
        """Say why there are too few observations: gaps ate them, or time has been too short."""
        eaten = self.origin.gaps and self.days >= LEAST_OBSERVATIONS
        return Reason.GAPS if eaten else Reason.INSUFFICIENT_HISTORY

    def _refusal(self, metric: MetricId) -> Reason | None:
        """Say which need of a metric is not met."""
        needs = DEFINITIONS[metric].needs
        if self.is_wiped_out and needs.life:
            return Reason.WIPED_OUT
        if self.days < needs.days:
            return Reason.INSUFFICIENT_HISTORY
        if needs.chain and not self.is_chained:
            return Reason.GAPS
        if self.observed < needs.observations:
            return self.too_little
        return None


def power(base: float, exponent: float) -> float | None:
    """Raise to a power; None where the base is negative or the result too large to be a number."""
    if base < 0:
        return None
    try:
        return float(base**exponent)
    except OverflowError:
        return None
