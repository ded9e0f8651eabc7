"""The judge: which raw number may be published as a metric, and the reason where none may."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from math import isfinite
from typing import Any

from atlas.domain.metrics.definitions import (
    DEFINITIONS,
    LEAST_DAYS,
    LEAST_OBSERVATIONS,
    Needs,
)
from atlas.domain.metrics.identifiers import MetricId, Reason
from atlas.domain.metrics.values import MetricValue, Provenance

# Below this a daily standard deviation, shortfall or drawdown is the noise of floating point: a
# quotient of two NAVs is only exact to about 2e-16.
EPSILON = 1e-12
DAYS_A_YEAR = 365
_NOTHING_REFUSED: dict[MetricId, Reason | None] = dict.fromkeys(DEFINITIONS)
_METRICS_BY_NEEDS = {
    needs: [metric for metric, one in DEFINITIONS.items() if one.needs == needs]
    for needs in {definition.needs: None for definition in DEFINITIONS.values()}
}
# Makes a named tuple of a tuple twice as quickly as its own constructor does.
_made: Callable[[tuple[Any, ...]], MetricValue] = partial(tuple.__new__, MetricValue)


@dataclass(frozen=True, slots=True)
class Judge:
    """Publishes the metrics of one sample.

    `days` and `observed` are what the sample offers against the needs of each definition;
    `is_short` warns that it is too short to be trusted far.
    """

    origin: Provenance
    days: int
    observed: int
    is_chained: bool = True
    is_wiped_out: bool = False
    is_short: bool = field(init=False)
    refusals: Mapping[MetricId, Reason | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make ready what every number of the sample shares."""
        is_short = self.days < LEAST_DAYS or self.observed < LEAST_OBSERVATIONS
        object.__setattr__(self, "is_short", is_short)
        object.__setattr__(self, "refusals", _refusals(self))

    def counting(self, samples: int) -> "Judge":
        """Appoint a judge of the same window whose samples are months or trades, not days."""
        return Judge(
            self.origin._replace(samples=samples),
            self.days,
            self.observed,
            self.is_chained,
            self.is_wiped_out,
        )

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
        found = self.refusals[metric] or reason
        if found is None:
            if number is not None and isfinite(number):
                return _made((metric, number, None, self.is_short, self.origin, on))
            found = Reason.OUT_OF_RANGE
        return _made((metric, None, found, self.is_short, self.origin, None))

    def publish_all(
        self,
        metrics: Sequence[MetricId],
        numbers: Sequence[float | None],
        reasons: Sequence[Reason | None],
    ) -> list[MetricValue]:
        """Give many metrics, each as `publish` would, but quicker where nothing is amiss."""
        refusals, is_short, origin = self.refusals, self.is_short, self.origin
        return [
            _made((metric, number, None, is_short, origin, None))
            if reason is None
            and refusals[metric] is None
            and number is not None
            and isfinite(number)
            else self.publish(metric, number, reason=reason)
            for metric, number, reason in zip(metrics, numbers, reasons, strict=True)
        ]

    def absent(self, metrics: Iterable[MetricId], reason: Reason) -> list[MetricValue]:
        """Give metrics whose data was never there, whatever the length of the history."""
        origin, is_short = self.counting(0).origin, self.is_short
        return [_made((metric, None, reason, is_short, origin, None)) for metric in metrics]

    @property
    def too_little(self) -> Reason:
        """Say why there are too few observations: gaps ate them, or time has been too short."""
        eaten = self.origin.gaps and self.days >= LEAST_OBSERVATIONS
        return Reason.GAPS if eaten else Reason.INSUFFICIENT_HISTORY

    def refusal(self, needs: Needs) -> Reason | None:
        """Say which need of a metric is not met, None where all are."""
        if self.is_wiped_out and needs.life:
            return Reason.WIPED_OUT
        if self.days < needs.days:
            return Reason.INSUFFICIENT_HISTORY
        if not self.is_chained and needs.chain:
            return Reason.GAPS
        if self.observed < needs.observations:
            return self.too_little
        return None


def _refusals(judge: Judge) -> Mapping[MetricId, Reason | None]:
    """Say of every metric why a judge refuses it; most metrics share their needs with others."""
    refused = [
        (metrics, reason)
        for needs, metrics in _METRICS_BY_NEEDS.items()
        if (reason := judge.refusal(needs)) is not None
    ]
    if not refused:
        return _NOTHING_REFUSED
    found = dict(_NOTHING_REFUSED)
    for metrics, reason in refused:
        found.update(dict.fromkeys(metrics, reason))
    return found


def power(base: float, exponent: float) -> float | None:
    """Raise to a power; None where the base is negative or the result too large to be a number."""
    if base < 0:
        return None
    try:
        return float(base**exponent)
    except OverflowError:
        return None
