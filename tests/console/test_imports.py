"""Importing from the console: hand in, look at what would change, apply exactly that, put it back."""

import csv
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from atlas import approvals
from atlas.audit import Actor
from atlas.models import ApprovalRequest, AuditEvent
from config.celery import app
from imports.admin.uploads import StoreUploadHandler
from imports.models import ImportRun, ImportSource
from strategies.models import Strategy
from tests.imports.builders import document, point, strategy

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client_of, settings, tmp_path, monkeypatch, django_capture_on_commit_callbacks):
    """A console whose workers answer at once."""
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    monkeypatch.setitem(app.conf, "task_eager_propagates", True)

    def post(client, path: str, **values: Any):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(path, values)

    def hand_in(content: Any, role: str = "analyst", name: str = "export.json", source="file"):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        file = SimpleUploadedFile(name, data)
        path = reverse("admin:imports_hand_in")
        chosen = ImportSource.objects.get(name=source).pk
        return post(client_of(role), path, file=file, source=chosen, wanted_format="auto")

    def act(run: ImportRun, verb: str, role: str = "analyst", **values: Any):
        path = reverse(f"admin:imports_importrun_{verb}", args=[run.pk])
        if verb == "apply":
            seen = ImportRun.objects.get(pk=run.pk).changeset_hash
            values.setdefault("changeset_hash", seen)
        return post(client_of(role), path, _form_submitted="True", **values)

    def page(run: ImportRun, role: str = "viewer") -> str:
        path = reverse("admin:imports_importrun_change", args=[run.pk])
        text: str = client_of(role).get(path).content.decode()
        return text

    return SimpleNamespace(hand_in=hand_in, act=act, page=page, client_of=client_of)


def newest() -> ImportRun:
    return ImportRun.objects.latest("pk")


def test_a_file_is_handed_in_reviewed_applied_and_put_back(desk):
    answer = desk.hand_in(document())
    run = newest()
    assert answer.status_code == 302
    assert answer.url == reverse("admin:imports_importrun_change", args=[run.pk])
    assert run.state == "REVIEWED"
    assert not Strategy.objects.exists()
    text = desk.page(run)
    assert "What it would change" in text
    assert "Reviewed, nothing applied yet" in text

    assert desk.act(run, "apply").status_code == 200  # a reason is missing
    assert newest().state == "REVIEWED"
    assert desk.act(run, "apply", reason="looked at it").status_code == 302
    assert newest().state == "APPLIED"
    assert Strategy.objects.exists()

    assert desk.act(run, "revert", reason="a mistake").status_code == 302
    assert newest().state == "REVERTED"
    assert not Strategy.objects.exists()


def test_every_act_names_the_person_the_address_and_the_reason(desk):
    desk.hand_in(document())
    desk.act(newest(), "apply", reason="looked at it")
    desk.act(newest(), "revert", reason="a mistake")
    told = AuditEvent.objects.filter(subject_type="imports.importrun").order_by("pk")
    acts = {event.action: event for event in told}
    for action in ("import.receive", "import.apply_asked", "import.apply", "import.revert"):
        assert acts[action].actor == "analyst-person", action
        assert acts[action].actor_user is not None
        assert acts[action].address == "127.0.0.1"
    assert acts["import.apply_asked"].reason == "looked at it"
    assert acts["import.revert"].reason == "a mistake"


def test_a_broken_file_is_turned_down_with_what_where_and_what_to_do(desk):
    desk.hand_in(b'{"schema_version": "9.9"}')
    run = newest()
    assert run.state == "REJECTED"
    text = desk.page(run)
    assert "schema_version" in text
    assert "Known are atlas 1.0" in text


@pytest.fixture
def partly_bad(desk):
    points = [point(1), point(2, -5), point(3, -7)]
    desk.hand_in(document(strategies=[strategy(performance=points, reports=[], name="=1+1")]))
    return newest()


def test_bad_records_keep_a_file_out_unless_they_are_left_out_knowingly(desk, partly_bad):
    desk.act(partly_bad, "apply", reason="go")
    partly_bad.refresh_from_db()
    assert partly_bad.state == "REVIEWED"
    desk.act(partly_bad, "apply", reason="go", allow_partial="on")
    partly_bad.refresh_from_db()
    assert partly_bad.state == "APPLIED_PARTIAL"


def test_issues_are_grouped_on_the_page_and_all_of_them_come_as_csv(desk, partly_bad):
    text = desk.page(partly_bad)
    assert "All of them as CSV" in text
    path = reverse("admin:imports_issues_csv", args=[partly_bad.pk])
    answer = desk.client_of("viewer").get(path)
    assert answer["Content-Type"].startswith("text/csv")
    content = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == partly_bad.issues.count()
    assert {row["field"] for row in rows} >= {"nav_per_share_usd"}


def test_the_raw_record_of_an_issue_is_shown_as_it_came_and_escaped(desk):
    points = [{**point(1), "nav_per_share_usd": "<script>alert(1)</script>"}]
    desk.hand_in(document(strategies=[strategy(performance=points, reports=[])]))
    issue = newest().issues.exclude(byte_length=None).order_by("pk")[0]
    path = reverse("admin:imports_raw_record", args=[newest().pk])
    where = {"start": issue.byte_start, "length": issue.byte_length}
    text = desk.client_of("viewer").get(path, where).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)" not in text


