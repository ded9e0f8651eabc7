"""People and their roles: who may edit accounts still cannot raise himself."""

from typing import Any

from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from atlas.audit import Actor, record
from atlas.console.audited import AuditedAdmin
from atlas.console.facts import FactAdmin
from atlas.sessions import end_sessions

ONLY_SUPERUSERS = frozenset({"is_superuser", "user_permissions"})
RIGHTS = frozenset({"is_active", "is_staff", "is_superuser", "groups", "user_permissions"})
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

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Write the roles; new rights begin with a new login, and the change of roles is noted."""
        person = form.instance
        before = roles_of(person)
        super().save_related(request, form, formsets, change)
        changed = set(form.changed_data) & RIGHTS
        if not change or not changed:
            return
        actor, now = Actor.of_request(request), timezone.now()
        record(
            action="user.change_rights",
            subject=person,
            actor=actor,
            now=now,
            before={"roles": before},
            after={"roles": roles_of(person), "changed": sorted(changed)},
        )
        end_sessions(person, reason="the account's rights changed", actor=actor, now=now)

    def described(self, obj: Any) -> dict[str, Any]:
        """Name the roles and whether the account works."""
        name = obj.get_username()
        return {"name": name, "roles": roles_of(obj), "is_active": obj.is_active}


class RoleAdmin(FactAdmin):
    """Roles: the table in the code, set by `manage.py ensure_roles`; to be read only."""

    icon = "badge"
    search_fields = ("name",)


def roles_of(person: User) -> list[str]:
    """List the roles of a person by name."""
    return list(person.groups.order_by("name").values_list("name", flat=True))


def _without(fields: Any, left_out: frozenset[str]) -> tuple[Any, ...]:
    return tuple(field for field in fields if field not in left_out)
