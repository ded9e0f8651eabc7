"""Limits in the API: the tightest word of all levels, whose it is, and how much is used."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from atlas.domain.limit_fields import LIMIT_FIELDS
from execution import gate, limit_changes
from execution.limit_changes import HOUSE
from execution.limits_in_use import limits_in_use
from tests.execution.orders import planned_order, snapshot_of
from tests.execution.world import ACTOR, WALL, make_deployment, open_switches, slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def shown(client, deployment):
    body = client.get(f"/api/v1/deployments/{deployment.pk}/").json()["limits"]
    return body, {one["name"]: one for one in body["in_force"]}


def test_every_limit_is_shown_with_its_level_and_its_use(client, deployment):
    limit_changes.change_level(
        HOUSE, limits={"max_orders_per_day": 4}, reason="a test", actor=ACTOR, now=WALL
    )
    before, _ = shown(client, deployment)
    assert (before["deployment_version"], before["vault_version"]) == (1, None)
    assert (before["global_version"], before["decided_at"]) == (1, None)
    order = planned_order(deployment)
    gate.authorise(
        order, snapshot=snapshot_of(deployment), feed_at=slot(0), fencing_token=1, actor=ACTOR
    )
    body, limits = shown(client, deployment)
    assert set(limits) == {one.name for one in LIMIT_FIELDS}
    assert body["decided_at"] is not None
    per_day = limits["max_orders_per_day"]
    assert (per_day["value"], per_day["level"], per_day["used_percent"]) == (4, "GLOBAL", 25.0)
    assert limits["max_drawdown_ratio"]["value"] == "0.5"
    assert limits["max_drawdown_ratio"]["used_percent"] == 0.0
    assert limits["allowed_markets"]["value"] == ["ETH/USD"]


def test_limits_cost_two_queries(deployment):
    with CaptureQueriesContext(connection) as captured:
        limits_in_use(deployment)
    assert len(captured) == 2
