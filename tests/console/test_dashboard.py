"""The dashboard and the state sentence: right, complete, and never a query for each row."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from atlas.audit import Actor
from atlas.console.colours import Tone
from atlas.console.sentence import state_sentence
from atlas.domain.states import SwitchState
from atlas.models import TradingState
from atlas.registries import TradingFacts, trading_facts
from atlas.switches import tighten
from execution import panels
from execution.models import CycleRun, EquityPoint, Fill, Order
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def told():
    """Let trading tell what a test says, in the place of what is in its tables."""
    before = dict(trading_facts._entries)

    def tell(**values):
        facts = {"paper": 2, "live": 0, "working_orders": 0, "newest_cycle_at": None, **values}
        trading_facts._entries = {"test": lambda: TradingFacts(**facts)}

    yield tell
    trading_facts._entries = before


def switch_to(state, *, reason="a test"):
    TradingState.objects.filter(scope="GLOBAL").update(
        state=state, reason=reason, changed_by="ann", changed_at=NOW - timedelta(minutes=3)
    )


def sentence():
    return state_sentence(now=NOW)


def test_paper_is_named_as_no_real_money(told):
    told(newest_cycle_at=NOW - timedelta(seconds=8))
    switch_to("ACTIVE")
    said = sentence()
    assert (said.word, said.tone) == ("PAPER", Tone.ACTIVE)
    assert said.meaning == "2 deployments on paper, no real money."
    assert said.freshness == "Newest cycle 8 s ago"
    assert said.switch == "Active for 3 min, by ann: a test"


def test_real_money_is_the_word_as_soon_as_one_deployment_uses_it(told):
    told(live=1, paper=1)
    switch_to("ACTIVE")
    said = sentence()
    assert (said.word, said.tone) == ("LIVE", Tone.LIVE)
    assert said.meaning == "1 deployment with real money, 1 deployment on paper."


def test_a_halt_says_what_it_promises_and_what_still_drains(told):
    told(live=1, working_orders=2)
    switch_to("HALTED")
    said = sentence()
    assert (said.word, said.tone) == ("HALTED", Tone.BAD)
    assert said.meaning == ("no order starts. Draining: 2 sent before the halt did not end yet.")
    told(live=1)
    assert sentence().meaning == "no order starts."


def test_reducing_says_that_nothing_may_grow(told):
    told(paper=0)
    switch_to("REDUCING")
    said = sentence()
    assert (said.word, said.tone) == ("REDUCING", Tone.CAUTION)
    assert said.meaning == "positions may shrink, none may grow; no deployment is scheduled."
    assert said.freshness == "No cycle yet"


def test_a_missing_switch_is_shown_as_what_it_is_halted(told):
    told()
    TradingState.objects.all().delete()
    said = sentence()
    assert said.word == "HALTED"
    assert "missing or unreadable" in said.switch


def test_switches_below_the_global_one_are_counted(told):
    told()
    switch_to("ACTIVE")
    for key, state in (("A", "HALTED"), ("B", "HALTED"), ("C", "REDUCING"), ("D", "ACTIVE")):
        TradingState.objects.create(
            scope="MARKET", key=key, state=state, reason="r", changed_at=NOW, changed_by="ann"
        )
    assert sentence().tighter == "2 halted, 1 reducing"


def traded(count):
    """Run a cycle for each of so many deployments."""
    made = recording(waves())
    for number in range(count):
        deployment = make_deployment(slug=f"trend-{number}")
        open_switches(slug=f"trend-{number}")
        for index in range(3):
            run(deployment, made, slot(index))


def queries_of(client):
    client.get(reverse("admin:index"))  # content types and the like are remembered after the first
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    return len(queries), answer.content.decode()


def test_the_dashboard_asks_as_much_of_the_database_for_many_as_for_one(client_of):
    client = client_of("risk")
    traded(1)
    few, _ = queries_of(client)
    for number in range(1, 4):
        deployment = make_deployment(slug=f"trend-{number}")
        open_switches(slug=f"trend-{number}")
        run(deployment, recording(waves()), slot(0))
    many, _ = queries_of(client)
    assert many <= few
    assert many <= 30


def test_the_dashboard_shows_figures_equity_and_cycles(client_of):
    traded(2)
    _, text = queries_of(client_of("viewer"))
    figures = {tile.name: tile for tile in panels.figures_context(timezone.now())["tiles"]}
    assert figures["Deployments"].figure == "2"
    assert figures["Cycles, last hour"].figure == "0"  # the tests' wall stands in the past
    assert text.count("<polyline") == 2
    assert "RECORDED TIME" in text
    assert "Last cycles" in text
    assert "COMPLETED" in text


def test_the_figures_of_the_last_hour_follow_the_cycles_of_the_last_hour(client_of):
    traded(1)
    wall = CycleRun.objects.latest("started_at").started_at
    figures = {
        tile.name: tile for tile in panels.figures_context(wall + timedelta(minutes=59))["tiles"]
    }
    assert figures["Cycles, last hour"].figure == str(CycleRun.objects.count())
    assert figures["Orders, last hour"].figure == str(Order.objects.count())
    assert figures["Fills, last hour"].figure == str(Fill.objects.count()) != "0"
    later = {tile.name: tile for tile in panels.figures_context(wall + timedelta(hours=2))["tiles"]}
    assert later["Cycles, last hour"].figure == "0"
    assert later["Cycles, last hour"].note == "none"


def test_a_return_is_measured_on_shares_so_that_a_deposit_is_none(client_of):
    traded(1)
    point = EquityPoint.objects.latest("as_of_at")
    (row,) = panels.equity_context(NOW)["rows"]
    gain = (point.share_value_usd - 1) * 100
    assert row.gain == f"{gain:+.2f} %"
    assert row.equity.replace(",", "") == f"{point.equity_usd:.2f} USD"


def test_who_has_no_role_sees_no_panel(client_of):
    traded(1)
    text = client_of("nobody").get(reverse("admin:index")).content.decode()
    assert "Your account may see nothing yet" in text
    assert "<polyline" not in text


def test_a_thrown_switch_is_on_the_dashboard_with_its_reason(client_of):
    user = User.objects.create_user("ann")
    TradingState.objects.create(
        scope="MARKET", key="ETH/USD", state="ACTIVE", reason="r", changed_at=NOW, changed_by="x"
    )
    tighten(
        scope=("MARKET", "ETH/USD"),
        state=SwitchState.REDUCING,
        reason="<b>thin</b> book",
        actor=Actor(name="ann", user=user),
        now=NOW,
    )
    text = client_of("viewer").get(reverse("admin:index")).content.decode()
    assert "MARKET ETH/USD" in text
    assert "&lt;b&gt;thin&lt;/b&gt; book" in text
