"""Revisions: what a change of series replaced, noted in the transaction that makes the change.

The published past stays readable: a series as it was at an earlier data version is what there is
now, with the points that later revisions superseded put back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Composable

from strategies.models import MetricsSnapshot, SeriesRevision, Strategy, SupersededPoint
from strategies.vocabulary import Window

Ends = dict[tuple[int, str], datetime | None]

# Points are superseded up to the furthest end that the series ever had: what is appended to a
# series whose end was withdrawn lies where something else was published, or nothing.
_NOTE = SQL("""
    WITH known AS (
      SELECT * FROM unnest(%(known_ids)s::bigint[], %(known_sources)s::text[],
        %(known_ends)s::timestamptz[]) AS k(strategy_id, source, last_at)
    ), furthest AS (
      SELECT strategy_id, source, max(last_at_before) AS last_at
      FROM strategies_seriesrevision WHERE strategy_id = ANY(%(strategy_ids)s) GROUP BY 1, 2
    ), changes AS MATERIALIZED ({changes}), counted AS (
      SELECT c.strategy_id, c.source, k.last_at,
        min(c.as_of_at) FILTER (WHERE c.as_of_at <= k.last_at) AS first_changed_at,
        count(*) FILTER (WHERE c.nav_per_share_usd IS NOT NULL AND p.source IS NOT NULL) AS revised,
        count(*) FILTER (WHERE c.nav_per_share_usd IS NOT NULL AND p.source IS NULL) AS withdrawn,
        count(*) FILTER (WHERE c.nav_per_share_usd IS NULL AND c.as_of_at <= k.last_at) AS inserted
      FROM changes AS c LEFT JOIN known AS k USING (strategy_id, source)
      LEFT JOIN strategies_performancepoint AS p USING (strategy_id, source, as_of_at)
      GROUP BY 1, 2, 3
      UNION ALL
      SELECT m.strategy_id, m.source, NULL, NULL, 0, 0, 0
      FROM strategies_metricssnapshot AS m LEFT JOIN known AS k USING (strategy_id, source)
      WHERE m.strategy_id = ANY(%(strategy_ids)s) AND m."window" = %(window)s
        AND k.source IS NULL
        AND NOT EXISTS (SELECT FROM changes AS c WHERE c.strategy_id = m.strategy_id
          AND c.source = m.source)
    ), noted AS (
      INSERT INTO strategies_seriesrevision (strategy_id, source, version_before, version_after,
        last_at_before, first_changed_at, revised_count, withdrawn_count, inserted_count,
        reference, noted_at)
      SELECT n.strategy_id, n.source, s.data_version - 1, s.data_version, n.last_at,
        n.first_changed_at, n.revised, n.withdrawn, n.inserted, %(reference)s, %(now)s
      FROM counted AS n JOIN strategies_strategy AS s ON s.id = n.strategy_id
      RETURNING id, strategy_id, source, last_at_before
    )
    INSERT INTO strategies_supersededpoint (revision_id, as_of_at, nav_per_share_usd, aum_usd)
    SELECT r.id, c.as_of_at, c.nav_per_share_usd, c.aum_usd
    FROM changes AS c JOIN noted AS r USING (strategy_id, source)
    LEFT JOIN furthest AS f USING (strategy_id, source)
    WHERE c.as_of_at <= greatest(r.last_at_before, f.last_at)
""")
NOTHING = SQL("""
    SELECT NULL::bigint AS strategy_id, NULL::text AS source, NULL::timestamptz AS as_of_at,
      NULL::numeric AS nav_per_share_usd, NULL::numeric AS aum_usd WHERE false
""")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A query that tells which points a change replaced, as they were before it.

    Its columns are strategy_id, source, as_of_at, nav_per_share_usd and aum_usd; no NAV says that
    the point was not there. Points of series that did not exist before may be left out.
    """

    query: Composable = field(default_factory=lambda: NOTHING)
    values: Mapping[str, Any] = field(default_factory=dict)


def ends_of(strategy_ids: Collection[int]) -> Ends:
    """Tell where each series of these strategies ends, by its stored metrics."""
    stored = MetricsSnapshot.objects.filter(strategy__in=strategy_ids, window=Window.ALL.value)
    return {
        (strategy_id, source): last_at
        for strategy_id, source, last_at in stored.values_list("strategy_id", "source", "last_at")
    }


def note_revisions(
    strategy_ids: Collection[int],
    *,
    ends_before: Ends,
    replaced: Replaced,
    reference: str,
    now: datetime,
) -> None:
    """Write down what a change of series replaced.

    Call it in the transaction of the change, after points, data versions and metrics have changed.
    """
    keys = list(ends_before)
    values = {
        **replaced.values,
        "known_ids": [strategy_id for strategy_id, _ in keys],
        "known_sources": [source for _, source in keys],
        "known_ends": [ends_before[key] for key in keys],
        "strategy_ids": list(strategy_ids),
        "window": Window.ALL.value,
        "reference": reference,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE.format(changes=replaced.query), values)


def restatements(strategy: Strategy) -> list[SeriesRevision]:
    """Give the revisions that changed published history, the newest first."""
    changed = SeriesRevision.objects.filter(strategy=strategy, first_changed_at__isnull=False)
    return list(changed.order_by("-version_after", "source"))


def forget_revisions(strategy_ids: Collection[int]) -> None:
    """Drop the revisions of strategies that are to be deleted."""
    gone = SeriesRevision.objects.filter(strategy__in=strategy_ids)
    SupersededPoint.objects.filter(revision__in=gone).delete()
    gone.delete()