@pytest.mark.parametrize(
    "query", [{"length": "x"}, {"start": "-1", "length": "3"}, {"start": "9" * 15, "length": "1"}]
)
def test_bytes_that_are_not_there_are_not_found(desk, query):
    desk.hand_in(document())
    path = reverse("admin:imports_raw_record", args=[newest().pk])
    assert desk.client_of("viewer").get(path, query).status_code == 404


def test_progress_is_told_as_json(desk):
    desk.hand_in(document())
    path = reverse("admin:imports_progress", args=[newest().pk])
    told = desk.client_of("viewer").get(path).json()
    assert told["state"] == "REVIEWED"


@pytest.mark.parametrize("role", ["viewer", "trader", "risk", "admin"])
def test_only_an_analyst_hands_in_applies_and_puts_back(desk, role):
    assert desk.hand_in(document(), role=role).status_code == 403
    assert not ImportRun.objects.exists()
    desk.hand_in(document())
    for verb in ("apply", "revert", "review_again"):
        assert desk.act(newest(), verb, role=role, reason="mine").status_code == 403
    assert newest().state == "REVIEWED"


def test_looking_changes_nothing(desk):
    desk.hand_in(document())
    run = newest()
    before = AuditEvent.objects.count()
    client = desk.client_of("analyst")
    for verb in ("apply", "revert", "review_again"):
        client.get(reverse(f"admin:imports_importrun_{verb}", args=[run.pk]))
    client.get(reverse("admin:imports_hand_in"))
    run.refresh_from_db()
    assert run.state == "REVIEWED"
    assert AuditEvent.objects.count() == before


def test_a_catalogue_that_moved_is_explained_and_the_file_can_be_reviewed_again(desk):
    desk.hand_in(document())
    first = newest()
    desk.hand_in(document(strategies=[strategy(name="Quicker")]), name="other.json")
    desk.act(newest(), "apply", reason="first come")
    desk.act(first, "apply", reason="mine")
    first.refresh_from_db()
    assert first.state == "REVIEWED"
    assert "The last attempt came to nothing: The catalogue has changed" in desk.page(first)
    desk.act(first, "review_again", reason="once more")
    again = newest()
    first.refresh_from_db()
    assert (again.pk != first.pk, again.state, first.state) == (True, "REVIEWED", "REJECTED")
    desk.act(again, "apply", reason="now")
    assert newest().state == "APPLIED"


def test_what_was_built_on_is_not_put_back_and_the_page_says_why(desk):
    desk.hand_in(document())
    first = newest()
    desk.act(first, "apply", reason="go")
    desk.hand_in(document(strategies=[strategy(name="Another")]), name="other.json")
    desk.act(newest(), "apply", reason="go on")
    desk.act(first, "revert", reason="too late")
    first.refresh_from_db()
    assert first.state == "APPLIED"
    assert "changed or built on since" in desk.page(first)


def test_the_same_bytes_again_are_no_second_import(desk):
    desk.hand_in(document())
    desk.act(newest(), "apply", reason="go")
    desk.hand_in(document())
    assert ImportRun.objects.count() == 1


def test_a_strategy_that_trades_live_takes_a_second_person(desk, everything_is_live, client_of):
    desk.hand_in(document())
    desk.act(newest(), "apply", reason="new ones need nobody")
    desk.hand_in(document(strategies=[strategy(name="Changed")]), name="changed.json")
    run = newest()
    desk.act(run, "apply", reason="please")
    run.refresh_from_db()
    assert run.state == "REVIEWED"
    request = ApprovalRequest.objects.get()
    assert "a second person has to agree" in desk.page(run)
    desk.act(run, "apply", reason="please again")
    assert ApprovalRequest.objects.count() == 1

    client_of("risk")  # makes the person
    from django.contrib.auth.models import User

    risk = User.objects.get(username="risk-person")
    approvals.decide_approval(
        request,
        approve=True,
        reason="agreed",
        approver=Actor(name="risk-person", user=risk),
        now=timezone.now(),
    )
    desk.act(run, "apply", reason="agreed by two")
    run.refresh_from_db()
    assert run.state == "APPLIED"


def test_the_page_of_a_run_costs_the_same_whatever_its_size(desk, django_assert_max_num_queries):
    bad = [point(day, -1) for day in range(1, 25)]
    desk.hand_in(document(strategies=[strategy(performance=bad, reports=[])]))
    path = reverse("admin:imports_importrun_change", args=[newest().pk])
    client = desk.client_of("viewer")
    with django_assert_max_num_queries(25):
        client.get(path)


def test_a_file_that_is_too_large_is_refused_before_anything_is_made(desk, monkeypatch):
    monkeypatch.setattr(StoreUploadHandler, "largest_bytes", 10)
    answer = desk.hand_in(document())
    assert answer.status_code == 413
    assert "is larger than" in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_pruned_import_says_so_and_offers_neither_reversal_nor_review(desk):
    desk.hand_in(document())
    run = newest()
    desk.act(run, "apply", reason="looked at it")
    assert "/revert" in desk.page(run, role="analyst")
    ImportRun.objects.filter(pk=run.pk).update(pruned_at=timezone.now())
    text = desk.page(run, role="analyst")
    assert f"Pruned on {timezone.now():%Y-%m-%d}" in text
    assert "/revert" not in text
    assert "/review_again" not in text
    path = reverse("admin:imports_raw_record", args=[run.pk])
    assert desk.client_of("viewer").get(path).status_code == 404
    desk.act(run, "revert", reason="a mistake")
    assert newest().state == "APPLIED"
    assert Strategy.objects.exists()
