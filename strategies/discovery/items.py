"""The JSON of one strategy of the list, as SQL: field by field what the serializer declares.

Aliases: `s` the strategy, `m` the metrics that stand for it, null where there are none. Each
expression gives JSON text and never null.
"""

from collections.abc import Sequence

from strategies.models.metrics import METRIC_COLUMNS
from strategies.vocabulary import SOURCE_LABELS

# Where more about a strategy is found, below its own path.
BELOW = {
    "self": "",
    "report": "report/",
    "performance": "performance/",
    "holdings": "holdings/",
    "trades": "trades/",
    "positions": "positions/",
    "signals": "signals/",
}


def _or_null(expression: str) -> str:
    """Write null where the expression has no value."""
    return f"coalesce({expression}, 'null')"


def _moment(column: str) -> str:
    """Write a moment as Python's isoformat does, in UTC with a Z."""
    digits = f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return _or_null(f"'\"' || replace({digits}, '.000000', '') || 'Z\"'")


def _day(column: str) -> str:
    """Write a day."""
    return _or_null(f"to_json({column})::text")


def _money(column: str) -> str:
    """Write an amount as exact text without idle zeros."""
    return _or_null(f"'\"' || trim_scale({column})::text || '\"'")


def _object(pairs: dict[str, str]) -> str:
    """Write an object of members that are JSON already."""
    parts = [
        f"'{',' if place else '{'}\"{name}\":' || {value}"
        for place, (name, value) in enumerate(pairs.items())
    ]
    return f"({' || '.join(parts)} || '}}')"


def _labels() -> str:
    """Write the plain words for each kind of evidence."""
    cases = [f"WHEN '{source.value}' THEN '\"{text}\"'" for source, text in SOURCE_LABELS.items()]
    return f"CASE m.source {' '.join(cases)} END"


def _links() -> str:
    """Write the addresses of what belongs to a strategy."""
    links = {name: f"'\"' || %(here)s || s.slug || '/{path}\"'" for name, path in BELOW.items()}
    links["vaults"] = "'\"' || %(vaults)s || s.slug || '\"'"
    return _object(links)


_PROVENANCE = {
    "window_from_on": _day("m.window_from_on"),
    "window_to_on": _day("m.window_to_on"),
    "observations": "m.observations",
    "samples": "m.samples",
    "filled_days": "m.filled_days",
    "missing_days": "m.missing_days",
    "gaps": "m.gaps",
    "first_at": _moment("m.first_at"),
    "last_at": _moment("m.last_at"),
    "data_version": "m.data_version",
}
_HEADLINE = {
    "source": "'\"' || m.source || '\"'",
    "source_label": _labels(),
    "window": "'\"' || m.\"window\" || '\"'",
    "as_of_at": _moment("m.last_at"),
    "metrics": _object(
        {metric.value: _or_null(f"m.{column}::text") for metric, column in METRIC_COLUMNS.items()}
    ),
    "aum_usd": _money("m.last_aum_usd"),
    "reasons": "m.reasons::text",
    "short_history": "m.short_history::text",
    "track_days": "m.track_days",
    "provenance": _object(_PROVENANCE),
    "sparkline": "m.sparkline_json",
}
FIELDS: dict[str, str] = {
    "slug": "to_json(s.slug)::text",
    "name": "to_json(s.name)::text",
    "category": "'\"' || s.category || '\"'",
    "assets": "s.assets::text",
    "timeframe": "to_json(s.timeframe)::text",
    "status": "'\"' || s.status || '\"'",
    "risk_level": "'\"' || s.risk_level || '\"'",
    "tags": "s.tags::text",
    "featured": "s.featured::text",
    "curated": "s.curated::text",
    "public": "s.public::text",
    "inception_on": _day("s.inception_on"),
    "discovered_at": _moment("s.discovered_at"),
    "updated_at": _moment("s.updated_at"),
    "data_version": "s.data_version",
    "headline": f"CASE WHEN m.id IS NULL THEN 'null' ELSE {_object(_HEADLINE)} END",
    "links": _links(),
}


def item_of(fields: Sequence[str]) -> str:
    """Write the JSON of one strategy with these fields."""
    return _object({name: FIELDS[name] for name in fields})
