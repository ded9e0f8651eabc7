"""Demo operators: people that do not exist, with passwords that are shown once.

They are for an installation that runs its own services on one machine; everywhere else they are
refused, because a known account name is half of a break-in.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction

from atlas import roles
from atlas.audit import Actor, record
from atlas.domain.errors import InvalidInput, NotAllowed

PASSWORD_BYTES = 15
# user name -> role; the demo's two-person approvals need two people with the role `risk`
OPERATORS: dict[str, str] = {
    "demo-admin": roles.ADMIN,
    "demo-risk": roles.RISK,
    "demo-risk-2": roles.RISK,
    "demo-trader": roles.TRADER,
    "demo-analyst": roles.ANALYST,
    "demo-viewer": roles.VIEWER,
}
DEMO_ACTOR = Actor.system("demo set-up")


@dataclass(frozen=True, repr=False)
class NewPassword:
    """A password that exists in clear only until it has been shown."""

    name: str
    role: str
    password: str


def require_demo_house() -> None:
    """Refuse demo accounts where real people may work. Raises NotAllowed."""
    if not settings.ATLAS_EMBEDDED and not settings.DEBUG:
        raise NotAllowed(
            "Demo operators exist only where `make run` runs the services itself "
            "(ATLAS_EMBEDDED) or in debug mode; create real accounts with createsuperuser"
        )


def create_operators(*, now: datetime) -> list[NewPassword]:
    """Create the demo operators that are missing; gives the passwords of the new ones."""
    require_demo_house()
    created = []
    for name, role in OPERATORS.items():
        with transaction.atomic():
            user, is_new = User.objects.get_or_create(
                username=name, defaults={"is_staff": True, "first_name": "Demo", "last_name": role}
            )
            user.groups.set([Group.objects.get(name=role)])
            if not is_new:
                continue
            password = _set_new_password(user)
            record(
                action="user.create",
                subject=user,
                actor=DEMO_ACTOR,
                now=now,
                after={"username": name, "role": role},
                reason="demo operator",
            )
        created.append(NewPassword(name, role, password))
    return created


def reset_password(name: str, *, now: datetime) -> NewPassword:
    """Give a demo operator a new password. Raises InvalidInput for any other account."""
    require_demo_house()
    if name not in OPERATORS:
        raise InvalidInput(f"{name!r} is no demo operator; they are {', '.join(OPERATORS)}")
    user = User.objects.filter(username=name).first()
    if user is None:
        raise InvalidInput(f"{name!r} does not exist yet; run demo_setup first")
    with transaction.atomic():
        password = _set_new_password(user)
        record(
            action="user.reset_password",
            subject=user,
            actor=DEMO_ACTOR,
            now=now,
            reason="demo operator",
        )
    return NewPassword(name, OPERATORS[name], password)


def _set_new_password(user: User) -> str:
    """Draw a password and store its hash."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password
