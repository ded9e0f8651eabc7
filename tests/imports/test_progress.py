"""How far a run has got, told outside of its transaction: bounded, forgotten, and never a failure."""

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisAway

from imports import progress
from imports.progress import Progress, listening, read, report
from imports.revert import revert
from imports.synthetic import lines_of, reference_spec
from tests.imports.builders import document
from tests.imports.world import ACTOR, NOW


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Begin as a new process does."""
    monkeypatch.setattr(progress, "_told", progress._Told())


def test_what_was_told_can_be_read_elsewhere_until_it_is_forgotten():
    report(7, "stage", 250, 1000)
    assert read(7) == Progress(7, "stage", 250, 1000)
    assert read(8) is None
    progress.forget(7)
    assert read(7) is None


@pytest.mark.parametrize(("done", "total", "percent"), [(1, 3, 33), (5, 0, None), (9, 3, 100)])
def test_a_share_is_known_where_the_total_is(done, total, percent):
    assert Progress(1, "stage", done, total).percent == percent


def test_the_rate_is_bounded_and_nothing_is_counted_in_between():
    heard: list[Progress] = []
    counted = []

    def count():
        counted.append(1)
        return 10

    with listening(heard.append):
        for _ in range(10_000):
            report(7, "stage", count, 100)
    assert len(heard) == len(counted) <= 4


def test_the_beginning_of_each_phase_is_told_at_once():
    heard: list[Progress] = []
    with listening(heard.append):
        for phase in ("stage", "review", "apply"):
            report(7, phase, 0)
            report(7, phase, 1)
    assert [(one.phase, one.done) for one in heard] == [("stage", 0), ("review", 0), ("apply", 0)]


def test_without_redis_there_is_no_progress_and_no_error_and_one_try_in_half_a_minute(monkeypatch):
    tries = []

    def away(*_, **__):
        tries.append(1)
        raise RedisAway("away")

    monkeypatch.setattr(cache, "set", away)
    for phase in ("stage", "review", "apply"):
        report(7, phase, 0)
    progress.forget(7)
    assert len(tries) == 1
    monkeypatch.setattr(cache, "get", away)
    assert read(7) is None


@pytest.mark.django_db
def test_an_import_tells_its_phases_and_leaves_nothing_behind(world):
    heard: list[Progress] = []
    with listening(heard.append):
        run = world.run(document())
    assert [one.phase for one in heard if one.done == 0] == ["stage", "review", "apply"]
    assert {one.run for one in heard} == {run.pk}
    assert read(run.pk) is None


@pytest.mark.django_db
def test_the_bytes_of_a_file_are_counted_up_to_its_end(world, monkeypatch):
    monkeypatch.setattr(progress, "LEAST_SECONDS_BETWEEN", 0.0)
    data = lines_of(reference_spec(strategies=3, days=20, trades=5, holdings=5))
    heard: list[Progress] = []
    with listening(heard.append):
        world.run(data)
    told = [one.done for one in heard if one.phase == "stage"]
    assert told == sorted(told)
    assert told[0] == 0
    assert len(data) - told[-1] <= 2
    assert {one.total for one in heard if one.done and one.phase == "stage"} == {len(data)}


@pytest.mark.django_db
@pytest.mark.parametrize("phase", ["review", "apply", "revert"])
def test_the_other_phases_count_to_their_ends_too(world, monkeypatch, phase):
    monkeypatch.setattr(progress, "LEAST_SECONDS_BETWEEN", 0.0)
    heard: list[Progress] = []
    with listening(heard.append):
        run = world.run(document())
        revert(run, reason="back", actor=ACTOR, now=NOW)
    told = [(one.done, one.total) for one in heard if one.phase == phase]
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 1


def test_what_another_run_tells_is_not_taken_for_this_ones():
    heard: list[Progress] = []
    with listening(heard.append):
        report(7, "apply", 0)
        progress.advance(8, 5, 10)
    assert [one.run for one in heard] == [7]


@pytest.mark.django_db
def test_a_file_that_is_refused_leaves_no_progress_behind(world):
    run = world.run(b"{")
    assert (run.state, read(run.pk)) == ("REJECTED", None)
