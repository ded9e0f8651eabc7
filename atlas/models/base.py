"""What the models of every floor share: append-only triggers and the width of money."""

from typing import Any

import pgtrigger
from django.db import models

USD_DIGITS = 38
USD_PLACES = 18


def append_only(name: str) -> list[pgtrigger.Trigger]:
    """Refuse any update or deletion of a row, for every role that may fire triggers.

    The second wall is `manage.py grant_roles`: the app role has no such right in the first place.
    """
    return [
        pgtrigger.Protect(name=f"{name}_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
    ]


class UsdField(models.DecimalField):  # type: ignore[type-arg]
    """An amount in US dollars, 20 digits before the point and 18 after."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", USD_DIGITS)
        kwargs.setdefault("decimal_places", USD_PLACES)
        super().__init__(*args, **kwargs)


class RatioField(models.DecimalField):  # type: ignore[type-arg]
    """A share or multiple of something: 0.25 is a quarter, never 25."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 30)
        kwargs.setdefault("decimal_places", 18)
        super().__init__(*args, **kwargs)


def choice_list(enum: type[Any]) -> list[tuple[str, str]]:
    """Give the choices of a text column from an enumeration of the domain."""
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in enum]


def choice_check(field: str, enum: type[Any], *, name: str) -> models.CheckConstraint:
    """Bind the column to the enumeration in the database too, so that the shell is bound."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": [member.value for member in enum]}), name=name
    )
