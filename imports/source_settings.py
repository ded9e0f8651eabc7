"""Setting sources up: each change is checked, audited, and brings the schedule into step."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.errors import InvalidInput
from atlas.schedules import ensure_schedules
from imports.formats.registry import format_names
from imports.models import ImportSource
from imports.models.sources import HANDED
from imports.source_addresses import require_address
from imports.vocabulary import SourceKind

CHANGEABLE = (
    "address",
    "credentials",
    "enabled",
    "cadence_seconds",
    "expected_every_seconds",
    "policy",
    "allow_partial",
    "wanted_format",
    "largest_bytes",
    "jump_threshold_ratio",
    "weight_tolerance_ratio",
    "claim_tolerance_ratio",
)
WHOLE = "__all__"
# A change of one of these begins the waiting anew.
_WAITING = ("address", "enabled", "expected_every_seconds")


def create_source(
    *, name: str, kind: SourceKind, actor: Actor, now: datetime, **values: Any
) -> ImportSource:
    """Set a source up; `values` are columns of CHANGEABLE. Raises InvalidInput with all problems."""
    source = ImportSource(name=name, kind=kind.value, created_at=now, watched_since_at=now)
    _set(source, values)
    with transaction.atomic():
        source.save()
        _note(source, "create", before=None, actor=actor, now=now)
        ensure_schedules(now=now)
    return source


def change_source(
    source: ImportSource, *, actor: Actor, now: datetime, reason: str = "", **values: Any
) -> ImportSource:
    """Change columns of CHANGEABLE; without a difference nothing is written.

    Raises InvalidInput with all problems.
    """
    before = _described(source)
    _set(source, values)
    if _described(source) == before:
        return source
    if any(before[name] != _described(source)[name] for name in _WAITING):
        source.watched_since_at = now
    with transaction.atomic():
        source.save(update_fields=[*CHANGEABLE, "watched_since_at"])
        _note(source, "change", before=before, actor=actor, now=now, reason=reason)
        ensure_schedules(now=now)
    return source


def _set(source: ImportSource, values: dict[str, Any]) -> None:
    """Put new values into a source and check the whole of it."""
    unknown = sorted(set(values) - set(CHANGEABLE))
    if unknown:
        raise InvalidInput(f"A source has no {', '.join(unknown)} that could be set.")
    for name, value in values.items():
        setattr(source, name, value)
    problems = problems_of(source)
    if problems:
        told = (f"{name}: {' '.join(words)}" for name, words in problems.items())
        raise InvalidInput(" ".join(words.removeprefix(f"{WHOLE}: ") for words in told))


def problems_of(source: ImportSource) -> dict[str, list[str]]:
    """List what is wrong with a source's settings by column, under WHOLE what concerns several."""
    problems: dict[str, list[str]] = {}
    try:
        require_address(SourceKind(source.kind), source.address)
    except InvalidInput as refusal:
        problems["address"] = [refusal.message]
    if source.kind in {kind.value for kind in HANDED} and source.cadence_seconds is not None:
        words = "There is nowhere to look for files that are handed in: no cadence."
        problems["cadence_seconds"] = [words]
    if source.wanted_format not in format_names():
        problems["wanted_format"] = [f"Known formats: {', '.join(format_names())}."]
    try:
        source.full_clean(exclude=("address",) if problems else ())
    except ValidationError as invalid:
        for name, found in invalid.error_dict.items():
            for one in found:
                place = one.code if name == WHOLE and one.code in CHANGEABLE else name
                problems.setdefault(str(place), []).extend(one.messages)
    return problems


def _described(source: ImportSource) -> dict[str, Any]:
    """Give what an audit row says of a source; it holds no secret."""
    return {name: getattr(source, name) for name in CHANGEABLE}


def _note(
    source: ImportSource,
    verb: str,
    *,
    before: dict[str, Any] | None,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    record(
        action=f"import_source.{verb}",
        subject=source,
        actor=actor,
        now=now,
        before=before,
        after={"name": source.name, "kind": source.kind, **_described(source)},
        reason=reason,
    )
