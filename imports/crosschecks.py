"""Checks that need all staged records at once, or the catalogue.

Each rejects the records that fail it, so that the next one builds on what is left: a strategy whose
benchmark is unknown goes, and with it everything that belongs to that strategy.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from imports.formats.checks import Thresholds
from imports.formats.problems import Problem, Span
from imports.formats.vocabulary import Kind, Severity
from imports.groups import GroupKey
from imports.models import ImportRun, StagedRecord
from onchain.models import Chain, Vault
from strategies.models import Benchmark, Strategy

PARENT_OF = {
    Kind.BENCHMARK_POINT: Kind.BENCHMARK,
    Kind.VAULT_PERFORMANCE: Kind.VAULT,
    Kind.PERFORMANCE: Kind.STRATEGY,
    Kind.HOLDING: Kind.STRATEGY,
    Kind.TRADE: Kind.STRATEGY,
    Kind.CLAIM: Kind.STRATEGY,
}
_PARENTS = (Kind.BENCHMARK, Kind.STRATEGY, Kind.VAULT)
_UNORDERED = frozenset((*_PARENTS, Kind.HOLDING, Kind.TRADE, Kind.CLAIM))

# Narrowed to groups in which a key may occur twice. Points of series are left out: their order was
# checked on the way in.
_REPEATED = """
    SELECT later.ordinal, later.kind, later.owner, later.key, later.byte_start, later.byte_length
    FROM (
        SELECT kind, owner, key, min(ordinal) AS first
        FROM imports_stagedrecord
        WHERE run_id = %(run)s AND NOT is_rejected AND kind = ANY(%(kinds)s)
          AND (kind, owner) IN (SELECT * FROM unnest(%(of_kinds)s::text[], %(owners)s::text[]))
        GROUP BY kind, owner, key HAVING count(*) > 1
    ) AS known
    JOIN imports_stagedrecord AS later
      ON (later.kind, later.owner, later.key) = (known.kind, known.owner, known.key)
    WHERE later.run_id = %(run)s AND NOT later.is_rejected AND later.ordinal > known.first
    ORDER BY later.ordinal
"""
_WRONG_WEIGHTS = """
    SELECT owner, content->>'as_of_at', sum((content->>'weight_ratio')::float8),
      min(byte_start), min(byte_length)
    FROM imports_stagedrecord
    WHERE run_id = %(run)s AND kind = 'holding' AND NOT is_rejected
    GROUP BY 1, 2
    HAVING abs(sum((content->>'weight_ratio')::float8) - 1) > %(tolerance)s
    ORDER BY 4
"""


@dataclass(frozen=True, slots=True)
class _Staged:
    """A staged record as far as a problem names it."""

    ordinal: int
    kind: Kind
    owner: str
    key: str
    span: Span

    def problem(self, code: str, message: str, field: str, value: str) -> Problem:
        """Make a problem of it."""
        return Problem(
            code,
            message,
            path=f"byte {self.span.start}",
            kind=self.kind,
            owner=self.owner,
            key=self.key,
            field=field,
            value=value,
            span=self.span,
        )


def cross_check(
    run: ImportRun,
    *,
    groups: Collection[GroupKey],
    may_repeat: Collection[GroupKey],
    thresholds: Thresholds,
) -> list[Problem]:
    """Find keys that occur twice, references that lead nowhere and weights that do not add up.

    `groups` are the kinds and owners in the file, `may_repeat` those of them that may have a key
    twice, `thresholds` are those of the source. Works in the caller's transaction; the records at fault are rejected.
    """
    return [
        *_repeated_keys(run, may_repeat),
        *_lost_references(run),
        *_orphans(run, groups),
        *_wrong_weights(run, tolerance_ratio=thresholds.weight_tolerance_ratio),
    ]


def _repeated_keys(run: ImportRun, groups: Collection[GroupKey]) -> list[Problem]:
    """Keep the first record of each key and reject the others."""
    asked = sorted(group for group in groups if group[0] in _UNORDERED)
    if not asked:
        return []
    kinds, owners = [kind.value for kind, _ in asked], [owner for _, owner in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            _REPEATED,
            {"run": run.pk, "kinds": list(set(kinds)), "of_kinds": kinds, "owners": owners},
        )
        repeated = [
            _Staged(ordinal, Kind(kind), owner, key, Span(start, length))
            for ordinal, kind, owner, key, start, length in cursor.fetchall()
        ]
    _reject(run, repeated)
    return [
        one.problem(
            "duplicate_key", "Another record has the same key; the first one counts.", "", ""
        )
        for one in repeated
    ]


def _lost_references(run: ImportRun) -> list[Problem]:
    """Reject strategies without their benchmark, and vaults without their chain or strategy."""
    problems = []
    for kind, fields in _REFERENCES.items():
        lost = []
        rows = _references(run, kind, fields)
        for field, (target, what) in fields.items():
            known = known_keys(run, target, {row[field] for _, row in rows if row[field]})
            for staged, row in rows:
                if row[field] and row[field] not in known:
                    message = f"There is no {what} {row[field]}, neither in the file nor here."
                    problems.append(staged.problem("unknown_reference", message, field, row[field]))
                    lost.append(staged)
        _reject(run, lost)
    return problems


def _references(
    run: ImportRun, kind: Kind, fields: Iterable[str]
) -> list[tuple[_Staged, dict[str, str]]]:
    """Read what the parents of one kind refer to, as text."""
    rows = StagedRecord.objects.filter(run=run, kind=kind, is_rejected=False).order_by("ordinal")
    return [
        (
            _Staged(row.ordinal, kind, row.owner, row.key, Span(row.byte_start, row.byte_length)),
            {field: _reference((row.content or {}).get(field)) for field in fields},
        )
        for row in rows.iterator()
    ]


def _reference(value: Any) -> str:
    """Write a reference as text; chain ids come as numbers."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float | int) else str(value)


