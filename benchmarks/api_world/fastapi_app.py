"""The other yardstick: FastAPI, asyncpg and orjson over the same tables, giving the same JSON.

It runs in a virtual environment of its own and imports nothing of Atlas. JSON that a column holds
is passed on as it is; what Python has to build, it builds as quickly as it can.
"""

import os
from contextlib import asynccontextmanager
from math import ceil

import asyncpg  # type: ignore[import-not-found]
import orjson
from fastapi import FastAPI, Request  # type: ignore[import-not-found]
from fastapi.responses import Response  # type: ignore[import-not-found]

LABELS = orjson.loads(os.environ["BENCH_LABELS"])
METRICS = orjson.loads(os.environ["BENCH_METRICS"])
BELOW = orjson.loads(os.environ["BENCH_BELOW"])
COLUMNS = ", ".join(f"m.{column}" for column in METRICS.values())
LIST = f"""
    WITH found AS MATERIALIZED (
      SELECT s.id, m.id AS metrics_id, m.sharpe FROM strategies_strategy AS s
      JOIN strategies_metricssnapshot AS m
        ON m.strategy_id = s.id AND m."window" = 'all' AND m.is_headline
      WHERE s.public AND s.status <> 'delisted' AND s.risk_level = $1
        AND m.total_return_ratio >= $2
    ), page AS (TABLE found ORDER BY sharpe DESC NULLS LAST, id DESC LIMIT $3 OFFSET $4)
    SELECT (SELECT count(*) FROM found) AS total, s.slug, s.name, s.category, s.assets,
      s.timeframe, s.status, s.risk_level, s.tags, s.featured, s.curated, s.public,
      s.inception_on, s.discovered_at, s.updated_at, s.data_version, m.source, m."window",
      m.last_at, m.last_aum_usd, m.reasons, m.short_history, m.track_days, m.window_from_on,
      m.window_to_on, m.observations, m.samples, m.filled_days, m.missing_days, m.gaps,
      m.first_at, m.data_version AS metrics_version, m.sparkline_json, {COLUMNS}
    FROM page AS p JOIN strategies_strategy AS s ON s.id = p.id
    JOIN strategies_metricssnapshot AS m ON m.id = p.metrics_id
    ORDER BY p.sharpe DESC NULLS LAST, p.id DESC
"""
STRATEGY = "SELECT id, slug FROM strategies_strategy WHERE slug = $1 AND public"
POINTS = """
    SELECT as_of_at, nav_per_share_usd, aum_usd FROM strategies_performancepoint
    WHERE strategy_id = $1 ORDER BY as_of_at
"""
OPTIONS = orjson.OPT_UTC_Z


@asynccontextmanager
async def lifespan(app):
    """Keep a pool of connections."""
    app.state.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE"], min_size=4, max_size=8)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


def money(amount):
    """Write an amount as exact text."""
    if amount is None:
        return None
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def headline(row):
    """Build the metrics of one strategy."""
    return {
        "source": row["source"],
        "source_label": LABELS[row["source"]],
        "window": row["window"],
        "as_of_at": row["last_at"],
        "metrics": {metric: row[column] for metric, column in METRICS.items()},
        "aum_usd": money(row["last_aum_usd"]),
        "reasons": orjson.Fragment(row["reasons"]),
        "short_history": row["short_history"],
        "track_days": row["track_days"],
        "provenance": {
            "window_from_on": row["window_from_on"],
            "window_to_on": row["window_to_on"],
            "observations": row["observations"],
            "samples": row["samples"],
            "filled_days": row["filled_days"],
            "missing_days": row["missing_days"],
            "gaps": row["gaps"],
            "first_at": row["first_at"],
            "last_at": row["last_at"],
            "data_version": row["metrics_version"],
        },
        "sparkline": orjson.Fragment(row["sparkline_json"]),
    }


def item(row, here, vaults):
    """Build one strategy."""
    slug = row["slug"]
    return {
        "slug": slug,
        "name": row["name"],
        "category": row["category"],
        "assets": orjson.Fragment(row["assets"]),
        "timeframe": row["timeframe"],
        "status": row["status"],
        "risk_level": row["risk_level"],
        "tags": orjson.Fragment(row["tags"]),
        "featured": row["featured"],
        "curated": row["curated"],
        "public": row["public"],
        "inception_on": row["inception_on"],
        "discovered_at": row["discovered_at"],
        "updated_at": row["updated_at"],
        "data_version": row["data_version"],
        "headline": headline(row),
        "links": {
            **{name: f"{here}{slug}/{path}" for name, path in BELOW.items()},
            "vaults": f"{vaults}{slug}",
        },
    }


@app.get("/api/v1/strategies/")
async def strategies(
    request: Request, risk_level: str, min_return: float, page: int = 1, page_size: int = 50
):
    """Answer with one page of discovery, by its Sharpe ratio."""
    rows = await request.app.state.pool.fetch(
        LIST, risk_level, min_return, page_size, (page - 1) * page_size
    )
    count = rows[0]["total"] if rows else 0
    pages = max(1, ceil(count / page_size))
    here = str(request.url.replace(query=""))
    vaults = here.replace("strategies/", "vaults/?strategy=")
    following = str(request.url.include_query_params(page=page + 1)) if page < pages else None
    body = {
        "count": count,
        "page": page,
        "page_size": page_size,
        "pages": pages,
        "next": following,
        "previous": None,
        "results": [item(row, here, vaults) for row in rows],
    }
    return Response(orjson.dumps(body, option=OPTIONS), media_type="application/json")


@app.get("/api/v1/strategies/{slug}/performance/")
async def performance(request: Request, slug: str):
    """Answer with one series."""
    async with request.app.state.pool.acquire() as session:
        strategy = await session.fetchrow(STRATEGY, slug)
        rows = await session.fetch(POINTS, strategy["id"])
    navs = [float(row[1]) for row in rows]
    first, peak, drawdowns = navs[0], navs[0], []
    for nav in navs:
        peak = max(peak, nav)
        drawdowns.append(nav / peak - 1.0)
    body = {
        "strategy": strategy["slug"],
        "columns": {
            "as_of_at": [row[0] for row in rows],
            "nav_per_share_usd": [money(row[1]) for row in rows],
            "return_ratio": [nav / first - 1.0 for nav in navs],
            "drawdown_ratio": drawdowns,
            "aum_usd": [money(row[2]) for row in rows],
        },
    }
    return Response(orjson.dumps(body, option=OPTIONS), media_type="application/json")


@app.get("/bench/static/")
async def static():
    """Answer the same bytes."""
    return Response(b'{"answer":"the same for everybody"}', media_type="application/json")
