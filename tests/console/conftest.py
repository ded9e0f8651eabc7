"""People with each role, and a house in which things have happened."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from atlas import registries, sessions
from atlas.roles import ROLES, ensure_roles
from tests.execution.conftest import _patient_gate  # noqa: F401  # cycles run within one test's transaction


@pytest.fixture
def client_of(db):
    """Give a browser in which a person with this role is logged in; CSRF is checked."""
    ensure_roles()

    def log_in(role: str, *, name: str = "") -> Client:
        user, _ = User.objects.get_or_create(
            username=name or f"{role}-person", defaults={"is_staff": True}
        )
        if role == "superuser":
            user.is_superuser = True
            user.save()
        elif role in ROLES:
            user.groups.add(Group.objects.get(name=role))
        client = Client(raise_request_exception=True)
        client.force_login(user)
        session = client.session
        sessions.begin(session, user, now=timezone.now())
        session.save()
        return client

    return log_in


@pytest.fixture
def everything_is_live():
    """Let every switch cover a live deployment."""
    registry = registries.covers_live
    before = dict(registry._entries)
    registry.add("test", lambda scope, key: True)
    yield
    registry._entries = before
