"""What discovery can be narrowed by: each parameter with its reader, its condition, its words.

Conditions speak of `s`, the strategy, and `m`, the metrics that stand for it. A parameter is found
in its condition as %(its name)s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from strategies.readers import (
    Reader,
    amount,
    depth,
    flag,
    one_of,
    ratio,
    some_of,
    text_of_at_most,
    whole,
)
from strategies.vocabulary import Category, RiskLevel, SeriesSource, StrategyStatus, Window

LONGEST_SEARCH = 100
MOST_WORDS = 10
CURRENT = f"s.status <> '{StrategyStatus.DELISTED.value}'"
SEARCHED = "(s.name ILIKE {word} OR s.slug ILIKE {word} OR s.description ILIKE {word})"

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """One parameter that narrows the list.

    `bind` turns the value that was read into the values of the condition, by default itself under
    the parameter's name; `schema` describes it for the OpenAPI document.
    """

    read: Reader
    condition: str
    help_text: str
    schema: Mapping[str, Any]
    bind: Callable[[Any], Values] | None = None


def _word_pattern(word: str) -> str:
    """Write a word as a pattern that matches it anywhere and nothing else."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _symbols(symbol: str) -> Values:
    """Look for a symbol as it was given, and in capitals."""
    return {"asset": f'["{symbol}"]', "asset_capitals": f'["{symbol.upper()}"]'}


def _word(most: int) -> Reader:
    """Read text that can stand inside of a JSON string as it is."""
    read_text = text_of_at_most(most)

    def read(given: str) -> str:
        text = str(read_text(given))
        if '"' in text or "\\" in text or not text.isprintable():
            raise ValueError("must not hold quotation marks, backslashes or control characters")
        return text

    return read


def _several(words: list[str], column: str, help_text: str) -> Filter:
    """Make a filter by one or several words of a vocabulary."""
    return Filter(
        read=some_of(words),
        condition=f"s.{column} = ANY(%({column})s)",
        help_text=f"{help_text} One or several, by commas.",
        schema={"type": "array", "items": {"type": "string", "enum": words}},
    )


def _bound(column: str, relation: str, name: str, help_text: str, read: Reader = ratio) -> Filter:
    """Make a filter by the least or the most that a number may be."""
    return Filter(
        read=read,
        condition=f"{column} {relation} %({name})s",
        help_text=help_text,
        schema={"type": "integer" if read is whole else "number"},
    )


def _depth(relation: str, name: str, help_text: str) -> Filter:
    """Make a filter by how deep the deepest fall was; falls are stored below zero."""
    return Filter(
        read=depth,
        condition=f"m.max_drawdown_ratio {relation} %({name})s",
        help_text=help_text,
        schema={"type": "number", "minimum": 0, "maximum": 1},
        bind=lambda share: {name: -share},
    )


def _flag(column: str) -> Filter:
    """Make a filter by a yes or no."""
    return Filter(
        read=flag,
        condition=f"s.{column} = %({column})s",
        help_text=f"Only {column} ones, or only others.",
        schema={"type": "boolean"},
    )


FILTERS: dict[str, Filter] = {
    "q": Filter(
        read=text_of_at_most(LONGEST_SEARCH),
        condition="",
        help_text="Words that must all occur in name, slug or description.",
        schema={"type": "string", "maxLength": LONGEST_SEARCH},
    ),
    "asset": Filter(
        read=_word(40),
        condition="(s.assets @> %(asset)s::jsonb OR s.assets @> %(asset_capitals)s::jsonb)",
        help_text="Symbol of an asset that it trades.",
        schema={"type": "string", "maxLength": 40},
        bind=_symbols,
    ),
    "category": _several([one.value for one in Category], "category", "Kind of idea."),
    "timeframe": Filter(
        read=text_of_at_most(8),
        condition="s.timeframe = %(timeframe)s",
        help_text="Bar length: 1h, 1d.",
        schema={"type": "string", "maxLength": 8},
    ),
    "status": _several(
        [one.value for one in StrategyStatus],
        "status",
        "How far it has come; without it all but the delisted.",
    ),
    "risk_level": _several([one.value for one in RiskLevel], "risk_level", "As published."),
    "featured": _flag("featured"),
    "curated": _flag("curated"),
    "tag": Filter(
        read=_word(60),
        condition="s.tags @> %(tag)s::jsonb",
        help_text="A tag it carries.",
        schema={"type": "string", "maxLength": 60},
        bind=lambda tag: {"tag": f'["{tag}"]'},
    ),
    "min_return": _bound(
        "m.total_return_ratio", ">=", "min_return", "Least total return of the window: 0.1 is 10 %."
    ),
    "max_return": _bound(
        "m.total_return_ratio", "<=", "max_return", "Most total return of the window."
    ),
    "min_sharpe": _bound("m.sharpe", ">=", "min_sharpe", "Least Sharpe ratio of the window."),
    "max_sharpe": _bound("m.sharpe", "<=", "max_sharpe", "Most Sharpe ratio of the window."),
    "min_drawdown": _depth("<=", "min_drawdown", "Fell by at least this share: 0.1 is 10 %."),
    "max_drawdown": _depth(">=", "max_drawdown", "Never fell by more than this share."),
    "min_aum": _bound("m.last_aum_usd", ">=", "min_aum", "Least assets in USD.", amount),
    "max_aum": _bound("m.last_aum_usd", "<=", "max_aum", "Most assets in USD.", amount),
    "min_track_days": _bound(
        "m.track_days", ">=", "min_track_days", "Least days from first to last point.", whole
    ),
    "max_track_days": _bound(
        "m.track_days", "<=", "max_track_days", "Most days from first to last point.", whole
    ),
}

WINDOW = Filter(
    read=one_of([one.value for one in Window]),
    condition="",
    help_text="Stretch of history that metrics, their filters and their orders are about.",
    schema={"type": "string", "enum": [one.value for one in Window], "default": Window.ALL.value},
)
SOURCE = Filter(
    read=one_of([one.value for one in SeriesSource]),
    condition="",
    help_text="Kind of evidence that metrics are taken from; only strategies that have it. "
    "Without it the best that each has: live, paper, backtest.",
    schema={"type": "string", "enum": [one.value for one in SeriesSource]},
)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What is asked for: conditions by the parameter they come from, and their values."""

    window: str
    source: str | None
    conditions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


def narrowing(given: Mapping[str, Any]) -> Narrowing:
    """Make conditions of parameters that were read.

    Without a status the delisted ones are left out: they stay readable by name.
    """
    conditions: dict[str, str] = {}
    values: Values = {}
    for name, one in FILTERS.items():
        if name not in given or name == "q":
            continue
        conditions[name] = one.condition
        values |= one.bind(given[name]) if one.bind else {name: given[name]}
    if "status" not in conditions:
        conditions["status"] = CURRENT
    if "q" in given:
        conditions["q"], patterns = _search(given["q"])
        values |= patterns
    window = given.get("window", Window.ALL.value)
    return Narrowing(window, given.get("source"), conditions, values)


def _search(words: str) -> tuple[str, Values]:
    """Demand that every word occurs somewhere."""
    names = {f"word_{place}": _word_pattern(word) for place, word in enumerate(words.split())}
    wanted = [SEARCHED.replace("{word}", f"%({name})s") for name in names]
    return " AND ".join(wanted), names
