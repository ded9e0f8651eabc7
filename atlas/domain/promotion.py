"""Promotion: what a strategy must have shown before it trades on paper, and before it trades money.

The criteria are written here and nowhere else; `docs/promotion.md` says them in words. What is unknown
is not met: a record that nobody has cannot speak for anybody.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MIN_BACKTEST_DAYS = 365
MAX_BACKTEST_DRAWDOWN_RATIO = 0.5
MIN_PAPER_DAYS = 30
MIN_PAPER_FILLS = 10
MAX_DRIFT_SIGMAS = 2.0
# Paper may fall deeper than the backtest ever did, by so much; half as deep again says another story.
MAX_DRAWDOWN_OF_BACKTEST = 1.5
QUIET_DAYS = 7
DAYS_A_YEAR = 365


class Stage(StrEnum):
    """What a strategy is promoted to."""

    PAPER = "paper"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class PromotionFacts:
    """What is known of a strategy and its deployment; None is unknown.

    Days, growth and drawdown of paper count from the newest change of the parameters on, in the
    world's own time: what ran on a recording is no paper time. `open_breaches` are sentences.
    """

    backtest_days: int | None = None
    backtest_cagr_ratio: float | None = None
    backtest_volatility_ratio: float | None = None
    backtest_drawdown_ratio: float | None = None
    paper_days: float | None = None
    paper_growth_ratio: float | None = None
    paper_drawdown_ratio: float | None = None
    paper_fills: int = 0
    open_breaches: tuple[str, ...] = ()
    broken_cycles: int = 0

    @property
    def drift_sigmas(self) -> float | None:
        """Say how far paper has grown from what the backtest promised, in its standard deviations.

        `paper_growth_ratio` is the share value at the end over that at the beginning. None where
        one of the records is missing, does not move, or has lost everything.
        """
        known = (self.paper_days, self.paper_growth_ratio, self.backtest_volatility_ratio)
        if any(one is None or one <= 0 for one in known) or self.backtest_cagr_ratio is None:
            return None
        if self.backtest_cagr_ratio <= -1:
            return None
        years = (self.paper_days or 0) / DAYS_A_YEAR
        expected = math.log1p(self.backtest_cagr_ratio) * years
        spread = (self.backtest_volatility_ratio or 0) * math.sqrt(years)
        return (math.log(self.paper_growth_ratio or 0) - expected) / spread


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion: what was measured, what is needed, and whether that is enough."""

    name: str
    measured: str
    needed: str
    is_met: bool

    @property
    def sentence(self) -> str:
        """Say what is missing."""
        return f"{self.name} is {self.measured}, needed is {self.needed}"


@dataclass(frozen=True, slots=True)
class Promotion:
    """Every criterion of a stage, met or not."""

    stage: Stage
    findings: tuple[Finding, ...]

    @property
    def is_open(self) -> bool:
        """Tell whether every criterion is met."""
        return bool(self.findings) and not self.missing

    @property
    def missing(self) -> tuple[Finding, ...]:
        """Give the criteria that are not met."""
        return tuple(one for one in self.findings if not one.is_met)


def promotion_to(stage: Stage, facts: PromotionFacts) -> Promotion:
    """Hold the facts against every criterion of a stage; live trading needs those of paper too."""
    checks = FOR_PAPER if stage is Stage.PAPER else FOR_PAPER + FOR_LIVE
    return Promotion(stage, tuple(check(facts) for check in checks))


def _at_least(name: str, value: float | None, floor: float, unit: str) -> Finding:
    return Finding(
        name,
        _shown(value, unit),
        f"at least {floor:g}{unit}",
        value is not None and value >= floor,
    )


def _at_most(name: str, value: float | None, ceiling: float | None, unit: str = "") -> Finding:
    needed = "known only with a backtest" if ceiling is None else f"at most {ceiling:.4g}{unit}"
    is_met = value is not None and ceiling is not None and value <= ceiling
    return Finding(name, _shown(value, unit), needed, is_met)


def _shown(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:.4g}{unit}"


def _backtest_time(facts: PromotionFacts) -> Finding:
    return _at_least("backtest time", facts.backtest_days, MIN_BACKTEST_DAYS, " days")


def _backtest_drawdown(facts: PromotionFacts) -> Finding:
    return _at_most(
        "backtest drawdown", facts.backtest_drawdown_ratio, MAX_BACKTEST_DRAWDOWN_RATIO, " of 1"
    )


def _paper_time(facts: PromotionFacts) -> Finding:
    return _at_least("paper time", facts.paper_days, MIN_PAPER_DAYS, " days")


def _paper_fills(facts: PromotionFacts) -> Finding:
    return _at_least("paper fills", facts.paper_fills, MIN_PAPER_FILLS, "")


def _drift(facts: PromotionFacts) -> Finding:
    drift = facts.drift_sigmas
    found = _at_most(
        "drift from the backtest",
        None if drift is None else abs(drift),
        MAX_DRIFT_SIGMAS,
        " sigmas",
    )
    return Finding(found.name, _shown(drift, " sigmas"), found.needed, found.is_met)


def _paper_drawdown(facts: PromotionFacts) -> Finding:
    backtest = facts.backtest_drawdown_ratio
    ceiling = None if backtest is None else backtest * MAX_DRAWDOWN_OF_BACKTEST
    return _at_most("paper drawdown", facts.paper_drawdown_ratio, ceiling, " of 1")


def _no_open_breach(facts: PromotionFacts) -> Finding:
    measured = "; ".join(facts.open_breaches) or "none"
    return Finding("open breaches", measured, "none", not facts.open_breaches)


def _no_broken_cycle(facts: PromotionFacts) -> Finding:
    return _at_most(f"errored or abandoned cycles in {QUIET_DAYS} days", facts.broken_cycles, 0)


Criterion = Callable[[PromotionFacts], Finding]
FOR_PAPER: tuple[Criterion, ...] = (_backtest_time, _backtest_drawdown)
FOR_LIVE: tuple[Criterion, ...] = (
    _paper_time,
    _paper_fills,
    _drift,
    _paper_drawdown,
    _no_open_breach,
    _no_broken_cycle,
)
