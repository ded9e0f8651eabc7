"""A real browser against a real server; skipped, with the reason, where there is no browser."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from atlas import registries
from atlas.roles import ensure_roles

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "a-password-of-a-test-7"
TIMEOUT_MS = 15_000
FIRST_ERROR = 400


@pytest.fixture(scope="session")
def chromium() -> str:
    """Find the browser."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on PATH ({', '.join(BROWSERS)}): the console was not tried in one")
    return found


@pytest.fixture(scope="session")
def playwright(chromium):
    """Start the driver. Its loop runs in this thread, which Django would refuse to share."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as started:
        yield started
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def people(transactional_db):
    """Make a person for each role that acts, with a password."""
    ensure_roles()
    for name, role in (("ann", "risk"), ("ben", "risk"), ("tim", "trader"), ("vic", "viewer")):
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))


@pytest.fixture
def browse(playwright, chromium, live_server, people):
    """Open a browser of one's own, with or without scripts, logged in; complaints fail the test."""

    @contextmanager
    def open_as(name: str, *, allowed: tuple[int, ...] = (), **options: Any) -> Iterator[Any]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            context = playwright.chromium.launch_persistent_context(
                profile,
                executable_path=chromium,
                args=list(ARGUMENTS),
                base_url=live_server.url,
                **options,
            )
            context.set_default_timeout(TIMEOUT_MS)
            page = context.new_page()
            complaints: list[str] = []
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "response",
                lambda got: (
                    complaints.append(f"{got.status} {got.url}")
                    if got.status not in allowed and got.status >= FIRST_ERROR
                    else None
                ),
            )
            _log_in(page, name)
            yield page
            context.close()
            assert complaints == []

    return open_as


def _log_in(page, name: str) -> None:
    page.goto(reverse("admin:index"))
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.click("#login-form button")
    page.wait_for_selector("#ak-dashboard")


@pytest.fixture
def everything_is_live():
    """Let every switch cover a live deployment."""
    registry = registries.covers_live
    before = dict(registry._entries)
    registry.add("test", lambda scope, key: True)
    yield
    registry._entries = before
