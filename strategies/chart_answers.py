"""A chart as bytes: columnar JSON, or CSV with the very same digits."""

from collections.abc import Sequence
from typing import Any

import orjson

from atlas.api.renderers import to_json
from strategies.charts import Chart, Interval, Prices
from strategies.packed import IntArray, moment_of
from strategies.series import Restatement, Series
from strategies.vocabulary import SOURCE_LABELS

NULL = "null"
_MOMENTS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
THINNED_BY = "min_max"

Columns = dict[str, bytes]


def chart_json(series: Series, chart: Chart, *, interval: Interval, columns: Columns) -> bytes:
    """Write a chart as columnar JSON."""
    return _with_columns(_head(series, chart, interval), columns)


def prices_json(prices: Prices, chart: Chart, *, interval: Interval, columns: Columns) -> bytes:
    """Write the prices of a benchmark as columnar JSON."""
    head = {"benchmark": prices.slug, "name": prices.name, **_extent(chart, interval)}
    return _with_columns(head, columns)


def csv_of(columns: Columns) -> bytes:
    """Write columns of JSON values as lines of text; null is nothing at all."""
    texts = [column[1:-1].decode() for column in columns.values()]
    values = [text.replace('"', "").replace(NULL, "").split(",") if text else [] for text in texts]
    lines = [",".join(columns), *map(",".join, zip(*values, strict=True))]
    return "\r\n".join([*lines, ""]).encode()


def columns_of(chart: Chart) -> Columns:
    """Write the columns of a chart as JSON arrays, every number with its shortest exact digits."""
    columns = {
        **line_columns(chart, "nav_per_share_usd"),
        "aum_usd": b"[%b]" % chart.aum_texts.encode(),
    }
    if chart.compared is not None:
        texts = chart.compared.prices.texts
        prices = [texts[at] if at >= 0 else None for at in chart.compared.places.tolist()]
        columns["benchmark_price_usd"] = orjson.dumps(prices)
        columns["benchmark_return_ratio"] = _numbers_json(chart.compared.returns)
    return columns


def line_columns(chart: Chart, level: str) -> Columns:
    """Write moments, levels under their name, returns and drawdowns as JSON arrays."""
    return {
        "as_of_at": moments_json(chart.micros),
        level: texts_json(chart.nav_texts),
        "return_ratio": _numbers_json(chart.returns),
        "drawdown_ratio": _numbers_json(chart.drawdowns),
    }


def moments_json(micros: IntArray) -> bytes:
    """Write moments as a JSON array of ISO-8601 texts in UTC."""
    return orjson.dumps(micros.astype("datetime64[us]"), option=_MOMENTS)


def texts_json(texts: str) -> bytes:
    """Write exact numbers, joined by commas, as a JSON array of strings."""
    return b'["%b"]' % texts.replace(",", '","').encode() if texts else b"[]"


def notices(restatements: Sequence[Restatement]) -> list[dict[str, Any]]:
    """Word restatements: what changed, and by which version the old figures are still told."""
    return [
        {
            "data_version_before": one.version_before,
            "data_version_after": one.version_after,
            "first_changed_at": one.first_changed_at,
            "points_revised": one.revised,
            "points_withdrawn": one.withdrawn,
            "points_inserted": one.inserted,
            "reference": one.reference,
            "noted_at": one.noted_at,
        }
        for one in restatements
    ]


def _head(series: Series, chart: Chart, interval: Interval) -> dict[str, Any]:
    """Say what the columns of a series are."""
    compared = chart.compared
    return {
        "strategy": series.slug,
        "source": series.source,
        "source_label": SOURCE_LABELS[series.source] if series.source else None,
        "data_version": series.data_version,
        "is_current": series.data_version == series.current_version,
        **_extent(chart, interval),
        "benchmark": {"slug": compared.prices.slug, "name": compared.prices.name}
        if compared
        else None,
        "restatements": notices(series.restatements),
    }


def _extent(chart: Chart, interval: Interval) -> dict[str, Any]:
    """Say how far the columns reach and what was left out."""
    count = len(chart.micros)
    return {
        "interval": interval,
        "observations": count,
        "observations_before_thinning": chart.whole,
        "thinned_by": THINNED_BY if chart.is_thinned else None,
        "first_at": moment_of(chart.micros[0]) if count else None,
        "last_at": moment_of(chart.micros[-1]) if count else None,
    }


def _with_columns(head: dict[str, Any], columns: Columns) -> bytes:
    """Put columns that are JSON already behind a head."""
    body = b",".join(b'"%b":%b' % (name.encode(), text) for name, text in columns.items())
    return b"".join((to_json(head).removesuffix(b"}"), b',"columns":{', body, b"}}"))


def _numbers_json(numbers: Any) -> bytes:
    """Write numbers as a JSON array; what is no number becomes null."""
    return orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)
