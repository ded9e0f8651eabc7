"""People and their roles: who may edit accounts still cannot raise himself."""

from typing import Any

from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from atlas.console.audited import AuditedAdmin
from atlas.console.facts import FactAdmin

ONLY_SUPERUSERS = frozenset({"is_superuser", "user_permissions"})
NOT_FOR_ONESELF = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")


class AccountAdmin(AuditedAdmin, DjangoUserAdmin):  # type: ignore[misc,type-arg]  # two typed bases that differ in details
    """Accounts: their rights are their roles; nobody edits his own or those of a superuser."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    icon = "person"
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what a person did stays his; an account is made inactive instead."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse a superuser's account to everybody who is none."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what only superusers may give."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        return [
            (title, {**options, "fields": _without(options["fields"], ONLY_SUPERUSERS)})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Freeze one's own rights."""
        frozen = super().get_readonly_fields(request, obj)
        return (*frozen, *NOT_FOR_ONESELF) if obj == request.user else frozen

    def described(self, obj: Any) -> dict[str, Any]:
        """Name the roles and whether the account works."""
        groups = list(obj.groups.order_by("name").values_list("name", flat=True))
        return {"name": obj.get_username(), "roles": groups, "is_active": obj.is_active}


class RoleAdmin(FactAdmin):
    """Roles: the table in the code, set by `manage.py ensure_roles`; to be read only."""

    icon = "badge"
    search_fields = ("name",)


def _without(fields: Any, left_out: frozenset[str]) -> tuple[Any, ...]:
    return tuple(field for field in fields if field not in left_out)
