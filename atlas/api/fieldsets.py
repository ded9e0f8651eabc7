"""`fields=`: answers that hold only what is asked for."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

FIELDS_PARAMETER = "fields"


class SparseFields:
    """Let the lists of a viewset take `fields=`: names of its items' fields, with commas between."""

    sparse_actions: tuple[str, ...] = ("list",)

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """Give the serializer without the fields that are not wanted."""
        serializer: BaseSerializer[Any] = super().get_serializer(*args, **kwargs)  # type: ignore[misc]  # a mixin of viewsets
        view: Any = self
        if view.action in self.sparse_actions and takes_fields(view):
            item: Any = serializer.child if isinstance(serializer, ListSerializer) else serializer
            _narrow(item, view.request)
        return serializer


def takes_fields(view: object) -> bool:
    """Say whether this action of a view understands `fields=`."""
    return isinstance(view, SparseFields) and getattr(view, "action", "") in view.sparse_actions


def known_fields(view: Any) -> list[str]:
    """Name the fields of a view's items."""
    serializer: Serializer[Any] = view.get_serializer_class()()
    return list(serializer.fields)


def _narrow(serializer: Serializer[Any], request: Request | None) -> None:
    """Take away what is not wanted; raises ValidationError naming what is unknown."""
    given = getattr(request, "query_params", {}).get(FIELDS_PARAMETER)
    if given is None:
        return
    wanted, known = given.split(","), list(serializer.fields)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        reason = f"{unknown[0]!r} is unknown; allowed: {', '.join(known)}"
        raise ValidationError({FIELDS_PARAMETER: [reason]})
    for name in set(known) - set(wanted):
        serializer.fields.pop(name)
