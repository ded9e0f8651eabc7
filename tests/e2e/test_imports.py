"""Importing in a real browser: hand a file in, look, apply, see what is wrong with another, put back."""

import json

import pytest
from django.contrib.auth.models import Group, User

from config.celery import app
from imports.models import ImportRun
from strategies.models import Strategy
from tests.e2e.conftest import PASSWORD
from tests.imports.builders import document, point, strategy

pytestmark = [pytest.mark.deep, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]

STORY = "section[aria-labelledby=ak-story]"
NARROW = {"viewport": {"width": 400, "height": 850}}


@pytest.fixture
def analyst(people, settings, tmp_path, monkeypatch):
    """A person who imports, with workers that answer at once."""
    user = User.objects.create_user("ana", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    return user


def hand_in(page, name: str, content) -> None:
    page.goto("/admin/imports/importrun/")
    page.get_by_role("link", name="Import a file").click()
    page.set_input_files(
        "input[type=file]",
        {"name": name, "mimeType": "application/json", "buffer": json.dumps(content).encode()},
    )
    page.get_by_role("button", name="Read and compare").click()
    page.wait_for_selector("#ak-story")


def act(page, button: str, submit: str) -> None:
    page.get_by_role("link", name=button).first.click()
    dialog = page.locator("#modal-content")
    dialog.locator("input[name=reason]").fill("looked at it")
    dialog.get_by_role("button", name=submit, exact=True).click()


def test_a_file_is_handed_in_applied_and_put_back_in_a_browser(browse, analyst):
    with browse("ana") as page:
        hand_in(page, "good.json", document())
        assert "nothing applied yet" in page.inner_text(STORY)
        assert "strategy" in page.inner_text("section[aria-labelledby=ak-changes]")
        assert not Strategy.objects.exists()
        act(page, "Apply", "Apply")
        page.wait_for_selector("#ak-story .ak-pill:text('APPLIED')")
        assert Strategy.objects.exists()
        act(page, "Revert", "Revert")
        page.wait_for_selector("#ak-story .ak-pill:text('REVERTED')")
        assert not Strategy.objects.exists()


@pytest.mark.parametrize(
    "options", [{}, NARROW, {"color_scheme": "dark"}], ids=["wide", "narrow", "dark"]
)
def test_what_is_wrong_with_a_file_is_seen_and_taken_home(browse, analyst, options, tmp_path):
    bad = document(strategies=[strategy(performance=[point(1), point(2, -5)], reports=[])])
    with browse("ana", **options) as page:
        hand_in(page, "bad.json", bad)
        told = page.inner_text("section[aria-labelledby=ak-issues]")
        assert "nav_per_share_usd" in told or "at least" in told
        with page.expect_download() as download:
            page.get_by_role("link", name="All of them as CSV").click()
        assert "severity,code" in download.value.path().read_text()
        page.get_by_role("link", name="as it came", exact=True).first.click()
        assert "-5" in page.inner_text("pre")
        page.go_back()
        width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 1, "the page must not scroll sideways"
    assert ImportRun.objects.get().state == "REVIEWED"


def test_without_scripts_a_file_is_handed_in_and_applied_too(browse, analyst):
    with browse("ana", java_script_enabled=False) as page:
        hand_in(page, "good.json", document())
        page.get_by_role("link", name="Apply").first.click()
        page.fill("input[name=reason]", "looked at it")
        page.get_by_role("button", name="Apply", exact=True).click()
        page.wait_for_selector("#ak-story .ak-pill:text('APPLIED')")
