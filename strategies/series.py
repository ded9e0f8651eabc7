"""NAV series as they are published: read in one statement, at any data version that is known.

Moments and exact texts come packed, so that fifty thousand points cost little more than the
database takes to read them. The numbers are the doubles nearest to the texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from atlas.api.access import Reader, sees_everything
from atlas.api.filtering import DateRange
from atlas.domain.errors import InvalidInput
from atlas.hot_statements import hot_row
from strategies.packed import FloatArray, IntArray, micros_of, numbers_of
from strategies.vocabulary import BEST_EVIDENCE_FIRST, SeriesSource

LONGEST_SERIES = 100_000

_POINTS_NOW = """
    SELECT p.as_of_at, p.nav_per_share_usd, p.aum_usd FROM strategies_performancepoint AS p
    WHERE p.strategy_id = c.id AND p.source = c.source
"""
# A point as it was: its value before the first later revision that touched it, else what it says
# now; nothing lies behind the end that the series had then.
_POINTS_THEN = """
    SELECT t.as_of_at, t.nav_per_share_usd, t.aum_usd FROM (
      SELECT DISTINCT ON (b.as_of_at) b.as_of_at, b.nav_per_share_usd, b.aum_usd
      FROM (
        SELECT o.as_of_at, o.nav_per_share_usd, o.aum_usd, r.version_after
        FROM strategies_seriesrevision AS r
        JOIN strategies_supersededpoint AS o ON o.revision_id = r.id
        WHERE r.strategy_id = c.id AND r.source = c.source
          AND r.version_after > %(data_version)s
        UNION ALL
        SELECT p.as_of_at, p.nav_per_share_usd, p.aum_usd, 9223372036854775807
        FROM strategies_performancepoint AS p
        WHERE p.strategy_id = c.id AND p.source = c.source
      ) AS b ORDER BY b.as_of_at, b.version_after
    ) AS t
    WHERE t.nav_per_share_usd IS NOT NULL AND t.as_of_at <= coalesce((
      SELECT coalesce(r.last_at_before, '-infinity') FROM strategies_seriesrevision AS r
      WHERE r.strategy_id = c.id AND r.source = c.source AND r.version_after > %(data_version)s
      ORDER BY r.version_after LIMIT 1
    ), 'infinity')
"""
_STATEMENT = """
    WITH found AS (
      SELECT s.id, s.slug, s.data_version, s.history_from_version FROM strategies_strategy AS s
      WHERE {strategy} AND {visible}
    ), chosen AS (
      SELECT f.*, kind.source FROM found AS f LEFT JOIN LATERAL (
        SELECT k.source FROM unnest(%(sources)s::text[]) WITH ORDINALITY AS k(source, place)
        WHERE {exists} ORDER BY k.place LIMIT 1
      ) AS kind ON true
    )
    SELECT c.id, c.slug, c.data_version, c.history_from_version, c.source,
      a.moments, a.navs, a.aums, a.points,
      (SELECT json_agg(json_build_array(r.version_before, r.version_after, r.first_changed_at,
          r.revised_count, r.withdrawn_count, r.inserted_count, r.reference, r.noted_at)
          ORDER BY r.version_after DESC)
        FROM strategies_seriesrevision AS r WHERE r.strategy_id = c.id AND r.source = c.source
          AND r.first_changed_at IS NOT NULL)
    FROM chosen AS c LEFT JOIN LATERAL (
      SELECT string_agg(timestamptz_send(q.as_of_at), ''::bytea ORDER BY q.as_of_at) AS moments,
        string_agg(trim_scale(q.nav_per_share_usd)::text, ',' ORDER BY q.as_of_at) AS navs,
        string_agg(coalesce('"' || trim_scale(q.aum_usd)::text || '"', 'null'), ','
          ORDER BY q.as_of_at) AS aums,
        count(*) AS points
      FROM (SELECT * FROM ({points}) AS x WHERE {within} ORDER BY x.as_of_at LIMIT %(most)s) AS q
    ) AS a ON true
"""
_EXISTS_NOW = """
    EXISTS (SELECT FROM strategies_performancepoint AS p
      WHERE p.strategy_id = f.id AND p.source = k.source)
"""
_EXISTED_THEN = """
    coalesce((SELECT r.last_at_before IS NOT NULL FROM strategies_seriesrevision AS r
      WHERE r.strategy_id = f.id AND r.source = k.source AND r.version_after > %(data_version)s
      ORDER BY r.version_after LIMIT 1), EXISTS (SELECT FROM strategies_performancepoint AS p
        WHERE p.strategy_id = f.id AND p.source = k.source))
