"""Pages whose rows may be edited: each edit leaves an audit row in the edit's own transaction."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from atlas.audit import Actor, record

BulkAction = Callable[[Any, HttpRequest, Any], Any]


class AuditedAdmin(ModelAdmin):
    """Write what was added, changed and removed into the audit log beside Django's own history."""

    icon = "edit"

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Note a new row."""
        self._record(request, "add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        """Note a changed row; the message names the fields, never their secrets."""
        self._record(request, "change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Note removed rows."""
        for obj in queryset:
            self._record(request, "delete", obj, None)
        return super().log_deletions(request, queryset)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer bulk actions to who may change rows; Django would offer them to any reader."""
        if not self.has_change_permission(request):
            return {}
        offered: dict[str, Any] = super().get_actions(request)
        return {
            name: (self._audited(name, function), name, title)
            for name, (function, _, title) in offered.items()
        }

    def described(self, obj: models.Model) -> dict[str, Any]:
        """Give what an audit row says of a row besides the names of the changed fields."""
        return {"name": str(obj)}

    def _audited(self, name: str, function: BulkAction) -> BulkAction:
        """Wrap a bulk action so that it leaves an audit row for each row that it was given."""

        @wraps(function)
        def act(modeladmin: Any, request: HttpRequest, queryset: Any) -> Any:
            if name == "delete_selected":  # it notes each deletion itself
                return function(modeladmin, request, queryset)
            with transaction.atomic():
                for obj in queryset:
                    self._record(request, name, obj, None)
                return function(modeladmin, request, queryset)

        return act

    def _record(self, request: HttpRequest, verb: str, obj: models.Model, message: Any) -> None:
        record(
            action=f"{obj._meta.model_name}.{verb}",
            subject=obj,
            actor=Actor.of_request(request),
            now=timezone.now(),
            after={"changed": message, **self.described(obj)},
        )
