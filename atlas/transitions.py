"""The one way to change a row's state: compare-and-swap against its lifecycle table."""

from typing import Any, TypeVar

from django.db import models

from atlas.domain.errors import ConflictingState, IllegalTransition
from atlas.domain.states import Table

M = TypeVar("M", bound=models.Model)


def move(obj: M, new: str, table: Table, *, field: str = "state", **changes: Any) -> M:
    """Bring `obj` to the state `new` if its table allows it and nobody was faster.

    `changes` are further columns that are written in the same statement. The row in memory is
    updated too. Raises IllegalTransition where the table has no such arrow, ConflictingState where
    the row in the database is no longer in the state that `obj` shows.
    """
    old = getattr(obj, field)
    if new not in table.get(old, frozenset()):
        allowed = ", ".join(sorted(table.get(old, frozenset()))) or "nothing, it is an end"
        raise IllegalTransition(
            f"{type(obj).__name__} {obj.pk} cannot go from {old} to {new}; allowed: {allowed}",
            detail={"from": old, "to": new},
        )
    manager = type(obj)._default_manager
    moved = manager.filter(pk=obj.pk, **{field: old}).update(**{field: new}, **changes)
    if moved == 0:
        raise ConflictingState(
            f"{type(obj).__name__} {obj.pk} is no longer {old}; look again before you change it",
            detail={"expected": old, "wanted": new},
        )
    for name, value in {field: new, **changes}.items():
        setattr(obj, name, value)
    return obj
