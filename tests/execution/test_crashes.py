"""A worker that dies at any commit of a cycle: nothing is lost, nothing happens twice."""

from datetime import timedelta

import pytest
from django.db import Error, connection
from django.utils import timezone

from atlas.domain.states import CycleState
from execution import cycle as story
from execution import leases
from execution.folding import refold
from execution.models import CycleRun, Fill, Order
from tests.execution.ledger_dump import dump
from tests.execution.world import (
    make_deployment,
    open_switches,
    read_wall,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db(transaction=True)

MARKET = recording(waves())
OPENING, FLIP = slot(0), slot(9)  # the trend turns between them: a close and an opening


class Killed(BaseException):
    """The process is gone; nothing of it runs on."""


class Axe:
    """Kills the worker at its n-th commit, before or after the database has heard of it."""

    def __init__(self, monkeypatch, *, at: int, after: bool) -> None:
        self.commits = 0
        self.at, self.after = at, after
        self.commit = connection.commit
        monkeypatch.setattr(connection, "commit", self)

    def __call__(self) -> None:
        self.commits += 1
        if self.commits != self.at:
            self.commit()
            return
        if self.after:
            self.commit()
        connection.connection.close()
        raise Killed


def die_in(deployment, at, monkeypatch, *, commit: int, after: bool) -> int:
    """Run a cycle until the axe falls; gives how many commits there were, 0 if it never fell."""
    with monkeypatch.context() as patched:
        axe = Axe(patched, at=commit, after=after)
        try:
            run(deployment, MARKET, at)
        except (Killed, Error):
            connection.close()
            return axe.commits
    return 0


def let_the_lease_run_out(deployment) -> None:
    """Bring the lease of the deployment's running cycle into the past."""
    past = timezone.now() - timedelta(seconds=1)
    CycleRun.objects.running().filter(deployment=deployment).update(lease_until=past)


def fresh(number: int):
    slug = f"trend-{number}"
    made = make_deployment(slug=slug)
    open_switches(slug=slug)
    run(made, MARKET, OPENING)
    return made


@pytest.mark.timeout(600)  # it runs a cycle again for every commit; a busy machine needs minutes
@pytest.mark.deep
def test_a_worker_may_die_at_every_commit_of_a_flip(monkeypatch):
    undisturbed = fresh(0)
    ended = run(undisturbed, MARKET, FLIP)
    assert (ended.state, ended.orders.count()) == (CycleState.COMPLETED, 2), ended.message
    wanted = dump(undisturbed)
    deaths = 0
    for commit in range(1, 60):
        died = [
            _dies_and_is_resumed(commit, monkeypatch, after=after, wanted=wanted)
            for after in (False, True)
        ]
        if not any(died):
            break
        deaths += sum(died)
    assert deaths >= 2 * 12


def _dies_and_is_resumed(commit, monkeypatch, *, after, wanted) -> bool:
    deployment = fresh(commit * 2 + after)
    if not die_in(deployment, FLIP, monkeypatch, commit=commit, after=after):
        return False
    let_the_lease_run_out(deployment)
    run(deployment, MARKET, FLIP)
    where = f"killed {'after' if after else 'before'} commit {commit}"
    assert dump(deployment) == wanted, where
    account = deployment.paper_account
    account.refresh_from_db()
    assert refold(account).cash_usd == account.cash_usd, where
    return True


def test_while_the_lease_lives_nobody_else_touches_the_cycle(monkeypatch):
    deployment = fresh(0)
    assert die_in(deployment, FLIP, monkeypatch, commit=4, after=True)
    before = dump(deployment)
    assert run(deployment, MARKET, FLIP) is None
    assert run(deployment, MARKET, slot(10)) is None
    assert dump(deployment) == before


def test_the_sweeper_resumes_what_a_dead_worker_left(monkeypatch):
    deployment = fresh(0)
    assert die_in(deployment, FLIP, monkeypatch, commit=6, after=True)
    assert leases.expired() == []
    let_the_lease_run_out(deployment)
    (left,) = leases.expired()
    monkeypatch.setattr(story, "market_data_for", lambda _, *, clock: _replayed(clock))
    ended = story.resume(left, read=read_wall)
    assert ended is not None
    assert (ended.state, ended.fencing_token) == (CycleState.COMPLETED, 2)


def _replayed(clock):
    from execution.marketdata.replay import ReplayMarketData

    return ReplayMarketData.of([MARKET], clock)


def test_a_cycle_that_takes_every_worker_down_is_abandoned_and_the_next_one_runs(monkeypatch):
    deployment = fresh(0)
    assert die_in(deployment, FLIP, monkeypatch, commit=5, after=True)
    for _ in range(leases.MAX_TAKEOVERS):
        let_the_lease_run_out(deployment)
        assert die_in(deployment, FLIP, monkeypatch, commit=1, after=True)
    let_the_lease_run_out(deployment)
    ended = story.resume(leases.expired()[0], read=read_wall)
    assert ended is not None
    assert (ended.state, ended.reason) == (CycleState.ABANDONED, "abandoned")
    assert not Order.objects.filter(cycle=ended, final_at__isnull=True).exists()
    assert run(deployment, MARKET, slot(10)).state == CycleState.COMPLETED


def test_an_order_that_was_at_the_venue_when_its_cycle_broke_is_settled_by_the_next_one(
    monkeypatch,
):
    deployment = fresh(0)
    with monkeypatch.context() as patched:
        patched.setattr(story, "ending_by_orders", _broken)
        patched.setattr("execution.trading.settlement.settle", _broken)
        with pytest.raises(RuntimeError, match="broken"):
            run(deployment, MARKET, FLIP)
    broken = CycleRun.objects.get(scheduled_for=FLIP, deployment=deployment)
    assert broken.state == CycleState.ERRORED
    left = Order.objects.get(cycle=broken)
    assert left.state == "SUBMITTED"
    following = run(deployment, MARKET, slot(10))
    left.refresh_from_db()
    left.trade.refresh_from_db()
    assert (left.state, left.trade.state) == ("FILLED", "DONE")
    assert following.state == CycleState.COMPLETED
    assert Fill.objects.filter(order=left).count() == 1


def _broken(*_, **__):
    raise RuntimeError("broken")
