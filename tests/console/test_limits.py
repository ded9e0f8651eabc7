"""Limits in the console: what is in force, what a version changed, and writing the next one."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from atlas.approvals import decide_approval
from atlas.audit import Actor
from atlas.models import ApprovalRequest, AuditEvent
from execution import limit_changes
from execution.limit_changes import HOUSE
from execution.models import Deployment, GuardrailLimits
from onchain.models import Vault
from tests.execution.world import ACTOR, WALL, make_deployment

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(client_of):
    row = make_deployment()
    return SimpleNamespace(
        row=row,
        client_of=client_of,
        act=reverse("admin:execution_deployment_change_limits", args=[row.pk]),
        page=reverse("admin:execution_deployment_change", args=[row.pk]),
    )


def post(world, role="risk", **values):
    return world.client_of(role).post(
        world.act, {"_form_submitted": "True", "reason": "a review", **values}
    )


def newest(world):
    return GuardrailLimits.objects.filter(deployment=world.row).order_by("-version").first()


def go_live(world):
    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    limit_changes.change_limits(
        deployment=world.row,
        limits={"required_price_sources": 2},
        reason="live",
        actor=ACTOR,
        now=WALL,
    )
    Deployment.objects.filter(pk=world.row.pk).update(mode="LIVE", vault=vault, feed_clock=None)


def test_the_form_says_the_bounds_of_each_limit(world):
    text = world.client_of("risk").get(world.act).content.decode()
    assert "dHEDGE refuses above 7" in text
    assert "ratio, 0 to 6.5" in text
    assert newest(world).version == 1


def test_a_change_is_a_new_version_that_names_what_it_changed(world):
    assert post(world, max_drawdown_ratio="0.2", allowed_sides="LONG").status_code == 302
    row = newest(world)
    assert (row.version, row.max_drawdown_ratio, row.allowed_sides) == (2, Decimal("0.2"), ["LONG"])
    assert row.max_order_notional_usd == Decimal(1_000_000)  # what was left empty stays
    event = AuditEvent.objects.get(action="limits.change")
    assert (event.actor, event.reason) == ("risk-person", "a review")
    page = reverse("admin:execution_guardraillimits_change", args=[row.pk])
    text = world.client_of("risk").get(page).content.decode()
    assert "What version 2 changed" in text
    assert "<td>max_drawdown_ratio</td>" in text
    assert "<td>max_order_notional_usd</td>" not in text


@pytest.mark.parametrize(
    "values",
    [
        {"max_leverage_ratio": "6.6"},
        {"max_slippage_bps": "-1"},
        {"max_daily_loss_ratio": "1.1"},
        {"required_price_sources": "3"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_value_out_of_its_bounds_is_refused_by_the_form(world, values):
    assert post(world, **values).status_code == 200
    assert newest(world).version == 1


def test_what_only_the_service_sees_is_refused_in_words(world):
    values = {"_form_submitted": "True", "reason": "a review", "allowed_markets": "DOGE/USD"}
    answer = world.client_of("risk").post(world.act, values, follow=True)
    assert "DOGE/USD is allowed but not traded" in answer.content.decode()
    assert newest(world).version == 1


def test_a_trader_may_not_change_limits(world):
    assert post(world, "trader", max_drawdown_ratio="0.2").status_code == 403
    assert newest(world).version == 1


def test_loosening_what_binds_a_live_deployment_takes_two_persons(world):
    go_live(world)
    post(world, max_drawdown_ratio="0.6")
    assert newest(world).version == 2
    (request,) = ApprovalRequest.objects.filter(kind="limits.loosen")
    post(world, max_drawdown_ratio="0.6")
    assert ApprovalRequest.objects.count() == 1  # asked once, however often it is sent
    world.client_of("risk", name="second")
    second = Actor(name="second", user=User.objects.get(username="second"))
    decide_approval(request, approve=True, reason="ok", approver=second, now=timezone.now())
    post(world, max_drawdown_ratio="0.7")
    assert newest(world).version == 2  # another change is another request
    post(world, max_drawdown_ratio="0.6")
    row = newest(world)
    assert (row.version, row.approval_id) == (3, request.pk)
    request.refresh_from_db()
    assert request.state == "USED"


def test_tightening_what_binds_a_live_deployment_takes_one_person(world):
    go_live(world)
    post(world, max_drawdown_ratio="0.4")
    assert newest(world).version == 3
    assert not ApprovalRequest.objects.exists()


def test_a_live_deployment_never_falls_below_two_price_sources(world):
    go_live(world)
    post(world, required_price_sources="1")
    assert newest(world).version == 2


def test_lifting_a_limit_of_the_house_over_a_live_deployment_takes_two_persons(world):
    go_live(world)
    values: dict[str, Any] = {"reason": "a test", "actor": ACTOR, "now": WALL}
    limit_changes.change_level(HOUSE, limits={"max_orders_per_day": 5}, **values)
    world.client_of("risk", name="ann")
    person = Actor(name="ann", user=User.objects.get(username="ann"))
    asked = limit_changes.change_or_ask(
        HOUSE, limits={"max_orders_per_day": None}, reason="more", actor=person, now=WALL
    )
    assert isinstance(asked, ApprovalRequest)
    in_force = HOUSE.latest()
    assert in_force is not None
    assert in_force.max_orders_per_day == 5


def test_the_pages_show_limits_of_every_level(world):
    values: dict[str, Any] = {"reason": "a test", "actor": ACTOR, "now": WALL}
    limit_changes.change_level(HOUSE, limits={"max_leverage_ratio": 2}, **values)
    client = world.client_of("risk")
    text = client.get(world.page).content.decode()
    assert "Limits in use" in text
    assert "No order has been judged yet." in text
    assert "<td>global</td>" in text
    listed = client.get(reverse("admin:execution_guardraillimits_changelist"))
    assert "GLOBAL" in listed.content.decode().upper()
