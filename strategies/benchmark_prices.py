"""The prices of benchmarks, packed like the series that are compared with them."""

from datetime import datetime
from typing import Any

import numpy as np

from atlas.domain.errors import InvalidInput
from atlas.hot_statements import hot_row
from strategies.charts import Prices
from strategies.packed import micros_of
from strategies.series import LONGEST_SERIES

_STATEMENT = """
    SELECT b.slug, b.name, a.moments, a.prices, a.points
    FROM strategies_benchmark AS b LEFT JOIN LATERAL (
      SELECT string_agg(timestamptz_send(q.as_of_at), ''::bytea ORDER BY q.as_of_at) AS moments,
        string_agg(trim_scale(q.price_usd)::text, ',' ORDER BY q.as_of_at) AS prices,
        count(*) AS points
      FROM (SELECT p.as_of_at, p.price_usd FROM strategies_benchmarkpoint AS p
        WHERE p.benchmark_id = b.id
          AND p.as_of_at >= coalesce(%(start_at)s, '-infinity'::timestamptz)
          AND p.as_of_at < coalesce(%(end_at)s, 'infinity'::timestamptz)
        ORDER BY p.as_of_at LIMIT %(most)s) AS q
    ) AS a ON true
    WHERE b.slug = %(slug)s
"""


def read_prices(slug: str, *, start_at: datetime | None, end_at: datetime | None) -> Prices | None:
    """Read the prices of a benchmark from a moment on, up to another one; None where there is none.

    Raises InvalidInput where the range holds more than 100,000 prices.
    """
    values: dict[str, Any] = {
        "slug": slug,
        "start_at": start_at,
        "end_at": end_at,
        "most": LONGEST_SERIES + 1,
    }
    row = hot_row(_STATEMENT, values)
    if row is None:
        return None
    slug, name, moments, prices, points = row
    if points > LONGEST_SERIES:
        raise InvalidInput(
            f"The range holds more than {LONGEST_SERIES:,} prices; narrow it with from and to",
            detail={"most_points": LONGEST_SERIES},
        )
    return Prices(
        slug=slug,
        name=name,
        micros=micros_of(moments) if moments else np.zeros(0, dtype=np.int64),
        texts=tuple(prices.split(",")) if prices else (),
    )