"""


@dataclass(frozen=True, slots=True)
class Restatement:
    """One change of published history.

    Up to `version_before` other figures were published, which can still be read by that version.
    """

    version_before: int
    version_after: int
    first_changed_at: datetime
    revised: int
    withdrawn: int
    inserted: int
    reference: str
    noted_at: datetime


@dataclass(frozen=True, eq=False)
class Series:
    """What a share of a strategy was worth over time, by one kind of evidence, oldest first.

    `source` is None where the strategy has no series. `nav_texts` are exact and joined by commas,
    `aum_texts` are JSON strings or null, joined alike. `data_version` is the one that was asked
    for, `current_version` the newest one. `restatements` are all of this series, newest first.
    """

    strategy_id: int
    slug: str
    source: SeriesSource | None
    data_version: int
    current_version: int
    micros: IntArray
    nav_texts: str
    aum_texts: str
    restatements: Sequence[Restatement]

    @cached_property
    def navs(self) -> FloatArray:
        """Give the NAVs per share as numbers."""
        return numbers_of(self.nav_texts)

    def __len__(self) -> int:
        return len(self.micros)


def read_series(
    *,
    slug: str | None = None,
    strategy_id: int | None = None,
    reader: Reader | None = None,
    source: SeriesSource | None = None,
    within: DateRange | None = None,
    data_version: int | None = None,
) -> Series | None:
    """Read the series of a strategy that is named by its slug or its id, within a range of days.

    Without a source the best evidence that exists is taken: live, then paper, then backtest. With a
    data version the series is told as it was published then. A reader sees what they may see; no
    reader sees everything. Gives None where there is no such strategy.

    Raises InvalidInput for a data version that cannot be told, and where the range holds more than
    100,000 points.
    """
    within = within or DateRange(None, None)
    is_then = data_version is not None
    sees_all = reader is None or sees_everything(reader)
    values: dict[str, Any] = {
        "slug": slug,
        "strategy_id": strategy_id,
        "sources": [source.value] if source else [one.value for one in BEST_EVIDENCE_FIRST],
        "data_version": data_version,
        "start_at": within.start_at,
        "end_at": within.end_at,
        "most": LONGEST_SERIES + 1,
    }
    statement = _STATEMENT.format(
        strategy="s.id = %(strategy_id)s" if slug is None else "s.slug = %(slug)s",
        visible="true" if sees_all else "s.public",
        exists="true" if source else (_EXISTED_THEN if is_then else _EXISTS_NOW),
        points=_POINTS_THEN if is_then else _POINTS_NOW,
        within=_within(within),
    )
    row = hot_row(statement, values)
    return None if row is None else _series(row, data_version)


def _within(within: DateRange) -> str:
    """Write the condition of a range of days."""
    conditions = {
        "x.as_of_at >= %(start_at)s": within.start_at,
        "x.as_of_at < %(end_at)s": within.end_at,
    }
    return " AND ".join(["true", *(text for text, end in conditions.items() if end is not None)])


def _series(row: Sequence[Any], asked: int | None) -> Series:
    """Unpack the one row of the statement."""
    strategy_id, slug, current, oldest, source, moments, navs, aums, points, notes = row
    if asked is not None and not oldest <= asked <= current:
        raise InvalidInput(
            f"data_version: version {asked} of {slug} cannot be told; there are {oldest} to {current}",
            detail={"data_version": [f"must lie between {oldest} and {current}"]},
        )
    if points > LONGEST_SERIES:
        raise InvalidInput(
            f"The range holds more than {LONGEST_SERIES:,} points; narrow it with from and to",
            detail={"most_points": LONGEST_SERIES},
        )
    return Series(
        strategy_id=strategy_id,
        slug=slug,
        source=SeriesSource(source) if source else None,
        data_version=current if asked is None else asked,
        current_version=current,
        micros=micros_of(moments) if moments else np.zeros(0, dtype=np.int64),
        nav_texts=navs or "",
        aum_texts=aums or "",
        restatements=[_restatement(note) for note in notes or ()],
    )


def _restatement(note: Sequence[Any]) -> Restatement:
    """Read a notice as the database wrote it."""
    before, after, changed_at, revised, withdrawn, inserted, reference, noted_at = note
    return Restatement(
        version_before=before,
        version_after=after,
        first_changed_at=datetime.fromisoformat(changed_at),
        revised=revised,
        withdrawn=withdrawn,
        inserted=inserted,
        reference=reference,
        noted_at=datetime.fromisoformat(noted_at),
    )
