"""Facets: how many strategies each further choice would leave, so that no choice is a dead end."""

from collections.abc import Iterable
from typing import Any

from strategies.discovery.filters import Narrowing
from strategies.discovery.statement import evidence, one_row

# Facet -> what it counts by, and what has to be joined for that.
_COUNTED = {
    "category": ("base.category", ""),
    "status": ("base.status", ""),
    "risk_level": ("base.risk_level", ""),
    "timeframe": ("base.timeframe", ""),
    "featured": ("base.featured::text", ""),
    "curated": ("base.curated::text", ""),
    "asset": ("one.value", "CROSS JOIN LATERAL jsonb_array_elements_text(base.assets) AS one"),
    "tag": ("one.value", "CROSS JOIN LATERAL jsonb_array_elements_text(base.tags) AS one"),
    "source": (
        "one.source",
        "JOIN strategies_metricssnapshot AS one ON one.strategy_id = base.id",
    ),
}
_RANGES = {
    "return": "total_return_ratio",
    "sharpe": "sharpe",
    "drawdown": "depth",
    "aum": "last_aum_usd",
    "track_days": "track_days",
}
FACETS = tuple(_COUNTED)
RANGES = tuple(_RANGES)
_BASE = """
    WITH base AS MATERIALIZED (
      SELECT s.id, s.category, s.status, s.risk_level, s.timeframe, s.featured, s.curated,
        s.assets, s.tags, m.total_return_ratio, m.sharpe, -m.max_drawdown_ratio AS depth,
        m.last_aum_usd, m.track_days {allowed}
      FROM {evidence} WHERE {conditions}
    ), counted AS ({counts})
    SELECT (SELECT json_agg(counted ORDER BY strategies DESC, value) FROM counted),
      count(*), {bounds}
    FROM base WHERE {all}
"""
_COUNT = """
    SELECT '{facet}' AS facet, {value} AS value, count(DISTINCT base.id) AS strategies
    FROM base {joined} WHERE {allowed} GROUP BY 2
"""


def count_facets(narrowing: Narrowing, *, sees_all: bool) -> dict[str, Any]:
    """Count the strategies of each choice, by facet, under all filters but the facet's own.

    Gives `facets`, and `count` and `ranges` of what all filters together leave. Source counts say
    how many of those have each kind of evidence.
    """
    values: dict[str, Any] = {}
    own = {name: text for name, text in narrowing.conditions.items() if name in _COUNTED}
    others = [text for name, text in narrowing.conditions.items() if name not in _COUNTED]
    counts = "UNION ALL".join(
        _COUNT.format(facet=facet, value=value, joined=join, allowed=_allowed(own, but=facet))
        for facet, (value, join) in _COUNTED.items()
    )
    statement = _BASE.format(
        allowed="".join(f", ({text}) AS allows_{name}" for name, text in own.items()),
        evidence=evidence(narrowing, values),
        conditions=" AND ".join([*others, "true" if sees_all else "s.public"]),
        counts=counts,
        bounds=", ".join(f"min({one}), max({one})" for one in _RANGES.values()),
        all=_allowed(own),
    )
    counted, count, *ends = one_row(statement, values)
    return {"count": count, "facets": _by_facet(counted or []), "ranges": _ranges(ends)}


def _allowed(own: Iterable[str], *, but: str = "") -> str:
    """Demand the conditions of all facets but one."""
    return " AND ".join(["true", *(f"base.allows_{name}" for name in own if name != but)])


def _by_facet(counted: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Sort the counts by facet, the most frequent choice first."""
    facets: dict[str, list[dict[str, Any]]] = {facet: [] for facet in FACETS}
    for one in counted:
        facets[one["facet"]].append({"value": one["value"], "count": one["strategies"]})
    return facets


def _ranges(ends: list[Any]) -> dict[str, dict[str, Any]]:
    """Pair the least and the most of each number."""
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return {
        name: {"min": least, "max": most} for name, (least, most) in zip(RANGES, pairs, strict=True)
    }
