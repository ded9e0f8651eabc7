"""The look-ahead detector: does a rule decide by what it could not have known?

A rule is asked at sampled bars, each time with three futures: none, the real one, and one that was
made up. What it says of the bar must be the same to the last digit. The detector also finds the
sisters of that fault: a rule that needs more history than it says, that decides differently when
asked again, or whose vectorised form disagrees with the incremental one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np

from atlas.domain.candles import Candle, CandleSeries, NotEnoughData
from strategies.rules.base import (
    AnyKindOfRule,
    MultiMarketRule,
    Rule,
    VectorisedRule,
    decides_on_many,
)
from strategies.rules.context import NO_CONTEXT, MarketContext
from strategies.rules.parameters import Parameters
from strategies.rules.stance import exposure_of

DEFAULT_SAMPLES = 25
INVENTED_FACTOR = Decimal("1.7")

Markets = Mapping[str, CandleSeries]
# What a rule wants of each market at the newest bar, in full: all of a signal's fields.
Answer = tuple[Mapping[str, Any], ...]


class Fault(StrEnum):
    """What may be wrong with a rule."""

    PEEKS = "it knows the future"
    NOT_REPEATABLE = "asked again, it decides differently"
    NEEDS_MORE = "it needs more bars than its warm-up says"
    DISAGREES = "its vectorised form decides differently"
    NEVER_WARM = "the series is shorter than its warm-up"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one bar, counted from the series' first; `detail` has both answers."""

    fault: Fault
    bar: int
    detail: str


def check_rule(
    rule: AnyKindOfRule,
    markets: Markets,
    parameters: Parameters,
    *,
    context: MarketContext = NO_CONTEXT,
    samples: int = DEFAULT_SAMPLES,
) -> list[Finding]:
    """Look for faults at `samples` bars spread over the series; none found is no finding.

    All series begin and end at the same bars. Single-market rules are checked on each market by
    itself.
    """
    warm = rule.warm_up_bars(parameters)
    count = min(len(series) for series in markets.values())
    if count <= warm:
        return [Finding(Fault.NEVER_WARM, count, f"{count} bars, {warm} are needed to decide")]
    bars = sorted({int(bar) for bar in np.linspace(warm - 1, count - 2, samples)})
    if decides_on_many(rule):
        return list(_check(_Together(rule, parameters), markets, bars, warm))
    return [
        finding
        for market, series in markets.items()
        for finding in _check(_Alone(rule, parameters, context), {market: series}, bars, warm)
    ]


@dataclass(frozen=True, slots=True)
class _Alone:
    """A rule for one market, asked in the same words as a rule for many."""

    rule: Rule[Any]
    parameters: Parameters
    context: MarketContext

    def ask(self, markets: Markets) -> Answer:
        """Decide at the newest bar, knowing no reading from after it."""
        (series,) = markets.values()
        known = self.context.until(series.until_at)
        return (self.rule.decide(series, None, self.parameters, known).as_json(),)

    def ask_all(self, markets: Markets) -> Mapping[str, Any] | None:
        """Decide at every bar, knowing all readings; None where the rule cannot."""
        if not isinstance(self.rule, VectorisedRule):
            return None
        ((market, series),) = markets.items()
        return {market: self.rule.decide_all(series, self.parameters, self.context)}


@dataclass(frozen=True, slots=True)
class _Together:
    """A rule for many markets."""

    rule: MultiMarketRule[Any]
    parameters: Parameters

    def ask(self, markets: Markets) -> Answer:
        """Decide at the newest bar."""
        signals = self.rule.decide_together(markets, {}, self.parameters)
        return tuple(signal.as_json() for signal in signals)

    def ask_all(self, markets: Markets) -> Mapping[str, Any] | None:
        """Decide at every bar."""
        return self.rule.decide_all_together(markets, self.parameters)


def _check(
    asked: _Alone | _Together, markets: Markets, bars: list[int], warm: int
) -> Iterator[Finding]:
    """Go through the sampled bars."""
    whole = asked.ask_all(markets)
    for bar in bars:
        past = _until(markets, bar)
        try:
            answer = asked.ask(past)
        except NotEnoughData as refusal:
            yield Finding(Fault.NEEDS_MORE, bar, refusal.message)
            continue
        if asked.ask(past) != answer:
            yield Finding(Fault.NOT_REPEATABLE, bar, _short(answer))
        shortest = _mapped(past, lambda candles: candles[-warm:])
        yield from _compare_history(asked, shortest, answer, bar)
        if whole is not None:
            yield from _compare_whole(asked, markets, whole, answer, bar)


def _compare_history(
    asked: _Alone | _Together, shortest: Markets, answer: Answer, bar: int
) -> Iterator[Finding]:
    """Ask with the warm-up alone: the same answer, and no refusal."""
    try:
        again = asked.ask(shortest)
    except NotEnoughData as refusal:
        yield Finding(Fault.NEEDS_MORE, bar, refusal.message)
        return
    if again != answer:
        yield Finding(Fault.NEEDS_MORE, bar, f"{_short(again)} instead of {_short(answer)}")


def _compare_whole(
    asked: _Alone | _Together,
    markets: Markets,
    whole: Mapping[str, Any],
    answer: Answer,
    bar: int,
) -> Iterator[Finding]:
    """Compare what the vectorised form says of a bar under three futures."""
    invented = _mapped(markets, lambda candles: _with_another_future(candles, bar))
    past = _until(markets, bar)
    futures = {"the future invented": asked.ask_all(invented), "no future": asked.ask_all(past)}
    for signal in answer:
        market = signal["market"]
        said = whole[market][bar]
        for which, answers in futures.items():
            other = answers[market][bar] if answers is not None else said
            if other != said:
                yield Finding(Fault.PEEKS, bar, f"{market}: {said} becomes {other} with {which}")
        if np.isnan(said) or exposure_of(said) != Decimal(signal["target_exposure_ratio"]):
            wanted = signal["target_exposure_ratio"]
            yield Finding(Fault.DISAGREES, bar, f"{market}: {said} instead of {wanted}")


def _until(markets: Markets, bar: int) -> dict[str, CandleSeries]:
    """Cut the future off."""
    return _mapped(markets, lambda candles: candles[: bar + 1])


def _mapped(
    markets: Markets, change: Callable[[tuple[Candle, ...]], tuple[Candle, ...]]
) -> dict[str, CandleSeries]:
    """Change the candles of every market."""
    return {
        market: CandleSeries(series.market, series.timeframe, change(series.candles))
        for market, series in markets.items()
    }


def _with_another_future(candles: tuple[Candle, ...], bar: int) -> tuple[Candle, ...]:
    """Keep the past, and raise every price after it."""
    return candles[: bar + 1] + tuple(
        replace(
            candle,
            open_usd=candle.open_usd * INVENTED_FACTOR,
            high_usd=candle.high_usd * INVENTED_FACTOR,
            low_usd=candle.low_usd * INVENTED_FACTOR,
            close_usd=candle.close_usd * INVENTED_FACTOR,
        )
        for candle in candles[bar + 1 :]
    )


def _short(answer: Answer) -> str:
    """Say the exposures of an answer."""
    return ", ".join(f"{one['market']} {one['target_exposure_ratio']}" for one in answer)
