"""Previews: the next cycle's own words, and not one row of it."""

import io
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from atlas import switches
from atlas.domain.states import SwitchState
from atlas.domain.stopped_clock import StoppedClock
from execution import limit_changes
from execution.marketdata.replay import ReplayMarketData
from execution.models import Candle, Deployment, GuardrailDecision, Order, Signal
from execution.preview import preview_cycle
from execution.preview_words import as_json, as_text
from onchain.models import Vault
from tests.console.conftest import client_of  # noqa: F401  # people with their roles
from tests.execution.world import (
    ACTOR,
    WALL,
    make_deployment,
    open_switches,
    read_wall,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db

MARKET = recording(waves())
FLIP = slot(9)


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def preview(deployment, at, market=MARKET):
    clock = StoppedClock(at)
    return preview_cycle(
        deployment, read=read_wall, clock=clock, market_data=ReplayMarketData.of([market], clock)
    )


def everything() -> dict[str, tuple[int, str]]:
    """Count and sum up the rows of every table, so that not even an update goes unseen."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM \"{table}\" t"
            )
            found[table] = cursor.fetchone()
    return found


def test_a_preview_says_what_the_cycle_then_does(deployment):
    seen = preview(deployment, slot(0))
    cycle = run(deployment, MARKET, slot(0))
    assert cycle.reason == "traded"
    order = Order.objects.get()
    (first,) = seen.orders
    assert first.intent == order.intent
    decision = GuardrailDecision.objects.get()
    told = as_json(seen)["orders"][0]["verdicts"]
    assert told == decision.verdicts
    assert len(told) > 20
    assert first.judgement.allowed is decision.allowed is True
    assert seen.signals[0].reason == Signal.objects.get().reason


def test_a_preview_writes_nothing_at_all(deployment):
    before = everything()
    seen = preview(deployment, slot(0))
    assert seen.orders
    assert everything() == before
    assert before["execution_candle"][0] == Candle.objects.count() == 0
    run(deployment, MARKET, slot(0))
    traded = everything()
    assert traded != before
    assert preview(deployment, FLIP).orders
    assert everything() == traded


def test_previews_do_not_change_what_cycles_do_after_them(deployment):
    other = make_deployment(slug="unseen")
    open_switches(slug="unseen")
    for index in (0, 9):  # an opening and a flip
        preview(deployment, slot(index))
        run(deployment, MARKET, slot(index))
        run(other, MARKET, slot(index))
    sizes = [
        list(
            Order.objects.filter(deployment=one)
            .order_by("created_at", "cycle__scheduled_for", "round_number")
            .values_list("kind", "state", "size_delta_usd")
        )
        for one in (deployment, other)
    ]
    assert sizes[0] == sizes[1]
    assert len(sizes[0]) > 2


def test_a_flip_shows_both_orders_and_that_the_second_comes_later(deployment):
    run(deployment, MARKET, slot(0))
    seen = preview(deployment, FLIP)
    assert [(one.intent.kind, one.is_first) for one in seen.orders] == [
        ("REDUCE", True),
        ("INCREASE", False),
    ]
    assert "looked at again first" in as_text(seen)


def test_a_denial_is_shown_with_both_numbers(deployment):
    limit_changes.change_limits(
        deployment=deployment,
        limits={"max_order_notional_usd": "50"},
        reason="a test",
        actor=ACTOR,
        now=WALL,
    )
    seen = preview(deployment, slot(0))
    (order,) = seen.orders
    assert not order.judgement.allowed
    text = as_text(seen)
    assert "would be DENIED" in text
    assert "50" in next(line for line in text.splitlines() if "BREACHED" in line)


def test_a_halted_market_is_named_and_denies(deployment):
    switches.tighten(
        scope=switches.GLOBAL_SCOPE,
        state=SwitchState.HALTED,
        reason="a drill",
        actor=ACTOR,
        now=WALL,
    )
    seen = preview(deployment, slot(0))
    assert any("GLOBAL is halted" in note for note in seen.notes)
    assert not seen.orders[0].judgement.allowed


def test_what_a_cycle_would_be_skipped_for_is_the_answer(deployment):
    seen = preview(deployment, slot(0), recording(waves(), without={5}))
    assert seen.refusal is not None
    assert (seen.refusal.state, seen.refusal.reason) == ("SKIPPED", "gap")
    assert seen.orders == seen.signals == ()
    assert "A cycle would end SKIPPED (gap)" in as_text(seen)


def test_bars_that_a_cycle_would_refuse_are_refused_here_too(deployment):
    run(deployment, MARKET, slot(0))
    changed = waves()
    changed[14] += 1
    seen = preview(deployment, slot(0), recording(changed))
    assert seen.refusal is not None
    assert seen.refusal.reason == "history_changed"


def test_a_live_deployment_shows_every_missing_key(deployment):
    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", vault=vault, feed_clock=None)
    row = Deployment.objects.detailed().get()
    seen = preview(row, slot(0))
    assert seen.refusal is not None
    assert seen.refusal.reason == "live_refused"
    assert "Live trading is refused" in seen.refusal.message


def shell(*arguments) -> str:
    out = io.StringIO()
    call_command("preview_cycle", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def fed(deployment, monkeypatch):
    """Let the deployment's own feed be the recording of the test."""
    monkeypatch.setattr(
        "execution.preview.market_data_for",
        lambda _deployment, clock: ReplayMarketData.of([MARKET], clock),
    )
    monkeypatch.setattr("django.utils.timezone.now", read_wall)
    return deployment


def test_the_command_and_the_page_tell_what_the_function_gives(fed, client_of):  # noqa: F811
    told = json.loads(shell("trend", "--json"))
    assert told["strategy"] == "trend"
    assert told["orders"][0]["allowed"] is True
    assert Decimal(told["sizes"][0]["target_notional_usd"]) == Decimal(10_000)
    text = shell("trend", "--deployment", str(fed.pk))
    assert "Signal ETH/USD: LONG" in text
    assert "would be allowed" in text
    before = everything()
    path = reverse("admin:execution_deployment_preview", args=[fed.pk])
    client = client_of("trader")
    page = client.get(path).content.decode()
    assert "would be allowed" in page
    assert "<dt>NAV, USD</dt><dd>10,000.00</dd>" in page
    assert "max_order_notional" in page or "order_notional" in page
    grown = {name for name, rows in everything().items() if rows != before[name]}
    assert not {name for name in grown if name.startswith(("execution_", "onchain_"))}, grown
    assert client_of("viewer").get(path).status_code == 403


def test_the_command_names_deployments_that_it_cannot_choose_from(deployment):
    with pytest.raises(CommandError, match="no deployment"):
        shell("nobody")
    second = make_deployment()
    with pytest.raises(CommandError, match=f"several.*{deployment.pk}.*{second.pk}"):
        shell("trend")
    with pytest.raises(CommandError, match="has no deployment 999999"):
        shell("trend", "--deployment", "999999")
