"""Promotion of deployments: the facts are those of the rows, and the console and the gate ask them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from atlas.alerts import raise_alert
from atlas.domain.promotion import Stage
from atlas.domain.states import SwitchState
from execution.limit_alerts import REACHED
from execution.live_keys import PROMOTION, missing_live_keys
from execution.models import CycleRun, EquityPoint
from execution.parameter_changes import change_parameters
from execution.promotion import facts_of, promotion_of
from tests.console.conftest import client_of  # noqa: F401  # people with their roles
from tests.execution.world import ACTOR, WALL, make_deployment, slot
from tests.factories import MetricsSnapshotFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def deployment():
    made = make_deployment()
    MetricsSnapshotFactory.create(
        strategy=made.strategy,
        track_days=400,
        cagr_ratio=0.0,
        volatility_ratio=0.2,
        max_drawdown_ratio=-0.1,
    )
    return made


def value(deployment, day, share, *, simulated=False):
    EquityPoint.objects.create(
        deployment=deployment,
        as_of_at=WALL + day * DAY,
        recorded_at=WALL + day * DAY,
        simulated_time=simulated,
        cash_usd=share,
        positions_usd=0,
        equity_usd=share,
        flows_usd=0,
        shares=1,
        share_value_usd=Decimal(share),
        realised_usd=0,
        unrealised_usd=0,
        funding_usd=0,
        borrowing_usd=0,
        position_fee_usd=0,
        execution_fee_usd=0,
    )


def test_the_facts_are_read_off_the_rows(deployment):
    for day, share in ((0, "1"), (10, "1.2"), (20, "0.9"), (30, "1.02")):
        value(deployment, day, share)
    facts = facts_of(deployment, now=WALL)
    assert (facts.backtest_days, facts.backtest_drawdown_ratio) == (400, 0.1)
    assert facts.paper_days == pytest.approx(30)
    assert facts.paper_growth_ratio == pytest.approx(1.02)
    assert facts.paper_drawdown_ratio == pytest.approx(0.25)
    named = {one.name for one in promotion_of(deployment, Stage.LIVE, now=WALL).missing}
    assert named == {"paper fills", "paper drawdown"}


def test_what_ran_on_a_recording_is_no_paper_time(deployment):
    for day in (0, 40):
        value(deployment, day, "1", simulated=True)
    assert facts_of(deployment, now=WALL).paper_days is None


def test_changed_parameters_begin_the_record_anew(deployment):
    for day in (0, 40, 45):
        value(deployment, day, "1")
    assert facts_of(deployment, now=WALL).paper_days == pytest.approx(45)
    change_parameters(
        deployment, parameters={"slow_bars": 5}, reason="x", actor=ACTOR, now=WALL + 39 * DAY
    )
    assert facts_of(deployment, now=WALL).paper_days == pytest.approx(5)


def test_a_record_that_lost_everything_is_no_record_to_go_by(deployment):
    for day, share in ((0, "1"), (40, "0")):
        value(deployment, day, share)
    named = {one.name for one in promotion_of(deployment, Stage.LIVE, now=WALL).missing}
    assert {"drift from the backtest", "paper drawdown"} <= named


def test_open_breaches_and_broken_cycles_stand_in_the_way(deployment):
    raise_alert(
        REACHED,
        subject=deployment,
        message="drawdown is at 130 % of its limit.",
        now=WALL,
        key=f"limits:{deployment.pk}:drawdown",
    )
    CycleRun.objects.create(
        deployment=deployment,
        scheduled_for=slot(0),
        simulated_time=True,
        origin="schedule",
        state="ERRORED",
        reason="bug",
        lease_until=WALL,
        started_at=WALL - 6 * DAY,
        finished_at=WALL,
    )
    facts = facts_of(deployment, now=WALL)
    assert facts.open_breaches == ("drawdown is at 130 % of its limit.",)
    assert facts.broken_cycles == 1
    assert facts_of(deployment, now=WALL + 2 * DAY).broken_cycles == 0
    assert facts_of(make_deployment(slug="other"), now=WALL).open_breaches == ()


def test_each_criterion_that_is_not_met_is_a_missing_key_of_live(deployment):
    keys = missing_live_keys(deployment, switch=SwitchState.ACTIVE, now=WALL)
    named = [one for one in keys if one.startswith(PROMOTION)]
    missing = promotion_of(deployment, Stage.LIVE, now=WALL).missing
    assert named == [f"{PROMOTION}{one.sentence}" for one in missing]
    assert any("paper time is unknown, needed is at least 30 days" in one for one in named)


def test_the_page_shows_every_criterion(deployment, client_of):  # noqa: F811
    path = reverse("admin:execution_deployment_change", args=[deployment.pk])
    text = client_of("viewer").get(path).content.decode()
    assert "To paper: every criterion is met" in text
    assert "To live: 4 of 8 criteria are not met" in text
    assert "at least 30 days" in text
