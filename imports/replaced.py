"""Which points of a series a run replaces, so that the catalogue can keep what was published.

Applying puts records in the place of what the change-set noted; reverting puts that back. Points
that a run brings to owners who never had any replace nothing and are left out when it is applied.
"""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from psycopg.sql import SQL, Composed, Literal

from imports.formats.vocabulary import Kind
from imports.models import ChangeGroup, ImportRun
from strategies.models import SeriesRevision
from strategies.revisions import Replaced

_STAGED: LiteralString = "n.content"
_BEFORE: LiteralString = "h.before"
_POINT: LiteralString = (
    "SELECT o.id AS strategy_id, {json}->>'source' AS source,"
    " ({json}->>'as_of_at')::timestamptz AS as_of_at"
)
_VALUES: LiteralString = (
    ", ({json}->>'nav_per_share_usd')::numeric(38,18) AS nav_per_share_usd,"
    " ({json}->>'aum_usd')::numeric(38,18) AS aum_usd"
)
_NO_VALUES: LiteralString = (
    ", NULL::numeric(38,18) AS nav_per_share_usd, NULL::numeric(38,18) AS aum_usd"
)
_NOTED: LiteralString = (
    " FROM imports_recordchange AS h JOIN strategies_strategy AS o ON o.slug = h.owner"
    " WHERE h.run_id = %(run)s AND h.kind = {kind} AND h.action = ANY({actions})"
)
_NOTED_STAGED: LiteralString = (
    " FROM imports_recordchange AS h JOIN imports_stagedrecord AS n"
    " ON (n.run_id, n.kind, n.ordinal) = (h.run_id, h.kind, h.ordinal)"
    " JOIN strategies_strategy AS o ON o.slug = h.owner"
    " WHERE h.run_id = %(run)s AND h.kind = {kind} AND h.action = ANY({actions})"
)
# Records of groups whose inserts were not noted one by one: none of the owner's points stayed.
_WHOLE_GROUPS: LiteralString = (
    " FROM imports_stagedrecord AS n JOIN imports_changegroup AS g"
    " ON (g.run_id, g.kind, g.owner) = (n.run_id, n.kind, n.owner)"
    " AND g.unchanged = 0 AND g.updated = 0"
    " JOIN strategies_strategy AS o ON o.slug = n.owner"
    " WHERE n.run_id = %(run)s AND n.kind = {kind} AND NOT n.is_rejected"
)
_OF_KNOWN_SERIES: LiteralString = " AND n.owner = ANY(%(known)s)"


def replaced_by(run: ImportRun, groups: Iterable[ChangeGroup]) -> Replaced:
    """Tell what stood where a run has been applied."""
    points = [group for group in groups if group.kind == Kind.PERFORMANCE]
    parts: list[Composed] = []
    if any(group.updated or group.deleted or group.unchanged for group in points):
        parts.append(_part(_BEFORE, _VALUES, _NOTED, "update", "delete"))
        parts.append(_part(_STAGED, _NO_VALUES, _NOTED_STAGED, "insert"))
    known = _with_a_past(group for group in points if group.inserted)
    if known:
        parts.append(_part(_STAGED, _NO_VALUES, _WHOLE_GROUPS + _OF_KNOWN_SERIES))
    return _replaced(run, *parts, known=known) if parts else Replaced()


def _with_a_past(groups: Iterable[ChangeGroup]) -> list[str]:
    """Name the owners of whom something was published before, although none of it stays."""
    deleted = {group.owner: bool(group.deleted) for group in groups}
    revised = SeriesRevision.objects.filter(strategy__slug__in=deleted)
    slugs = set(revised.values_list("strategy__slug", flat=True))
    return sorted(owner for owner, is_deleted in deleted.items() if is_deleted or owner in slugs)


def replaced_by_reverting(run: ImportRun) -> Replaced:
    """Tell what stood where a run has been taken back."""
    return _replaced(
        run,
        _part(_STAGED, _VALUES, _NOTED_STAGED, "update", "insert"),
        _part(_BEFORE, _NO_VALUES, _NOTED, "delete"),
        _part(_STAGED, _VALUES, _WHOLE_GROUPS),
    )


def _part(
    json: LiteralString, values: LiteralString, rows: LiteralString, *actions: LiteralString
) -> Composed:
    """Write one branch of the query."""
    return SQL(_POINT + values + rows).format(
        json=SQL(json), kind=Literal(Kind.PERFORMANCE.value), actions=Literal(list(actions))
    )


def _replaced(run: ImportRun, *parts: Composed, known: Sequence[str] = ()) -> Replaced:
    """Put the branches together; the groups of a run never overlap."""
    return Replaced(SQL(" UNION ALL ").join(parts), {"run": run.pk, "known": list(known)})
