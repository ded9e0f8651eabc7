"""What an investor report costs: everything in it, over five years, uncached.

Figures, in milliseconds of processor time a request, ours and the database session's together, from
1,826 daily points with assets, a benchmark of as many prices, 500 trades and four claims, in a
catalogue of 200 further strategies of the same length:
`report_json` (the whole path from the request to the bytes, through all middleware; the yardstick is
a view in the same server that reads the rows with the ORM and computes the headline metrics alone
with pandas), `report_csv` and `report_html` (the same report in other forms, without a yardstick),
`report_pdf` (likewise), and `report_of_arrays` (computing and writing alone, from what has been
read; the yardstick is pandas computing the headline metrics alone from a series in memory).

Nothing is kept between two requests: each asks for another risk-free rate. Run it with throw-away
servers around: `python -m benchmarks.report_figures`.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.frame import Figure, Goal, publish, tell

INSIDE = "--inside"
SLUG = "five-years"
DAYS = 1_825
TRADES = 500
NEIGHBOURS = 200
MILLISECONDS = 1_000.0
CLOCK_TICKS = 100.0  # of Linux, a second
GOAL = Goal("ratio", "<=", 0.5)
_STATEMENTS = (
    "SELECT setseed(0.42)",
    "INSERT INTO strategies_benchmark (slug, name) VALUES ('eth', 'Ether')",
    """
    INSERT INTO strategies_benchmarkpoint (benchmark_id, as_of_at, price_usd)
    SELECT b.id, timestamptz '2020-01-01 00:00Z' + n * interval '1 day',
      round((1000 * exp(sum((random() - 0.495) * 0.05) OVER (ORDER BY n)))::numeric, 4)
    FROM strategies_benchmark AS b, generate_series(0, %(days)s) AS n
    """,
    """
    INSERT INTO strategies_strategy (slug, name, description, category, assets, timeframe, status,
      risk_level, rule, parameters, tags, featured, curated, public, source_code, source_hash,
      data_version, benchmark_id, created_at, updated_at)
    SELECT %(slug)s, 'Five Years', '', 'trend', '["ETH"]', '1d', 'deployed', 'high', '', '{}', '[]',
      false, false, true, '', '', 1, b.id, now(), now()
    FROM strategies_benchmark AS b
    """,
    """
    INSERT INTO strategies_performancepoint
      (strategy_id, source, as_of_at, nav_per_share_usd, aum_usd)
    SELECT id, 'backtest', timestamptz '2020-01-01 00:00Z' + n * interval '1 day',
      round(exp(log)::numeric, 6), round((1000000 * exp(log))::numeric, 2)
    FROM (SELECT s.id, n, sum((random() - 0.492) * 0.06) OVER (ORDER BY n) AS log
      FROM strategies_strategy AS s, generate_series(0, %(days)s) AS n) AS walk
    """,
    """
    INSERT INTO strategies_importedtrade (strategy_id, external_id, market, side, opened_at,
      closed_at, entry_price_usd, exit_price_usd, size_usd, pnl_usd, pnl_ratio, funding_usd,
      borrowing_usd, position_fee_usd, execution_fee_usd, result)
    SELECT s.id, n, 'ETH/USD', 'long', timestamptz '2020-01-02 00:00Z' + n * interval '86 hours',
      timestamptz '2020-01-02 00:00Z' + n * interval '86 hours' + interval '30 hours', 2000, 2010,
      round((1000 + 500 * random())::numeric, 2), round((100 * (random() - 0.48))::numeric, 2),
      round((0.1 * (random() - 0.48))::numeric, 6), 1.5, 0.5, 0.6, 0.1, 'win'
    FROM strategies_strategy AS s, generate_series(1, %(trades)s) AS n
    """,
    """
    INSERT INTO strategies_reportclaim (strategy_id, source, metric, value, text, claimed_at)
    SELECT s.id, 'backtest', m, 0.5, '', now() FROM strategies_strategy AS s,
      unnest(ARRAY['total_return_ratio', 'max_drawdown_ratio', 'trade_count', 'win_rate_ratio'])
        AS m
    """,
    """
    INSERT INTO strategies_strategy (slug, name, description, category, assets, timeframe, status,
      risk_level, rule, parameters, tags, featured, curated, public, source_code, source_hash,
      data_version, created_at, updated_at)
    SELECT 'neighbour-' || n, 'Neighbour', '', 'trend', '["ETH"]', '1d', 'deployed', 'high', '',
      '{}', '[]', false, false, true, '', '', 1, now(), now()
    FROM generate_series(1, %(neighbours)s) AS n
    """,
    """
    INSERT INTO strategies_performancepoint
      (strategy_id, source, as_of_at, nav_per_share_usd, aum_usd)
    SELECT s.id, p.source, p.as_of_at, p.nav_per_share_usd, p.aum_usd
    FROM strategies_strategy AS s, strategies_performancepoint AS p WHERE s.slug <> %(slug)s
    """,
    """
    INSERT INTO strategies_metricssnapshot (strategy_id, source, "window", observations, data_version)
    SELECT s.id, 'backtest', 'all', 1826, 1 FROM strategies_strategy AS s
    """,
    "VACUUM ANALYZE",
)


def main() -> int:
    """Measure with throw-away servers around; 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        around = [sys.executable, "-m", "atlas.embedded", "exec", "--", sys.executable]
        return subprocess.call([*around, "-m", "benchmarks.report_figures", *sys.argv[1:], INSIDE])
    _prepare()
    return publish(figures(rounds=options.rounds))


