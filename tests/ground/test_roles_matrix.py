"""The matrix of roles and acts, complete, and each cell by really asking the console."""

from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import get_commands
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from atlas.approval_kinds import KINDS
from atlas.approvals import request_approval
from atlas.audit import Actor
from atlas.console.facts import FactAdmin
from atlas.roles import ROLES
from tests.console.conftest import client_of  # noqa: F401  # people with their roles
from tests.factories import UserFactory
from tests.ground.role_matrix import ACTS, COMMANDS_THAT_ACT, EDITS, READS

pytestmark = pytest.mark.django_db

ROW_PAGES = ("_changelist", "_history", "_add", "_change", "_delete")
ACCESS = Path(__file__).resolve().parents[2] / "docs/access.md"
REFUSED = 403


def names_of(patterns):
    """Walk the console's paths; pages of rows are judged by their permissions instead."""
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names_of(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


@pytest.fixture
def asked(db):
    """A request of somebody else: the page of an answer looks whose rights its kind demands."""
    asker = UserFactory.create(username="asker", is_superuser=True)
    return request_approval(
        kind="switch.restore",
        subject=("atlas.tradingstate", "0"),
        change={"to": "ACTIVE"},
        reason="a test asks",
        requester=Actor("asker", asker),
        now=timezone.now(),
    )


def path_of(name, arguments, asked):
    """Fill the gaps of a path; answers and taking back are about the request that was asked."""
    filled = (asked.pk,) if name in {"decide", "withdraw"} else arguments
    return reverse(f"admin:{name}", args=filled)


def test_every_path_of_the_console_is_in_the_matrix_or_reads():
    found = set(names_of(admin.site.get_urls()))
    row_pages = {
        f"{model._meta.app_label}_{model._meta.model_name}{suffix}"
        for model in admin.site._registry
        for suffix in ROW_PAGES
    }
    acts = {name for name, _ in ACTS}
    assert found - row_pages == acts | READS
    assert not acts & READS


def test_every_kind_that_is_asked_for_on_a_form_is_in_the_matrix():
    asked = {arguments[0] for name, arguments in ACTS if name == "ask"}
    assert asked == {name for name, kind in KINDS.items() if kind.fields}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_exactly_these_acts_are_open_to_the_role(client_of, asked, role):  # noqa: F811  # the fixture
    client = client_of(role)
    wrong = []
    for (name, arguments), allowed in ACTS.items():
        answer = client.post(path_of(name, arguments, asked))
        if (answer.status_code != REFUSED) is not (role in allowed):
            wrong.append((name, arguments, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", sorted(ROLES))
def test_exactly_these_rows_are_edited_by_the_role(client_of, role):  # noqa: F811  # the fixture
    client_of(role)
    request = RequestFactory().post("/")
    request.user = User.objects.get(username=f"{role}-person")
    wrong = []
    for model, page in admin.site._registry.items():
        for verb in ("add", "change", "delete"):
            may = getattr(page, f"has_{verb}_permission")(request)
            table = isinstance(page, FactAdmin) or (verb == "delete" and model is User)
            open_to = (
                frozenset() if table else EDITS.get((verb, model._meta.app_label), frozenset())
            )
            if may is not (role in open_to):
                wrong.append((verb, model._meta.label, may))
    assert wrong == []


def test_nobody_without_a_role_acts(client_of, asked):  # noqa: F811  # the fixture
    client = client_of("none", name="newcomer")
    personal = {"my_access", "second_factor", "enrol", "password_change"}
    for name, arguments in ACTS:
        answer = client.post(path_of(name, arguments, asked))
        assert (answer.status_code != REFUSED) is (name in personal), name


def test_a_path_that_does_not_exist_would_be_noticed():
    with pytest.raises(NoReverseMatch):
        reverse("admin:a_path_that_does_not_exist")


def test_the_commands_that_act_exist():
    assert set(get_commands()) >= COMMANDS_THAT_ACT


def test_the_document_holds_the_matrix():
    text = ACCESS.read_text(encoding="utf-8")
    for (name, arguments), allowed in ACTS.items():
        assert row_of(name, arguments, allowed) in text


def row_of(name, arguments, allowed):
    """Write a row of the table in docs/access.md."""
    what = f"{name} {arguments[0]}" if name == "ask" else name
    cells = " | ".join("yes" if role in allowed else "" for role in ROLES)
    return f"| `{what}` | {cells} |"