def known_keys(run: ImportRun, kind: Kind | None, names: set[str]) -> set[str]:
    """Keep the names that there are: good in the file, or here and not turned down in the file.

    `kind` None asks for chains, which a file cannot bring.
    """
    if kind is None:
        chains = Chain.objects.filter(chain_id__in=[int(name) for name in names])
        return {str(chain_id) for chain_id in chains.values_list("chain_id", flat=True)}
    staged = StagedRecord.objects.filter(run=run, kind=kind, key__in=names)
    good = set(staged.filter(is_rejected=False).values_list("key", flat=True))
    bad = set(staged.filter(is_rejected=True).values_list("key", flat=True))
    return good | (_catalogue_keys(kind, names) - bad)


def _catalogue_keys(kind: Kind, names: set[str]) -> set[str]:
    """Keep the names of parents that the catalogue or the register has."""
    if kind is Kind.VAULT:
        addresses = [name.rpartition(":")[2] for name in names]
        vaults = Vault.objects.filter(address__in=addresses)
        return names & {vault.account_id for vault in vaults}
    model = Benchmark if kind is Kind.BENCHMARK else Strategy
    return set(model.objects.filter(slug__in=names).values_list("slug", flat=True))


def _orphans(run: ImportRun, groups: Collection[GroupKey]) -> Iterator[Problem]:
    """Reject what belongs to nothing that there is; one problem a kind and owner."""
    for kind, parent in PARENT_OF.items():
        owners = {owner for group_kind, owner in groups if group_kind is kind}
        for owner in sorted(owners - known_keys(run, parent, owners)):
            staged = StagedRecord.objects.filter(run=run, kind=kind, owner=owner)
            first = staged.order_by("ordinal").first()
            count = staged.filter(is_rejected=False).update(is_rejected=True)
            if not count or first is None:
                continue
            name = owner or "a record that could not be read"
            yield Problem(
                "unknown_owner",
                f"{count:,} {kind.value} records belong to {name}, and there is no such "
                f"{parent.value}, or it was turned down.",
                path=f"byte {first.byte_start}",
                kind=kind,
                owner=owner,
                field=parent.value,
                value=owner,
                span=Span(first.byte_start, first.byte_length),
            )


def _wrong_weights(run: ImportRun, *, tolerance_ratio: float) -> list[Problem]:
    """Report moments at which the holdings of a strategy are not the whole of it."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_WEIGHTS, {"run": run.pk, "tolerance": tolerance_ratio})
        return [
            Problem(
                "weights_do_not_sum",
                f"The weights of {as_of_at} add up to {total:.4g}, not to 1.",
                Severity.WARNING,
                path=f"byte {start}",
                kind=Kind.HOLDING,
                owner=owner,
                key=as_of_at,
                field="weight_ratio",
                value=f"{total:.6g}",
                span=Span(start, length),
            )
            for owner, as_of_at, total, start, length in cursor.fetchall()
        ]


def _reject(run: ImportRun, records: list[_Staged]) -> None:
    """Mark records as not counting."""
    for kind in {record.kind for record in records}:
        ordinals = [record.ordinal for record in records if record.kind is kind]
        staged = StagedRecord.objects.filter(run=run, kind=kind, ordinal__in=ordinals)
        staged.update(is_rejected=True)


_REFERENCES: dict[Kind, dict[str, tuple[Kind | None, str]]] = {
    Kind.STRATEGY: {"benchmark": (Kind.BENCHMARK, "benchmark")},
    Kind.VAULT: {"chain_id": (None, "chain"), "strategy": (Kind.STRATEGY, "strategy")},
}
