"""The second person: what trades live is changed by an import only if two people agree to it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from atlas.approvals import decide_approval
from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, NotAllowed
from atlas.domain.states import ImportState
from atlas.models import ApprovalRequest, AuditEvent
from execution.models import CycleRun, Deployment
from imports.apply import apply
from imports.approval import REVERT_KIND, ask_second_person, live_strategies, open_request
from imports.models import ImportRun
from imports.revert import revert
from strategies.models import Strategy
from tests.execution.conftest import _patient_gate  # noqa: F401  # cycles run within one test's transaction
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves
from tests.factories import UserFactory, VaultFactory
from tests.imports.builders import document, point, strategy
from tests.imports.source_world import alerts, fetch_now, make_source, put, states
from tests.imports.world import ACTOR, NOW, catalogue

pytestmark = pytest.mark.django_db

SLUG = "trend"
FASTER = {"fast_bars": 5, "slow_bars": 13}


def trend(**changes):
    """Write the strategy that a deployment trades."""
    own = {"reports": [], "holdings": [], "trades": [], "benchmark": None, **changes}
    return document(strategies=[strategy(SLUG, **own)], vaults=[], benchmarks=[])


@pytest.fixture
def deployment(world):
    """Let a deployment trade a strategy that an import brought."""
    world.run(trend())
    return make_deployment(slug=SLUG)


@pytest.fixture
def live(deployment):
    """Let it trade real money."""
    vault = VaultFactory.create()
    Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", vault=vault, feed_clock=None)
    return deployment


@pytest.fixture
def people():
    """Give one who asks and one who decides."""
    users = tuple(
        UserFactory.create(username=name, is_superuser=True) for name in ("asker", "decider")
    )
    return [Actor(name=user.username, user=user) for user in users]


def review(world, content):
    return world.run(content, is_dry_run=True)


def approved(run, people, *, kind="import.apply", now=NOW):
    asker, decider = people
    request = ask_second_person(run, reason="as agreed", requester=asker, now=now, kind=kind)
    return decide_approval(request, approve=True, reason="seen", approver=decider, now=now)


def test_a_change_to_what_trades_live_is_not_applied_by_one_person(world, live):
    changed = review(world, trend(name="Another name"))
    before = catalogue()
    with pytest.raises(NotAllowed, match="trend, which trades live"):
        apply(changed, actor=ACTOR, now=NOW)
    assert catalogue() == before
    assert ImportRun.objects.get(pk=changed.pk).state == ImportState.REVIEWED


def test_it_is_applied_once_a_second_person_has_agreed_and_the_word_is_used_up(world, live, people):
    changed = review(world, trend(name="Another name"))
    request = approved(changed, people)
    apply(changed, actor=ACTOR, now=NOW)
    assert Strategy.objects.get(slug=SLUG).name == "Another name"
    request.refresh_from_db()
    assert (request.state, request.used_at) == ("USED", NOW)
    steps = AuditEvent.objects.filter(action__startswith="approval.").order_by("pk")
    assert [step.action for step in steps] == [
        "approval.request",
        "approval.approved",
        "approval.use",
    ]


def test_nobody_decides_about_what_they_asked_for(world, live, people):
    changed = review(world, trend(name="Another name"))
    request = ask_second_person(changed, reason="please", requester=people[0], now=NOW)
    with pytest.raises(NotAllowed, match="another person"):
        decide_approval(request, approve=True, reason="me", approver=people[0], now=NOW)
    with pytest.raises(NotAllowed):
        apply(changed, actor=ACTOR, now=NOW)


def test_a_request_that_waits_or_was_turned_down_opens_nothing(world, live, people):
    changed = review(world, trend(name="Another name"))
    request = ask_second_person(changed, reason="please", requester=people[0], now=NOW)
    with pytest.raises(NotAllowed):
        apply(changed, actor=ACTOR, now=NOW)
    decide_approval(request, approve=False, reason="no", approver=people[1], now=NOW)
    with pytest.raises(NotAllowed):
        apply(changed, actor=ACTOR, now=NOW)


def test_an_agreement_that_has_expired_opens_nothing(world, live, people):
    changed = review(world, trend(name="Another name"))
    approved(changed, people)
    with pytest.raises(NotAllowed):
        apply(changed, actor=ACTOR, now=NOW + timedelta(hours=1))
    assert open_request(changed, now=NOW + timedelta(hours=1)) is None
    approved(changed, people, now=NOW + timedelta(hours=1))
    apply(changed, actor=ACTOR, now=NOW + timedelta(hours=1))


def test_an_agreement_is_for_one_change_and_is_void_when_that_has_changed(world, live, people):
    changed = review(world, trend(name="Another name"))
    request = approved(changed, people)
    Strategy.objects.filter(slug=SLUG).update(data_version=99)
    again = review(world, trend(name="Another name"))
    assert again.pk != changed.pk
    request.refresh_from_db()
    assert request.state == "VOID"
    assert AuditEvent.objects.filter(action="approval.void").count() == 1
    with pytest.raises(NotAllowed):
        apply(again, actor=ACTOR, now=NOW)


def test_an_agreement_to_one_change_set_is_none_to_another(world, live, people):
    approved(review(world, trend(name="Agreed name")), people)
    other = review(world, trend(name="Sneaky name"))
    with pytest.raises(NotAllowed):
        apply(other, actor=ACTOR, now=NOW)


def test_an_agreement_is_used_once(world, live, people):
    first = review(world, trend(name="Another name"))
    approved(first, people)
    apply(first, actor=ACTOR, now=NOW)
    approved(first, people, kind=REVERT_KIND)
    revert(first, reason="back", actor=ACTOR, now=NOW)
    again = review(world, trend(name="Another name"))
    with pytest.raises(NotAllowed):
        apply(again, actor=ACTOR, now=NOW)


def test_putting_back_a_change_to_what_trades_live_needs_a_second_person_too(
    world, deployment, people
):
    changed = world.run(trend(name="Another name"))
    vault = VaultFactory.create()
    Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", vault=vault, feed_clock=None)
    before = catalogue()
    with pytest.raises(NotAllowed, match="trades live"):
        revert(changed, reason="back", actor=ACTOR, now=NOW)
    assert catalogue() == before
    approved(changed, people)  # to apply it, which is not what is wanted now
    with pytest.raises(NotAllowed):
        revert(changed, reason="back", actor=ACTOR, now=NOW)
    approved(changed, people, kind=REVERT_KIND)
    revert(changed, reason="back", actor=ACTOR, now=NOW)
    assert Strategy.objects.get(slug=SLUG).name == "The trend strategy"


def test_what_is_asked_twice_or_for_nothing_is_refused(world, live, people):
    changed = review(world, trend(name="Another name"))
    ask_second_person(changed, reason="please", requester=people[0], now=NOW)
    with pytest.raises(ConflictingState, match="PENDING"):
        ask_second_person(changed, reason="please", requester=people[0], now=NOW)
    harmless = review(world, document(strategies=[strategy("other")]))
    with pytest.raises(ConflictingState, match="nothing that trades live"):
        ask_second_person(harmless, reason="please", requester=people[0], now=NOW)
    assert ApprovalRequest.objects.count() == 1


def test_what_does_not_trade_live_needs_one_person(world, deployment):
    run = world.run(trend(name="Another name"))
    assert (run.state, live_strategies(run)) == (ImportState.APPLIED, [])


def test_the_record_of_a_live_strategy_grows_without_a_second_person(world, live):
    run = world.run(trend(performance=[point(n, 1 + n / 100) for n in range(1, 9)]))
    assert run.state == ImportState.APPLIED


@pytest.mark.parametrize("mode", ["PAPER", "LIVE"])
def test_an_import_never_changes_what_a_deployment_trades_by(world, deployment, people, mode):
    if mode == "LIVE":
        vault = VaultFactory.create()
        Deployment.objects.update(mode="LIVE", vault=vault, feed_clock=None)
    before = Deployment.objects.values().get(pk=deployment.pk)
    changed = review(world, trend(parameters=FASTER, rule="donchian_breakout", timeframe="4h"))
    if mode == "LIVE":
        approved(changed, people)
    assert apply(changed, actor=ACTOR, now=NOW).state == ImportState.APPLIED
    made = Strategy.objects.get(slug=SLUG)
    assert (made.rule, made.parameters) == ("donchian_breakout", FASTER)
    after = Deployment.objects.values().get(pk=deployment.pk)
    assert after == before
    assert after["parameters"] != FASTER


def test_the_cycles_of_a_deployment_decide_alike_before_and_after_an_import(world):
    """Two deployments of one strategy see the same market; an import comes in one's middle."""
    quick = {"parameters": {"fast_bars": 2, "slow_bars": 3}, "reports": []}
    world.run(document(strategies=[strategy("undisturbed", **quick)], vaults=[]))
    world.run(trend(**quick))
    made = recording(waves())
    decided: list[list[object]] = []
    for slug, at in (("undisturbed", None), (SLUG, 4)):
        deployment = make_deployment(slug=slug, feed=f"feed-{slug}")
        open_switches(slug=slug)
        for index in range(8):
            if index == at:
                assert world.run(trend(parameters=FASTER)).state == ImportState.APPLIED
            run(deployment, made, slot(index))
        ended = CycleRun.objects.filter(deployment=deployment).order_by("scheduled_for")
        decided.append([(one.state, one.reason) for one in ended])
        equity = deployment.equity_points.order_by("as_of_at")
        decided.append(list(equity.values_list("equity_usd", flat=True)))
    assert decided[:2] == decided[2:]
    assert len(set(decided[1])) > 2  # something was traded


def test_a_schedule_leaves_what_trades_live_to_two_people(world, live, people, settings, tmp_path):
    settings.ATLAS_IMPORT_INBOX_DIR = tmp_path / "inboxes"
    folder = tmp_path / "inboxes" / "nightly"
    folder.mkdir(parents=True)
    put(folder, "export.json", trend(name="Another name"))
    source = make_source("inbox", "nightly")
    assert states(fetch_now(source, world.store)) == ["REVIEWED"]
    assert Strategy.objects.get(slug=SLUG).name == "The trend strategy"
    assert alerts() == {"import_waiting": ("OPEN", 1)}
    waiting = ImportRun.objects.get(state=ImportState.REVIEWED)
    approved(waiting, people, now=timezone.now())
    apply(waiting, actor=ACTOR, now=timezone.now())
    assert Strategy.objects.get(slug=SLUG).name == "Another name"
