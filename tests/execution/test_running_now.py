"""A paper cycle by hand: with a reason, by whoever may, never for LIVE and never beside another."""

from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from atlas.domain.errors import ConflictingState
from atlas.domain.stopped_clock import StoppedClock
from atlas.models import AuditEvent
from execution import tasks
from execution.marketdata.replay import ReplayMarketData
from execution.models import CycleRun, Deployment, Order
from execution.running_now import ask_to_run, run_asked
from onchain.models import Vault
from tests.console.conftest import client_of  # noqa: F401  # people with their roles
from tests.execution.orders import make_cycle
from tests.execution.world import (
    ACTOR,
    WALL,
    make_deployment,
    open_switches,
    read_wall,
    recording,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db
MARKET = recording(waves())


@pytest.fixture
def deployment(monkeypatch):
    """A deployment whose feed is the recording of the tests."""
    monkeypatch.setattr(
        "execution.cycle.market_data_for",
        lambda _deployment, clock: ReplayMarketData.of([MARKET], StoppedClock(clock.now())),
    )
    made = make_deployment()
    open_switches()
    return made


def shell(*arguments) -> str:
    out = StringIO()
    call_command("run_cycle_now", *arguments, "--reason", "a drill", stdout=out)
    return out.getvalue()


def go_live(deployment):
    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", vault=vault, feed_clock=None)


def asked() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="cycle.run_now"))


def test_the_command_runs_a_cycle_and_says_who_wanted_it_and_why(deployment):
    at = slot(0).isoformat()
    assert "COMPLETED (traded)" in shell("trend", "--slot", at)
    cycle = CycleRun.objects.get()
    assert (cycle.origin, cycle.scheduled_for) == ("manual", slot(0))
    (event,) = asked()
    assert event.reason == "a drill"
    assert event.actor.startswith("shell:")
    assert Order.objects.get().state == "FILLED"
    with pytest.raises(CommandError, match="has been run already"):
        shell("trend", "--slot", at)
    assert len(asked()) == 1


def test_without_a_slot_it_is_the_present_of_the_feed(deployment, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", read_wall)
    shell("trend")
    assert CycleRun.objects.get().scheduled_for == slot(0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "has no deployment"),
        (["trend", "--deployment", "999999"], "has no deployment 999999"),
        (["trend", "--slot", "soon"], "no ISO 8601"),
    ],
)
def test_what_cannot_be_run_is_refused_in_words(deployment, arguments, said):
    with pytest.raises(CommandError, match=said):
        shell(*arguments)
    assert not CycleRun.objects.exists()


def test_a_reason_of_blanks_is_none(deployment):
    with pytest.raises(CommandError, match="reason"):
        call_command("run_cycle_now", "trend", "--reason", "  ", stdout=StringIO())
    assert asked() == []


def test_a_live_deployment_is_refused_with_the_missing_keys(deployment):
    go_live(deployment)
    with pytest.raises(CommandError, match="Live trading is refused"):
        shell("trend")
    assert not CycleRun.objects.exists()
    assert asked() == []


def test_nothing_runs_beside_a_running_cycle(deployment):
    make_cycle(deployment, at=slot(3))
    with pytest.raises(CommandError, match="is running"):
        shell("trend", "--slot", slot(0).isoformat())
    with pytest.raises(ConflictingState, match="is running"):
        run_asked(deployment, slot(0), read=read_wall, actor=ACTOR)
    assert CycleRun.objects.count() == 1


@pytest.fixture
def console(deployment, client_of, django_capture_on_commit_callbacks):  # noqa: F811
    """Post the dialog as somebody; what goes to a worker runs at once."""
    sent = []

    def carry_out(args, kwargs, expires):
        sent.append(expires)
        tasks.run_cycle_now(*args, **kwargs)

    def post(role, monkeypatch):
        monkeypatch.setattr(tasks.run_cycle_now, "apply_async", carry_out)
        monkeypatch.setattr("django.utils.timezone.now", read_wall)
        path = reverse("admin:execution_deployment_run_now", args=[deployment.pk])
        client = client_of(role)
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(path, {"_form_submitted": "True", "reason": "a look"}, follow=True)

    return SimpleNamespace(post=post, sent=sent)


def test_a_trader_has_a_worker_run_it_and_nobody_else_may(console, monkeypatch):
    assert console.post("risk", monkeypatch).status_code == 403
    assert not CycleRun.objects.exists()
    answer = console.post("trader", monkeypatch)
    assert "A worker runs the cycle" in answer.content.decode()
    assert console.sent == [tasks.NOW_EXPIRES_SECONDS]
    assert CycleRun.objects.get().reason == "traded"
    (event,) = asked()
    assert (event.actor, event.reason) == ("trader-person", "a look")
    claimed = AuditEvent.objects.get(action="cycle.claim")
    assert claimed.actor == "trader-person"


def test_the_dialog_refuses_live_and_a_running_cycle(console, deployment, monkeypatch):
    make_cycle(deployment, at=slot(3))
    assert "is running" in console.post("trader", monkeypatch).content.decode()
    go_live(deployment)
    assert "Live trading is refused" in console.post("trader", monkeypatch).content.decode()
    assert console.sent == []
    assert asked() == []


def test_a_task_that_comes_second_does_nothing(deployment, monkeypatch):
    at = ask_to_run(deployment, reason="a look", actor=ACTOR, read=read_wall, slot=slot(0))
    for _ in range(2):
        tasks.run_cycle_now(deployment.pk, at.isoformat(), name="ann", user_id=None)
    assert CycleRun.objects.count() == 1
