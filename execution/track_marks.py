"""Marks: where a track record begins to be that of other parameters or other limits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any

from django.db.models import Min, OuterRef, Subquery

from execution.models import Deployment, EquityPoint, GuardrailLimits, ParameterVersion


class MarkOf(StrEnum):
    """What changed."""

    PARAMETERS = "parameters"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Mark:
    """One change on the series of a deployment.

    `as_of_at` is the first point of the series that was valued after the change (feed time); None
    where none has been yet. `changed_at` is wall time.
    """

    kind: MarkOf
    version: int
    changed_at: datetime
    as_of_at: datetime | None
    reason: str
    by: str


def marks_of(deployment: Deployment) -> list[Mark]:
    """List the changes of parameters and limits after the first version, oldest first; two queries."""
    first_after = (
        EquityPoint.objects.filter(
            deployment=OuterRef("deployment"), recorded_at__gte=OuterRef("created_at")
        )
        .order_by()
        .values("deployment")
        .annotate(first_at=Min("as_of_at"))
        .values("first_at")
    )
    parameters = ParameterVersion.objects.filter(deployment=deployment)
    limits = GuardrailLimits.objects.filter(deployment=deployment, version__gt=1)
    found: Iterable[tuple[MarkOf, Any]] = chain(
        ((MarkOf.PARAMETERS, row) for row in parameters.annotate(as_of_at=Subquery(first_after))),
        ((MarkOf.LIMITS, row) for row in limits.annotate(as_of_at=Subquery(first_after))),
    )
    marks = [
        Mark(kind, row.version, row.created_at, row.as_of_at, row.reason, row.created_by)
        for kind, row in found
    ]
    return sorted(marks, key=lambda one: (one.changed_at, one.kind, one.version))


def places_of(marks: Sequence[Mark], points: Sequence[EquityPoint]) -> list[tuple[int, str]]:
    """Say at which of the shown points each mark stands, with its words; older ones are left out."""
    drawn = [one.as_of_at for one in points if one.share_value_usd is not None]
    places = []
    for mark in marks:
        at = mark.as_of_at
        if at is None or not drawn or not drawn[0] <= at <= drawn[-1]:
            continue
        place = next(index for index, drawn_at in enumerate(drawn) if drawn_at >= at)
        places.append((place, f"{mark.kind} v{mark.version}: {mark.reason}"))
    return places
