"""Acts behind dialogs: the rule that none runs on a GET, and pausing as the first of them."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from atlas.console.checks import DOTTED, GETS_ACT, check_actions, problems_of_actions
from atlas.models import AuditEvent, Heartbeat
from execution.models import Deployment
from tests.execution.world import make_deployment

pytestmark = pytest.mark.django_db


acts: Any = action


class CarelessAdmin(ModelAdmin):
    """A page as it must not be written."""

    actions_detail: Any = ("forget",)

    @acts(description="Forget", permissions=["atlas.halt_trading"])
    def forget(self, request, object_id):
        Heartbeat.objects.filter(pk=object_id).delete()


def test_the_check_finds_an_action_that_would_act_on_a_get_and_a_dotted_permission():
    found = list(problems_of_actions(CarelessAdmin(Heartbeat, admin.site)))
    assert {problem.id for problem in found} == {GETS_ACT, DOTTED}


def test_no_page_of_the_console_has_such_an_action():
    assert check_actions() == []
    pages: list[Any] = list(admin.site._registry.values())
    assert any(page.actions_detail for page in pages)


@pytest.fixture
def world(client_of):
    row = make_deployment()
    path = reverse("admin:execution_deployment_pause", args=[row.pk])
    return SimpleNamespace(row=row, path=path, client_of=client_of)


def status(world):
    return Deployment.objects.get(pk=world.row.pk).status


def post(client, path, **values):
    return client.post(path, {"_form_submitted": "True", **values})


def test_opening_the_dialog_pauses_nothing_and_says_what_it_would_do(world):
    answer = world.client_of("trader").get(world.path)
    text = answer.content.decode()
    assert 'role="dialog"' in text
    assert "starts no further cycle" in text
    assert status(world) == "enabled"


def test_pausing_takes_a_post_with_a_reason_and_leaves_an_audit_row(world):
    client = world.client_of("trader")
    assert post(client, world.path).status_code == 200
    assert status(world) == "enabled"
    assert post(client, world.path, reason="maintenance").status_code == 302
    assert status(world) == "paused"
    event = AuditEvent.objects.get(action="deployment.pause")
    assert (event.actor, event.reason) == ("trader-person", "maintenance")
    resume = reverse("admin:execution_deployment_resume", args=[world.row.pk])
    assert post(client, resume, reason="done").status_code == 302
    assert status(world) == "enabled"


def test_within_a_dialog_the_way_on_is_a_header(world):
    answer = world.client_of("trader").post(
        world.path,
        {"_form_submitted": "True", "reason": "maintenance"},
        headers={"HX-Request": "true"},
    )
    assert answer.headers["HX-Redirect"] == reverse(
        "admin:execution_deployment_change", args=[world.row.pk]
    )


def test_only_what_makes_sense_is_offered(world):
    client = world.client_of("trader")
    page = reverse("admin:execution_deployment_change", args=[world.row.pk])
    text = client.get(page).content.decode()
    assert "Pause\u2026" in text
    assert "Resume\u2026" not in text
    post(client, world.path, reason="maintenance")
    text = client.get(page).content.decode()
    assert "Resume\u2026" in text
    assert "Pause\u2026" not in text


@pytest.mark.parametrize("role", ["viewer", "analyst", "admin"])
def test_others_neither_see_nor_use_it(world, role):
    client = world.client_of(role)
    page = reverse("admin:execution_deployment_change", args=[world.row.pk])
    assert "Pause\u2026" not in client.get(page).content.decode()
    assert post(client, world.path, reason="x").status_code == 403
    assert status(world) == "enabled"
