"""Every page of the console: it shows its rows, changes nothing when read, and takes no facts."""

import re

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from atlas.console.audited import AuditedAdmin
from atlas.console.facts import BoundedPaginator, FactAdmin
from atlas.models import AuditEvent, TradingState
from execution.models import Deployment, Fill
from tests.console.furniture import furnish
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves

pytestmark = pytest.mark.django_db

# Waking up the planner's settings and taking locks that end with the statement writes nothing.
READING = re.compile(r"^(SELECT|DECLARE|FETCH|CLOSE|SHOW|SAVEPOINT|RELEASE)\b", re.IGNORECASE)
PAGES = sorted(admin.site._registry, key=lambda model: model._meta.label)
FACTS = [model for model in PAGES if isinstance(admin.site._registry[model], FactAdmin)]


@pytest.fixture(scope="module")
def furniture(django_db_setup, django_db_blocker):
    """Furnish the house once for all tests of this module."""
    with django_db_blocker.unblock():
        try:
            furnish()
            yield
        finally:
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def furnished(furniture, db):
    """Give the furnished house; what a test changes vanishes after it."""


def paths_of(model):
    """List every path that the page of a model answers to, with a row's key where one is asked."""
    page = admin.site._registry[model]
    row = model._default_manager.first()
    assert row is not None, f"furnish {model._meta.label} in tests/console/furniture.py"
    for pattern in page.get_urls():
        if not pattern.name:
            continue
        for arguments in ([], [row.pk]):
            try:
                yield reverse(f"admin:{pattern.name}", args=arguments)
            except NoReverseMatch:
                continue


def test_reading_every_page_works_and_writes_nothing(client_of, furnished):
    client = client_of("superuser")
    problems = []
    for path in [path for model in PAGES for path in paths_of(model)]:
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        written = [q["sql"] for q in queries if not READING.match(q["sql"])]
        if answer.status_code not in {200, 302, 403} or written:
            problems.append((path, answer.status_code, written))
    assert problems == []


def test_the_walk_would_find_a_page_that_writes(furnished):
    with CaptureQueriesContext(connection) as queries:
        TradingState.objects.filter(scope="GLOBAL").update(reason="written")
    assert [q for q in queries if not READING.match(q["sql"])]


def test_lists_and_details_show_rows_to_a_viewer_and_nothing_that_saves(client_of, furnished):
    client = client_of("viewer")
    problems = []
    for model in PAGES:
        app, kind, row = _named(model)
        listed = client.get(reverse(f"admin:{app}_{kind}_changelist"))
        shown = client.get(reverse(f"admin:{app}_{kind}_change", args=[row.pk]))
        texts = listed.content.decode(), shown.content.decode()
        saves = any('name="_save"' in text or 'name="action"' in text for text in texts)
        expected = (403, 403) if app == "auth" else (200, 200)
        if (listed.status_code, shown.status_code) != expected or saves:
            problems.append((model, listed.status_code, shown.status_code, saves))
        elif app != "auth" and 'id="result_list"' not in texts[0]:
            problems.append((model, "no rows", listed.status_code, saves))
    assert problems == []


def test_facts_are_neither_added_nor_changed_nor_deleted_even_by_a_superuser(client_of, furnished):
    client = client_of("superuser")
    problems = []
    for model in FACTS:
        app, kind, row = _named(model)
        before = model._default_manager.filter(pk=row.pk).values().get()
        paths = [
            reverse(f"admin:{app}_{kind}_add"),
            reverse(f"admin:{app}_{kind}_change", args=[row.pk]),
            reverse(f"admin:{app}_{kind}_delete", args=[row.pk]),
        ]
        codes = [client.post(path, {"post": "yes", "reason": "x"}).status_code for path in paths]
        bulk = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        client.post(reverse(f"admin:{app}_{kind}_changelist"), bulk)
        after = model._default_manager.filter(pk=row.pk).values().get()
        if set(codes) != {403} or after != before:
            problems.append((model, codes))
    assert problems == []


def test_lists_ask_as_much_of_the_database_for_many_rows_as_for_few(client_of, furnished):
    client = client_of("superuser")
    listed = [model for model in PAGES if model._meta.app_label in {"execution", "atlas"}]
    paths = {
        model: reverse(f"admin:{_named(model)[0]}_{_named(model)[1]}_changelist")
        for model in listed
    }
    few = {model: _queries(client, path) for model, path in paths.items()}
    for number in range(3):
        deployment = make_deployment(slug=f"further-{number}")
        open_switches(slug=f"further-{number}")
        for index in range(8):
            run(deployment, recording(waves()), slot(index))
    many = {model: _queries(client, path) for model, path in paths.items()}
    assert {model for model in listed if many[model] > few[model]} == set()
    assert max(many.values()) <= 20


def _queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def _named(model):
    return model._meta.app_label, model._meta.model_name, model._default_manager.first()


def test_every_page_is_of_facts_or_leaves_an_audit_row():
    others = [
        model
        for model, page in admin.site._registry.items()
        if not isinstance(page, FactAdmin | AuditedAdmin)
    ]
    assert others == []


def test_every_page_says_which_question_it_answers():
    for model, page in admin.site._registry.items():
        assert (type(page).__doc__ or "").strip(), model


def test_the_sidebar_leads_to_every_page(client_of, furnished):
    text = client_of("superuser").get(reverse("admin:index")).content.decode()
    for model in PAGES:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert f'href="{path}"' in text, model


def test_long_lists_are_counted_up_to_a_limit_only(furnished):
    with CaptureQueriesContext(connection) as queries:
        count = BoundedPaginator(AuditEvent.objects.all(), 50).count
    assert count == AuditEvent.objects.count()
    assert "LIMIT 10000" in queries[0]["sql"]


def test_the_audit_log_is_searched_and_narrowed(client_of, furnished):
    client = client_of("viewer")
    path = reverse("admin:atlas_auditevent_changelist")
    found = client.get(path, {"action__icontains": "switch.active"}).content.decode()
    assert "switch.active" in found
    assert "cycle.end" not in found
    nothing = client.get(path, {"q": "nobody-at-all"})
    assert nothing.context["cl"].result_count == 0


def test_a_deployment_shows_its_equity_and_leads_to_its_rows(client_of, furnished):
    row = Deployment.objects.get()
    text = (
        client_of("viewer")
        .get(reverse("admin:execution_deployment_change", args=[row.pk]))
        .content.decode()
    )
    assert "<polyline" in text
    assert f"deployment__exact={row.pk}" in text
    assert "Equity, USD" in text


def test_numbers_are_shown_without_the_zeros_of_their_columns(client_of, furnished):
    row = Fill.objects.latest("pk")
    text = (
        client_of("viewer").get(reverse("admin:execution_fill_change", args=[row.pk])).content
    ).decode()
    assert "000000000000000" not in text
