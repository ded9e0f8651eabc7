"""Catalogues as hypothesis makes them: everything that version 1.0 can say, and nothing wrong in it.

Numbers have up to fifteen significant digits and lie within the bounds of the schema; texts hold
any character that the schema lets through; times go down to the microsecond.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from strategies.vocabulary import (
    Category,
    RiskLevel,
    SeriesSource,
    StrategyStatus,
    TradeResult,
    TradeSide,
)
from tests.imports.builders import VAULT, header

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
LONGEST = 40
_STORABLE = st.characters(exclude_categories=("Cs", "Cc"))
LINES = st.text(_STORABLE, min_size=1, max_size=LONGEST)
TEXTS = st.text(_STORABLE | st.sampled_from("\n\t"), max_size=LONGEST)
SLUGS = st.sampled_from(["alpha", "beta", "gamma-2", "d", "e-1-f"])
BENCHMARKS = st.sampled_from(["eth", "btc", "index-7"])
DIGITS = 15


def _written(number: float) -> float:
    """Keep as many digits as survive the way through a column of 18 decimals."""
    return round(float(f"{number:.{DIGITS}g}"), DIGITS)


def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    """Make amounts: ordinary ones, and those at the edges."""
    drawn = st.floats(low, high, allow_nan=False) | st.floats(max(low, -10), 10)
    return (drawn | st.sampled_from([low, high, max(low, 1.0)])).map(_written)


PRICES = amounts(1e-9, 1e15)
USD = amounts(-1e15, 1e15)
NOT_NEGATIVE = amounts(0, 1e15)
RATIOS = amounts(-1e9, 1e9)
MOMENTS = st.integers(0, 10**13).map(lambda micros: EPOCH + timedelta(microseconds=micros))
DAYS = st.integers(0, 700).map(lambda day: (EPOCH + timedelta(days=day)).date().isoformat())
SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | USD | LINES
PARAMETERS = st.dictionaries(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True),
    SCALARS | st.lists(SCALARS, max_size=3),
    max_size=3,
)
METRICS = st.dictionaries(
    st.sampled_from(["sharpe", "total_return_ratio", "words", "x_1"]),
    st.none() | RATIOS | LINES,
    min_size=1,
    max_size=4,
)


def written_at(moment: datetime) -> str:
    """Write a moment as a file does."""
    return moment.isoformat().replace("+00:00", "Z")


def rising() -> st.SearchStrategy[list[str]]:
    """Make moments in the order of time, each only once."""
    return st.lists(MOMENTS, unique=True, max_size=5).map(
        lambda found: [written_at(moment) for moment in sorted(found)]
    )


@st.composite
def series(draw) -> list[dict[str, Any]]:
    """Make points of up to two sources, each in the order of time."""
    sources = draw(st.lists(st.sampled_from(list(SeriesSource)), unique=True, max_size=2))
    return [
        {
            "as_of_at": at,
            "nav_per_share_usd": draw(PRICES),
            "source": source.value,
            "aum_usd": draw(st.none() | NOT_NEGATIVE),
        }
        for source in sources
        for at in draw(rising())
    ]


@st.composite
def trades(draw) -> list[dict[str, Any]]:
    """Make trades, open and closed."""
    made = []
    for name in draw(st.lists(LINES, unique=True, max_size=3)):
        opened = draw(MOMENTS)
        is_open = draw(st.booleans())
        closed = None if is_open else opened + timedelta(seconds=draw(st.integers(0, 10**6)))
        results = [one for one in TradeResult if (one is TradeResult.OPEN) is is_open]
        made.append(
            {
                "external_id": name,
                "market": draw(LINES),
                "side": draw(st.sampled_from(list(TradeSide))).value,
                "opened_at": written_at(opened),
                "closed_at": written_at(closed) if closed else None,
                "entry_price_usd": draw(PRICES),
                "exit_price_usd": draw(st.none() | PRICES),
                "size_usd": draw(PRICES),
                "pnl_usd": draw(st.none() | USD),
                "pnl_ratio": draw(st.none() | RATIOS),
                "funding_usd": draw(USD),
                "borrowing_usd": draw(USD),
                "position_fee_usd": draw(USD),
                "execution_fee_usd": draw(USD),
                "result": draw(st.sampled_from(results)).value,
            }
        )
    return made


@st.composite
def holdings(draw) -> list[dict[str, Any]]:
    """Make holdings at a few moments."""
    return [
        {
            "as_of_at": at,
            "asset": asset,
            "quantity": draw(USD),
            "weight_ratio": draw(RATIOS),
            "value_usd": draw(USD),
        }
        for at in draw(rising())[:2]
        for asset in draw(st.lists(LINES, unique=True, min_size=1, max_size=2))
    ]


@st.composite
def reports(draw) -> list[dict[str, Any]]:
    """Make reports, one a source at most."""
    sources = draw(st.lists(st.sampled_from(list(SeriesSource)), unique=True, max_size=2))
    return [
        {"source": one.value, "claimed_at": written_at(draw(MOMENTS)), "metrics": draw(METRICS)}
        for one in sources
    ]


@st.composite
def strategies(draw, slug: str, benchmarks: list[str]) -> dict[str, Any]:
    """Make a strategy with everything that belongs to it."""
    return {
        "slug": slug,
        "name": draw(LINES),
        "description": draw(TEXTS),
        "category": draw(st.sampled_from(list(Category))).value,
        "assets": draw(st.lists(LINES, min_size=1, max_size=3)),
        "timeframe": draw(st.sampled_from(["1m", "4h", "999d", "1w"])),
        "status": draw(st.sampled_from(list(StrategyStatus))).value,
        "risk_level": draw(st.sampled_from(list(RiskLevel))).value,
        "benchmark": draw(st.none() | st.sampled_from(benchmarks)) if benchmarks else None,
        "inception_on": draw(st.none() | DAYS),
        "rule": draw(st.sampled_from(["", "no_such_rule"])),
        "parameters": draw(PARAMETERS),
        "tags": draw(st.lists(LINES, max_size=3)),
        "featured": draw(st.booleans()),
        "curated": draw(st.booleans()),
        "discovered_at": draw(st.none() | MOMENTS.map(written_at)),
        "source_code": draw(TEXTS),
        "performance": draw(series()),
        "holdings": draw(holdings()),
        "trades": draw(trades()),
        "reports": draw(reports()),
    }


@st.composite
def catalogues(draw, *, mode: str = "snapshot") -> dict[str, Any]:
    """Make an export of a whole small catalogue."""
    names = draw(st.lists(BENCHMARKS, unique=True, max_size=2))
    benchmarks = [
        {
            "slug": name,
            "name": draw(LINES),
            "points": [{"as_of_at": at, "price_usd": draw(PRICES)} for at in draw(rising())],
        }
        for name in names
    ]
    slugs = draw(st.lists(SLUGS, unique=True, min_size=1, max_size=2))
    made = [draw(strategies(slug, names)) for slug in slugs]
    vaults = []
    if draw(st.booleans()):
        vault = {
            "chain_id": 42161,
            "address": VAULT,
            "name": draw(LINES),
            "strategy": draw(st.none() | st.sampled_from(slugs)),
            "inception_on": draw(st.none() | DAYS),
            "performance": draw(series()),
        }
        vaults.append(vault)
    return {**header(mode=mode), "benchmarks": benchmarks, "strategies": made, "vaults": vaults}
