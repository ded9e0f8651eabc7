"""The kill switch: who may throw it, how, and that the next cycle stands still."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from atlas.domain.states import SwitchState
from atlas.models import AuditEvent, TradingState
from atlas.roles import ROLES
from execution.models import Order
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves

pytestmark = pytest.mark.django_db

HALT = {"state": "HALTED", "reason": "prices look wrong"}
MAY_HALT = {"trader", "risk", "admin"}


def state_of(scope="GLOBAL", key=""):
    return TradingState.objects.get(scope=scope, key=key).state


@pytest.fixture
def trading():
    """A deployment that would trade in its next cycle, every switch free."""
    deployment = make_deployment()
    open_switches()
    return deployment


@pytest.mark.parametrize("role", sorted(ROLES))
def test_exactly_these_roles_may_halt(client_of, trading, role):
    client = client_of(role)
    answer = client.post(reverse("admin:halt"), HALT)
    assert answer.status_code == (302 if role in MAY_HALT else 403)
    assert state_of() == ("HALTED" if role in MAY_HALT else "ACTIVE")
    assert client.get(reverse("admin:halt")).status_code == (200 if role in MAY_HALT else 403)


def test_who_is_not_logged_in_or_no_staff_halts_nothing(client_of, trading):
    for client in (Client(), _no_staff(client_of)):
        answer = client.post(reverse("admin:halt"), HALT)
        assert answer.status_code == 302
        assert reverse("admin:login") in answer["Location"]
    assert state_of() == "ACTIVE"


def _no_staff(client_of):
    from django.contrib.auth.models import User

    client = client_of("trader", name="outsider")
    User.objects.filter(username="outsider").update(is_staff=False)
    return client


def test_one_post_halts_and_the_next_cycle_trades_nothing(client_of, trading):
    made = recording(waves())
    client_of("trader").post(reverse("admin:halt"), HALT)
    ended = [run(trading, made, slot(index)) for index in range(6)]
    assert {(cycle.state, cycle.reason) for cycle in ended if cycle} == {("SKIPPED", "halted")}
    assert not Order.objects.filter(fills__isnull=False).exists()


def test_without_the_halt_the_same_cycles_trade(trading):
    made = recording(waves())
    for index in range(6):
        run(trading, made, slot(index))
    assert Order.objects.filter(fills__isnull=False).exists()


def test_a_halt_leaves_who_from_where_in_which_request_and_why(client_of, trading):
    client_of("trader").post(
        reverse("admin:halt"), HALT, headers={"X-Request-ID": "halt-1"}, REMOTE_ADDR="10.1.2.3"
    )
    event = AuditEvent.objects.get(action="switch.halted")
    assert (event.actor, event.address, event.request_id, event.reason) == (
        "trader-person",
        "10.1.2.3",
        "halt-1",
        "prices look wrong",
    )
    assert event.actor_user is not None


def test_an_emptied_reason_does_not_hold_a_halt_up(client_of, trading):
    client_of("trader").post(reverse("admin:halt"), {"state": "HALTED", "reason": "  "})
    row = TradingState.objects.get(scope="GLOBAL")
    assert (row.state, row.reason) == ("HALTED", "stopped by hand from the console")


def test_a_very_long_reason_does_not_hold_a_halt_up_either(client_of, trading):
    client_of("trader").post(reverse("admin:halt"), {**HALT, "reason": "x" * 900})
    row = TradingState.objects.get(scope="GLOBAL")
    assert (row.state, row.reason) == ("HALTED", "x" * 500)


def test_reducing_is_the_softer_button(client_of, trading):
    client_of("trader").post(reverse("admin:halt"), {"state": "REDUCING", "reason": "thin book"})
    assert state_of() == "REDUCING"


def test_the_form_cannot_free_a_switch(client_of, trading):
    client = client_of("risk")
    client.post(reverse("admin:halt"), HALT)
    assert client.post(reverse("admin:halt"), {"state": "ACTIVE"}).status_code == 400
    client.post(reverse("admin:halt"), {"state": "REDUCING", "reason": "softer"})
    assert state_of() == "HALTED"


def test_a_second_halt_says_that_the_first_stands(client_of, trading):
    client = client_of("trader")
    client.post(reverse("admin:halt"), HALT)
    answer = client.post(reverse("admin:halt"), {**HALT, "reason": "me too"}, follow=True)
    assert "was HALTED already: prices look wrong" in answer.content.decode()
    assert AuditEvent.objects.filter(action="switch.halted").count() == 1


def test_one_scope_is_halted_on_its_own(client_of, trading):
    market = TradingState.objects.get(scope="MARKET", key="ETH/USD")
    client_of("trader").post(reverse("admin:halt_scope", args=[market.pk]), HALT)
    assert state_of("MARKET", "ETH/USD") == "HALTED"
    assert state_of() == "ACTIVE"


def test_without_the_token_of_its_form_nothing_is_halted(client_of, trading):
    client = client_of("trader")
    client.handler.enforce_csrf_checks = True
    answer = client.post(reverse("admin:halt"), HALT)
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()
    assert state_of() == "ACTIVE"


def test_a_page_that_is_read_halts_nothing(client_of, trading):
    client = client_of("trader")
    for path in (reverse("admin:halt") + "?state=HALTED&reason=x", reverse("admin:halt")):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert client.put(reverse("admin:halt"), HALT).status_code == 405
    assert state_of() == "ACTIVE"


def test_every_page_of_a_trader_carries_the_switch_and_a_viewers_does_not(client_of, trading):
    for role, carries in (("trader", True), ("viewer", False)):
        client = client_of(role)
        for name in ("admin:index", "admin:atlas_auditevent_changelist"):
            text = client.get(reverse(name)).content.decode()
            assert ('id="ak-halt"' in text) is carries
            assert 'class="ak-word">PAPER' in text


def test_the_shell_halts_everything_or_one_scope(trading):
    out = StringIO()
    call_command("halt", "--scope", "MARKET", "--key", "ETH/USD", "--reduce", stdout=out)
    assert state_of("MARKET", "ETH/USD") == "REDUCING"
    call_command("halt", "--reason", "drill", stdout=out)
    assert state_of() == "HALTED"
    event = AuditEvent.objects.get(action="switch.halted")
    assert event.actor.startswith("shell:")
    assert event.reason == "drill"
    assert "GLOBAL *: HALTED (drill)" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scope", "MARKET"), "needs one"),
        (("--key", "ETH/USD"), "takes no --key"),
        (("--scope", "MARKET", "--key", "ETHUSD"), "Known: ETH/USD"),
        (("--reason", " "), "reason is needed"),
    ],
)
def test_the_shell_does_not_pretend_to_halt(trading, arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("halt", *arguments)
    assert set(TradingState.objects.values_list("state", flat=True)) == {SwitchState.ACTIVE}