def _prepare() -> None:
    """Make the tables, grant the roles their rights, fill the catalogue."""
    import os

    import django
    import psycopg

    for command in ("migrate", "grant_roles"):
        subprocess.run(
            [sys.executable, "manage.py", command], check=True, stdout=subprocess.DEVNULL
        )
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "ATLAS_LOG_LEVEL": "WARNING",
        "ATLAS_API_VISITOR_PER_MINUTE": "1000000",
        "ATLAS_DEBUG": "false",
    }
    django.setup()
    values = {"slug": SLUG, "days": DAYS, "trades": TRADES, "neighbours": NEIGHBOURS}
    with psycopg.connect(os.environ["ATLAS_MIGRATE_DATABASE_URL"], autocommit=True) as session:
        for statement in _STATEMENTS:
            session.execute(statement, values if "%(" in statement else None)


def figures(*, rounds: int) -> Iterator[Figure]:
    """Measure everything in turns."""
    calls = _calls()
    pdf = {"pdf": calls.pop("pdf")}  # alone: it would empty the processor's caches for the others
    found = {**_measured(calls, rounds=rounds), **_measured(pdf, rounds=1)}
    yield Figure("report_json", found["json"], "ms", yardstick=found["pandas_view"], goal=GOAL)
    yield Figure("report_of_arrays", found["arrays"], "ms", yardstick=found["pandas_arrays"])
    for form in ("csv", "html", "pdf"):
        yield Figure(f"report_{form}", found[form], "ms")


def _calls() -> dict[str, tuple[Callable[[], object], int]]:
    """Name what is measured, and how often a round."""
    from django.test import Client, override_settings

    client, numbers = Client(SERVER_NAME="localhost"), iter(range(1, 1_000_000))
    path = f"/api/v1/strategies/{SLUG}/report/"

    def ask(form: str) -> Callable[[], object]:
        def call() -> object:
            query = {"format": form, "rf": f"{next(numbers) * 1e-7:.7f}"}
            answer = client.get(path, query)
            if answer.status_code != 200:
                raise RuntimeError(f"{form}: {answer.status_code} {answer.content[:300]!r}")
            return answer

        return call

    def by_pandas() -> object:
        with override_settings(ROOT_URLCONF="benchmarks.pandas_view"):
            answer = client.get("/api/v1/pandas/")
        if answer.status_code != 200:
            raise RuntimeError(f"pandas: {answer.status_code} {answer.content[:300]!r}")
        return answer

    arrays, pandas_arrays = _of_arrays()
    return {
        "json": (ask("json"), 20),
        "pandas_view": (by_pandas, 20),
        "arrays": (arrays, 20),
        "pandas_arrays": (pandas_arrays, 20),
        "csv": (ask("csv"), 5),
        "html": (ask("html"), 5),
        "pdf": (ask("pdf"), 1),
    }


def _of_arrays() -> tuple[Callable[[], object], Callable[[], object]]:
    """Give both ways from what has been read to numbers."""
    import pandas as pd
    from django.contrib.auth.models import AnonymousUser

    from atlas.api.filtering import DateRange
    from atlas.api.renderers import to_json
    from benchmarks.metrics import pandas_headlines
    from strategies.report.asking import Wish
    from strategies.report.computing import compute
    from strategies.report.document import document_of
    from strategies.report.facts import read_facts

    wish = Wish(DateRange(None, None), None, None, 0.0, None, "json")
    facts = read_facts(wish, slug=SLUG, reader=AnonymousUser())
    if facts is None:
        raise RuntimeError("The strategy that is measured is not there")
    index = pd.DatetimeIndex(facts.series.micros.astype("datetime64[us]"))
    series = pd.Series(facts.series.navs, index=index)
    return (
        lambda: to_json(document_of(compute(facts, wish))),
        lambda: pandas_headlines(series),
    )


def _measured(
    calls: dict[str, tuple[Callable[[], object], int]], *, rounds: int
) -> dict[str, float]:
    """Run every call in turns, one warm round first, and give its median cost."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, (call, times) in calls.items():
            began = _cpu()
            for _ in range(times):
                call()
            taken = (_cpu() - began) / times * MILLISECONDS
            if number > 0:
                spent[name].append(taken)
        tell(f"round {number}: " + ", ".join(f"{k} {v[-1]:.2f}" for k, v in spent.items() if v))
    return {name: median(values) for name, values in spent.items()}


def _cpu() -> float:
    """Give the seconds of processor time spent so far, by us and by our session of the database."""
    from django.db import connection

    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(words[11]) + int(words[12])) / CLOCK_TICKS


if __name__ == "__main__":
    raise SystemExit(main())
