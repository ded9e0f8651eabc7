"""The five roles of the console and what each may do; one table, created by `ensure_roles`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.errors import Bug

VIEWER = "viewer"
ANALYST = "analyst"
TRADER = "trader"
RISK = "risk"
ADMIN = "admin"
SET_UP = Actor.system("set-up of roles")

# Everybody reads everything but other people's accounts; what is listed comes on top of that.
# A name is `app.codename`; `app.*` stands for every permission of the app.
ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        VIEWER: (),
        ANALYST: (
            "strategies.add_strategy",
            "strategies.change_strategy",
            "strategies.add_benchmark",
            "strategies.change_benchmark",
            "onchain.add_vault",
            "onchain.change_vault",
            "imports.*",
            "atlas.handle_alert",
        ),
        TRADER: (
            "execution.add_deployment",
            "execution.change_deployment",
            "execution.run_paper_cycle",
            "execution.pause_deployment",
            "atlas.halt_trading",
            "atlas.handle_alert",
            "atlas.request_live",
        ),
        RISK: (
            "atlas.halt_trading",
            "atlas.restore_trading",
            "atlas.decide_approval",
            "atlas.request_live",
            "atlas.request_allow_list",
            "atlas.request_adoption",
            "atlas.handle_alert",
            "execution.add_guardraillimits",
            "execution.pause_deployment",
        ),
        ADMIN: (
            "atlas.halt_trading",
            "atlas.handle_alert",
            "atlas.manage_api_keys",
            "atlas.request_signer",
            "atlas.request_contracts",
            "auth.*",
            "django_celery_beat.*",
        ),
    }
)
READABLE_APPS = ("atlas", "strategies", "onchain", "imports", "execution", "django_celery_beat")


def ensure_roles(*, actor: Actor = SET_UP, now: datetime | None = None) -> dict[str, int]:
    """Create the roles and give each exactly its permissions; gives the number for each.

    A role whose permissions change leaves an audit row, if `now` is given. Running it again takes back what somebody added by hand: a role is this table, nothing else.
    """
    counts = {}
    with transaction.atomic():
        for name, grants in ROLES.items():
            group, _ = Group.objects.get_or_create(name=name)
            permissions = {*_readable(), *_named(grants)}
            before = set(group.permissions.all())
            group.permissions.set(permissions)
            counts[name] = len(permissions)
            if now is not None and before != permissions:
                _note(group, before, permissions, actor=actor, now=now)
    return counts


def _note(
    group: Group,
    before: set[Permission],
    after: set[Permission],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Write what a role gained and lost into the audit log."""
    record(
        action="role.change",
        subject=group,
        actor=actor,
        now=now,
        before={"lost": sorted(one.codename for one in before - after)},
        after={"role": group.name, "gained": sorted(one.codename for one in after - before)},
    )


def _readable() -> Iterable[Permission]:
    """Give the permissions to look at things."""
    return Permission.objects.filter(
        content_type__app_label__in=READABLE_APPS, codename__startswith="view_"
    )


def _named(grants: Iterable[str]) -> Iterable[Permission]:
    """Look permissions up by name. Raises Bug for a name that no model declares."""
    for grant in grants:
        app, codename = grant.split(".")
        found = Permission.objects.filter(content_type__app_label=app)
        if codename != "*":
            found = found.filter(codename=codename)
        if not found.exists():
            raise Bug(f"The role table names {grant}, which no model declares")
        yield from found
