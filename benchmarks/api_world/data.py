"""A catalogue of 1,000 strategies with five years of days each, and one of 50,000 quarter hours."""

import os
import time

import psycopg

from benchmarks.frame import tell

STRATEGIES = 1_000
DAYS = 1_825
QUARTERS = 50_000
INTRADAY = "intraday"

_STATEMENTS = (
    "SELECT setseed(0.42)",
    """
    INSERT INTO strategies_benchmark (slug, name) VALUES ('eth', 'Ether')
    """,
    """
    INSERT INTO strategies_benchmarkpoint (benchmark_id, as_of_at, price_usd)
    SELECT b.id, timestamptz '2020-01-01 00:00Z' + n * interval '1 day',
      round((1000 * exp(sum((random() - 0.495) * 0.05) OVER (ORDER BY n)))::numeric, 4)
    FROM strategies_benchmark AS b, generate_series(0, 1824) AS n
    """,
    """
    INSERT INTO strategies_strategy (slug, name, description, category, assets, timeframe, status,
      risk_level, inception_on, rule, parameters, tags, featured, curated, public, discovered_at,
      source_code, source_hash, data_version, benchmark_id, created_at, updated_at)
    SELECT 'strategy-' || lpad(n::text, 4, '0'), 'Strategy number ' || n,
      'Follows what has risen and leaves what has fallen, number ' || n || '.',
      (ARRAY['trend', 'carry', 'momentum', 'breakout'])[1 + n %% 4], '["ETH", "BTC"]', '1d',
      'deployed', (ARRAY['low', 'medium', 'high'])[1 + n %% 3], '2020-01-01', 'ema_cross',
      '{"fast_bars": 8, "slow_bars": 21}', '["made", "measured"]', n %% 10 = 0, n %% 2 = 0, true,
      timestamptz '2024-01-01 00:00Z' + n * interval '1 hour', '', '', 1, b.id, now(), now()
    FROM strategies_benchmark AS b, generate_series(1, %(strategies)s) AS n
    """,
    """
    INSERT INTO strategies_performancepoint
      (strategy_id, source, as_of_at, nav_per_share_usd, aum_usd)
    SELECT id, 'backtest', timestamptz '2020-01-01 00:00Z' + n * interval '1 day',
      round(exp(log)::numeric, 6), round((1000000 * exp(log))::numeric, 2)
    FROM (
      SELECT s.id, n, sum((random() - 0.492) * 0.06) OVER (PARTITION BY s.id ORDER BY n) AS log
      FROM strategies_strategy AS s, generate_series(1, %(days)s) AS n
    ) AS walk
    """,
    """
    INSERT INTO strategies_strategy (slug, name, description, category, assets, timeframe, status,
      risk_level, rule, parameters, tags, public, featured, curated, source_code, source_hash,
      data_version, created_at, updated_at)
    VALUES (%(intraday)s, 'Intraday', '', 'other', '[]', '15m', 'preview', 'high', '', '{}', '[]',
      true, false, false, '', '', 1, now(), now())
    """,
    """
    INSERT INTO strategies_performancepoint
      (strategy_id, source, as_of_at, nav_per_share_usd, aum_usd)
    SELECT id, 'live', timestamptz '2023-01-01 00:00Z' + n * interval '15 minutes',
      round(exp(log)::numeric, 6), round((1000000 * exp(log))::numeric, 2)
    FROM (
      SELECT s.id, n, sum((random() - 0.4995) * 0.006) OVER (ORDER BY n) AS log
      FROM strategies_strategy AS s, generate_series(1, %(quarters)s) AS n
      WHERE s.slug = %(intraday)s
    ) AS walk
    """,
)


def make() -> None:
    """Fill an empty catalogue, metrics included; the servers must be those of a throw-away slot."""
    values = {
        "strategies": STRATEGIES,
        "days": DAYS,
        "quarters": QUARTERS,
        "intraday": INTRADAY,
    }
    began = time.monotonic()
    with psycopg.connect(os.environ["ATLAS_MIGRATE_DATABASE_URL"], autocommit=True) as session:
        for statement in _STATEMENTS:
            session.execute(statement, values if "%(" in statement else None)
    tell(f"{STRATEGIES} x {DAYS} points and {QUARTERS} made in {time.monotonic() - began:.0f} s")


def compute_metrics() -> None:
    """Compute all headline metrics, as an import does, and let the planner know the tables."""
    from strategies.models import Strategy
    from strategies.snapshots import refresh_metrics_snapshots

    ids = list(Strategy.objects.values_list("pk", flat=True))
    began = time.monotonic()
    rows = refresh_metrics_snapshots(ids)
    taken = time.monotonic() - began
    tell(f"{rows} headline rows computed in {taken:.1f} s, {taken / len(ids) * 1000:.1f} ms each")
    with psycopg.connect(os.environ["ATLAS_MIGRATE_DATABASE_URL"], autocommit=True) as session:
        session.execute("VACUUM ANALYZE")
