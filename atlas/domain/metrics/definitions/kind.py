"""What there is to say about a metric."""

from dataclasses import dataclass, field
from enum import StrEnum

from atlas.domain.metrics.identifiers import MetricId, Unit

LEAST_DAYS = 90
LEAST_OBSERVATIONS = 30


class Group(StrEnum):
    """The part of a report that a metric belongs to."""

    RETURN = "return"
    RISK = "risk"
    DRAWDOWN = "drawdown"
    RATIO = "ratio"
    WIN_RATE = "win_rate"
    TRADES = "trades"
    BENCHMARK = "benchmark"
    ROLLING = "rolling"


class Better(StrEnum):
    """Which of two values of a metric speaks for a strategy, all else being equal.

    Drawdowns and values at risk are negative returns: the higher one lies nearer to zero.
    """

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a metric needs; where it is missing the value is null with a reason.

    `days` from the opening to the last NAV; `observations` are daily returns that end on a day with
    a NAV of its own. `chain`: the return over every gap must be known. `life`: means nothing for a
    strategy that was wiped out.
    """

    days: int = 0
    observations: int = 0
    chain: bool = False
    life: bool = True


ANY = Needs(life=False)
LEVELS = Needs(days=1, chain=True, life=False)
LIVING_LEVELS = Needs(days=1, chain=True)
SAMPLE = Needs(observations=LEAST_OBSERVATIONS)
YEARLY_GROWTH = Needs(days=LEAST_DAYS, chain=True)
YEARLY_ALPHA = Needs(days=LEAST_DAYS, observations=LEAST_OBSERVATIONS)
YEARLY_GROWTH_OF_SAMPLE = Needs(days=LEAST_DAYS, observations=LEAST_OBSERVATIONS, chain=True)


@dataclass(frozen=True, slots=True)
class Definition:
    """The meaning of one metric, as data.

    `formula` and `annualisation` are in words; `source` names whose definition it is. Symbols: r is
    the daily return, b the benchmark's, n the number of daily returns.
    """

    metric: MetricId
    name: str
    group: Group
    unit: Unit
    better: Better
    formula: str
    annualisation: str
    source: str
    needs: Needs = field(default=ANY)
