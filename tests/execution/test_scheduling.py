"""Which cycles are due, by which clock, and what the house says about it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from atlas import registries
from atlas.domain.errors import InvalidInput
from atlas.domain.states import TradingMode
from atlas.domain.stopped_clock import StoppedClock
from atlas.domain.timetable import MissedSlots
from config.celery import app
from execution import feeds, paper_clock, registrations, scheduling, tasks
from execution.leases import LEASE
from execution.models import CycleRun, Deployment, FeedClock
from execution.vocabulary import DeploymentStatus
from tests.execution.orders import make_cycle
from tests.execution.world import HOUR, MARKET, WALL, make_deployment, recording, slot, waves
from tests.factories import VaultFactory

pytestmark = pytest.mark.django_db

PRICES = recording(waves())
TEN_SECONDS = timedelta(seconds=10)  # of the wall: one hour of the feed


@pytest.fixture(autouse=True)
def provider(monkeypatch):
    from execution.marketdata.replay import ReplayMarketData

    monkeypatch.setitem(
        feeds.PROVIDERS, "replay", lambda _, clock: ReplayMarketData.of([PRICES], clock)
    )


def due(wall):
    return [(one.deployment_id, one.slot) for one in scheduling.due_cycles(now=wall)]


def test_the_first_slot_is_the_one_after_the_deployment_was_made():
    deployment = make_deployment(now=WALL + timedelta(seconds=1))
    assert due(WALL + timedelta(seconds=9)) == []
    assert due(WALL + TEN_SECONDS) == [(deployment.pk, slot(1))]


def test_a_slot_is_due_until_somebody_has_begun_it():
    deployment = make_deployment()
    assert due(WALL + TEN_SECONDS) == [(deployment.pk, slot(1))]
    make_cycle(deployment, at=slot(1))
    assert due(WALL + TEN_SECONDS) == []


def test_while_one_slot_runs_no_other_is_due():
    deployment = make_deployment()
    make_cycle(deployment, at=slot(1))
    assert due(WALL + 2 * TEN_SECONDS) == []


def test_slots_that_nobody_ran_are_counted_and_not_caught_up():
    deployment = make_deployment()
    make_cycle(deployment, at=slot(1))
    CycleRun.objects.update(state="SKIPPED", reason="halted", finished_at=WALL)
    assert due(WALL + 5 * TEN_SECONDS) == [(deployment.pk, slot(5))]
    assert scheduling.missed_slots(deployment, slot(5)) == 3
    assert scheduling.missed_slots(deployment, slot(2)) == 0


def end_all_cycles():
    CycleRun.objects.running().update(state="SKIPPED", reason="halted", finished_at=WALL)


def test_slots_that_nobody_ran_are_all_caught_up_where_the_deployment_says_so():
    deployment = make_deployment()
    Deployment.objects.update(missed_slots=MissedSlots.ALL)
    make_cycle(deployment, at=slot(1))
    end_all_cycles()
    ran = []
    while found := due(WALL + 4 * TEN_SECONDS):
        ((_, at),) = found
        ran.append(at)
        make_cycle(deployment, at=at)
        assert due(WALL + 4 * TEN_SECONDS) == []  # one at a time
        end_all_cycles()
    assert ran == [slot(2), slot(3), slot(4)]


def test_a_missed_slot_is_not_run_late_where_the_deployment_says_so():
    deployment = make_deployment()
    Deployment.objects.update(missed_slots=MissedSlots.SKIP)
    assert due(WALL + 2 * TEN_SECONDS + timedelta(seconds=3)) == []
    assert due(WALL + 3 * TEN_SECONDS) == [(deployment.pk, slot(3))]


def test_a_live_deployment_can_catch_nothing_up():
    make_deployment()
    with pytest.raises(IntegrityError, match="deployment_live_catches_nothing_up"):
        Deployment.objects.update(
            mode=TradingMode.LIVE,
            vault=VaultFactory.create(),
            feed_clock=None,
            missed_slots=MissedSlots.ALL,
        )


def test_a_timetable_that_cannot_be_kept_is_refused_by_the_database_too():
    make_deployment()
    with pytest.raises(IntegrityError, match="deployment_timetable_can_be_kept"):
        Deployment.objects.update(jitter_seconds=15 * 60)


def test_who_has_waited_the_largest_share_of_its_time_comes_first():
    slow, quick = make_deployment(slug="slow"), make_deployment(slug="quick")
    Deployment.objects.filter(pk=slow.pk).update(cadence_seconds=2 * HOUR.total_seconds())
    # Of slots of the same moment the quick one's has waited half its time, the slow one's a quarter;
    # an hour later the slow one still waits.
    assert due(WALL + timedelta(seconds=15)) == [(quick.pk, slot(1)), (slow.pk, slot(1))]
    assert due(WALL + timedelta(seconds=25)) == [(slow.pk, slot(1)), (quick.pk, slot(2))]


def test_a_look_gives_out_a_batch_at_most_and_those_left_come_next(monkeypatch):
    monkeypatch.setattr(scheduling, "BATCH", 2)
    pks = {make_deployment(slug=f"s{index}").pk for index in range(3)}
    first = due(WALL + TEN_SECONDS)
    assert len(first) == 2
    for pk, at in first:
        make_cycle(Deployment.objects.get(pk=pk), at=at)
    ((left, _),) = due(WALL + TEN_SECONDS)
    assert {left, *(pk for pk, _ in first)} == pks


def test_a_look_at_many_deployments_takes_as_many_queries_as_at_one(
    django_assert_num_queries,
):
    make_deployment(slug="one")
    with CaptureQueriesContext(connection) as at_one:
        due(WALL + TEN_SECONDS)
    for index in range(5):
        make_deployment(slug=f"more-{index}")
    with django_assert_num_queries(len(at_one)):
        assert len(due(WALL + TEN_SECONDS)) == 6


def test_the_hard_limit_of_a_cycle_is_shorter_than_its_slot():
    assert tasks.cycle_limit_seconds(3600) == tasks.CYCLE_LIMIT_SECONDS
    assert tasks.cycle_limit_seconds(10) == 9
    assert tasks.cycle_limit_seconds(0.5) == 1


def test_a_paused_deployment_is_not_due():
    make_deployment(status=DeploymentStatus.PAUSED)
    assert due(WALL + TEN_SECONDS) == []


def test_after_the_end_of_its_recording_a_deployment_is_not_due():
    deployment = make_deployment()
    last = 60 - 15  # bars after the warm-up
    for index in range(1, last, 5):  # looked at all the time, the feed does not stand still
        due(WALL + index * TEN_SECONDS)
    assert due(WALL + last * TEN_SECONDS) == [(deployment.pk, slot(last))]
    assert due(WALL + (last + 1) * TEN_SECONDS) == []


def test_a_deployment_whose_feed_nobody_provides_does_not_stop_the_others():
    broken = make_deployment()
    sound = make_deployment(slug="sound")
    Deployment.objects.filter(pk=broken.pk).update(feed="crystal-ball")
    assert due(WALL + TEN_SECONDS) == [(sound.pk, slot(1))]


def test_a_word_about_a_slot_is_worth_one_slot_of_the_wall():
    make_deployment()
    (found,) = scheduling.due_cycles(now=WALL + TEN_SECONDS)
    assert found.expires_seconds == 10


def test_a_recording_goes_on_where_it_stood_after_a_pause():
    deployment = make_deployment()
    assert due(WALL + 2 * TEN_SECONDS) == [(deployment.pk, slot(2))]
    night = WALL + timedelta(hours=9)
    assert due(night) == [(deployment.pk, slot(2))]
    assert due(night + TEN_SECONDS) == [(deployment.pk, slot(3))]


def test_a_feed_that_is_looked_at_runs_on_without_a_step():
    feed = make_deployment().feed_clock
    for seconds in range(0, 300, 50):
        feeds.watch(feed, now=WALL + timedelta(seconds=seconds))
    clock = feeds.replay_clock(FeedClock.objects.get(), read=lambda: WALL + timedelta(seconds=300))
    assert clock.now() == slot(30)


def test_a_wall_that_is_set_back_does_not_move_the_feed():
    feed = make_deployment().feed_clock
    feeds.watch(feed, now=WALL + timedelta(seconds=30))
    feeds.watch(feed, now=WALL - timedelta(seconds=30))
    row = FeedClock.objects.get()
    assert (row.anchor_wall_at, row.anchor_feed_at) == (WALL, slot(0))
    assert row.seen_at == WALL + timedelta(seconds=30)


def test_the_demo_feed_begins_a_month_into_the_shipped_recording():
    feed = feeds.play(
        name="demo", market=MARKET, timeframe=PRICES.timeframe, speed=Decimal(360), now=WALL
    )
    assert feed.anchor_feed_at.isoformat() == "2024-01-31T00:00:00+00:00"
    again = feeds.play(
        name="demo",
        market=MARKET,
        timeframe=PRICES.timeframe,
        speed=Decimal(1),
        now=WALL + timedelta(days=1),
    )
    assert again == feed


def test_a_feed_that_nobody_provides_is_refused_by_name():
    deployment = make_deployment()
    deployment.feed = "crystal-ball"
    with pytest.raises(InvalidInput, match="crystal-ball"):
        feeds.market_data_for(deployment, clock=StoppedClock(slot(0)))


def test_the_house_ships_the_schedules_of_trading():
    rows = {row.name: row for row in PeriodicTask.objects.filter(name__startswith="execution-")}
    assert {name: row.interval.every for name, row in rows.items()} == {
        registrations.DISPATCH: 5,
        registrations.SWEEP: 30,
        paper_clock.SCHEDULE: 30,
        registrations.STOPS: 5,
        registrations.WATCH: 30,
        registrations.DECISIONS: 86_400,
    }
    watching = {registrations.WATCH, registrations.DECISIONS}
    assert {row.queue for name, row in rows.items() if name not in watching} == {"trading"}
    assert {row.task for row in rows.values()} <= set(app.tasks)


def test_a_cycles_hard_limit_is_shorter_than_its_lease():
    assert tasks.run_cycle.time_limit == tasks.CYCLE_LIMIT_SECONDS < LEASE.total_seconds()


def test_health_says_when_cycles_stop():
    deployment = make_deployment(now=timezone.now())
    fit = registrations.newest_cycle(timezone.now())
    assert (fit.fit, fit.detail["deployments"]) == (True, 1)
    silent = registrations.newest_cycle(timezone.now() + timedelta(minutes=5))
    assert not silent.fit
    assert silent.detail["overdue"] == [deployment.pk]


def test_health_does_not_mind_where_nothing_is_scheduled():
    make_deployment(status=DeploymentStatus.PAUSED)
    assert registrations.newest_cycle(WALL + timedelta(days=1)).fit


def test_a_slow_cadence_is_given_its_time():
    make_deployment(now=WALL, cadence_seconds=86_400)
    Deployment.objects.update(feed_clock=None)
    assert registrations.newest_cycle(WALL + timedelta(days=2)).fit
    assert not registrations.newest_cycle(WALL + timedelta(days=4)).fit


@pytest.mark.parametrize(
    ("scope", "key", "covered"),
    [
        ("GLOBAL", "", True),
        ("STRATEGY", "trend", True),
        ("STRATEGY", "other", False),
        ("MARKET", MARKET, True),
        ("MARKET", "BTC/USD", False),
        ("VAULT", "eip155:42161:0x" + "ab" * 20, True),
        ("VAULT", "eip155:42161:0x" + "cd" * 20, False),
        ("CHAIN", "42161", True),
        ("CHAIN", "1", False),
        ("CHAIN", "ethereum", False),
    ],
)
def test_a_switch_over_a_live_deployment_is_known_as_such(scope, key, covered):
    from onchain.models import Vault

    ((_, check),) = [one for one in registries.covers_live if one[0] == "execution"]
    deployment = make_deployment()
    assert not check(scope, key)
    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", vault=vault, feed_clock=None)
    assert check(scope, key) is covered


def test_the_hour_of_the_feed_is_ten_seconds_of_the_wall():
    deployment = make_deployment()
    assert scheduling.wall_cadence(deployment) == TEN_SECONDS
    assert scheduling.latest_slot(deployment, now=WALL + TEN_SECONDS) == slot(0) + HOUR
