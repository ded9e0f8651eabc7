"""The catalogue is no longer what a run was made for: one error, worded in one place."""

from atlas.domain.errors import ConflictingState
from imports.models import ImportRun


class CatalogueMoved(ConflictingState):
    """The catalogue is no longer what it was when the change-set was worked out."""

    code = "catalogue_moved"


def moved(run: ImportRun) -> CatalogueMoved:
    """Say that the catalogue has moved, and what to do."""
    since = "reviewed" if run.changeset_hash else "read"
    return CatalogueMoved(
        f"The catalogue has changed since import {run.pk} was {since}, so nothing was applied. "
        "Import the file again to see what it would change now.",
        detail={"run": run.pk, "changeset_hash": run.changeset_hash},
    )
