"""What was published before: revisions of series, and series as they were at a data version."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL

from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, InvalidInput
from imports.models import ImportRun
from imports.revert import revert
from imports.storage import ContentStore
from strategies.models import PerformancePoint, SeriesRevision, Strategy, SupersededPoint
from strategies.revisions import Replaced
from strategies.series import read_series
from strategies.services import bump_data_version, delete_strategy, republish_series
from strategies.vocabulary import SeriesSource
from tests.factories import StrategyFactory
from tests.imports.builders import document, point, strategy
from tests.imports.world import ACTOR, NOW, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path):
    return World(ContentStore(tmp_path / "store"))


def publish(world, points, **more):
    """Import a snapshot of the one strategy; gives the run."""
    return world.run(document(strategies=[strategy(performance=points, **more)]))


def told(version=None, source=None):
    """Give the series of the one strategy as day -> NAV, at a data version."""
    series = read_series(slug="alpha", source=source, data_version=version)
    assert series is not None
    days = (series.micros // 86_400_000_000 - 20_088).tolist()  # 2025-01-01 is day 1
    return dict(zip(days, series.navs.tolist(), strict=True))


def version():
    return Strategy.objects.get(slug="alpha").data_version


def days(**navs: float) -> list[dict[str, Any]]:
    return [point(int(day.removeprefix("d")), nav) for day, nav in navs.items()]


def test_a_series_is_told_as_it_was_at_every_version(world):
    history: dict[int, dict[int, float]] = {}
    steps: list[list[dict[str, Any]]] = [
        days(d1=1.0, d2=1.1),
        days(d1=1.0, d2=1.1, d3=1.2),  # appended
        days(d1=1.0, d2=1.15, d3=1.2, d4=1.3),  # restated and appended
        days(d1=1.0, d3=1.2, d4=1.3),  # withdrawn
        days(d1=1.0, d2=1.11, d3=1.2, d4=1.3),  # filled in again
        days(d1=1.0),  # the end withdrawn
        days(d1=1.0, d2=5.0, d3=6.0),  # and another end appended
        days(d7=9.0),  # all of it replaced
        [],  # all of it withdrawn
        days(d6=1.0),  # begun anew
    ]
    for points in steps:
        publish(world, points)
        history[version()] = told()
    assert len(history) == 10
    assert history[version()] == {6: 1.0}
    for then, published in history.items():
        assert told(then) == published, then


def test_the_notice_says_what_was_changed_and_by_what(world):
    publish(world, days(d1=1.0, d2=1.1, d3=1.2))
    run = publish(world, days(d1=1.0, d2=1.15, d4=1.3))
    series = read_series(slug="alpha")
    assert series is not None
    (notice,) = series.restatements
    assert (notice.version_before, notice.version_after) == (version() - 1, version())
    assert notice.first_changed_at.day == 2
    assert (notice.revised, notice.withdrawn, notice.inserted) == (1, 1, 0)
    assert notice.reference == f"import {run.pk}"
    assert notice.noted_at == NOW


def test_points_that_are_only_appended_are_no_restatement(world):
    publish(world, days(d1=1.0, d2=1.1))
    publish(world, days(d1=1.0, d2=1.1, d3=1.2))
    series = read_series(slug="alpha")
    assert series is not None
    assert series.restatements == []
    assert SeriesRevision.objects.count() == 2
    assert not SupersededPoint.objects.exists()


def test_a_first_import_notes_that_nothing_was_there(world):
    publish(world, days(d1=1.0))
    revision = SeriesRevision.objects.get()
    assert (revision.last_at_before, revision.first_changed_at) == (None, None)
    assert (revision.version_before, revision.version_after) == (1, 2)
    assert told(1) == {}


def test_each_kind_of_evidence_has_its_own_past(world):
    publish(world, days(d1=1.0, d2=1.1))
    before = version()
    both = [*days(d1=1.0, d2=1.1), {**point(1, 2.0), "source": "live"}]
    publish(world, both)
    assert told() == {1: 2.0}
    assert told(before) == {1: 1.0, 2: 1.1}  # live did not exist, so backtest was the best
    assert told(before, SeriesSource.LIVE) == {}
    publish(world, [*days(d1=1.0, d2=1.2), {**point(1, 2.0), "source": "live"}])
    assert told(version() - 1, SeriesSource.BACKTEST) == {1: 1.0, 2: 1.1}
    assert {one.source for one in SeriesRevision.objects.filter(version_after=version())} == {
        "backtest"
    }


def test_changes_of_other_things_leave_the_past_alone(world):
    publish(world, days(d1=1.0))
    first = version()
    publish(world, days(d1=1.0), name="Renamed")
    assert version() == first + 1
    assert told(first) == told() == {1: 1.0}
    assert SeriesRevision.objects.count() == 1


def test_a_reversal_is_a_restatement_and_both_states_stay_readable(world):
    publish(world, days(d1=1.0, d2=1.1))
    first = version()
    run = publish(world, days(d1=1.0, d2=1.5, d3=1.6))
    second = version()
    revert(run, reason="wrong file", actor=ACTOR, now=NOW)
    assert told() == told(first) == {1: 1.0, 2: 1.1}
    assert told(second) == {1: 1.0, 2: 1.5, 3: 1.6}
    series = read_series(slug="alpha")
    assert series is not None
    assert series.restatements[0].reference == f"reversal of import {run.pk}"
    assert (series.restatements[0].revised, series.restatements[0].withdrawn) == (1, 1)


def test_points_that_a_reversal_takes_whole_stay_readable(world):
    world.run(document(strategies=[strategy(performance=[], trades=[])]))
    run = publish(world, days(d1=1.0, d2=1.1))
    published = version()
    revert(run, reason="wrong file", actor=ACTOR, now=NOW)
    assert told() == {}
    assert told(published) == {1: 1.0, 2: 1.1}


def test_reverting_the_import_that_brought_a_strategy_takes_its_past_too(world):
    run = publish(world, days(d1=1.0))
    revert(ImportRun.objects.get(pk=run.pk), reason="wrong file", actor=ACTOR, now=NOW)
    assert not Strategy.objects.filter(slug="alpha").exists()
    assert not SeriesRevision.objects.exists()


def test_a_strategy_with_earlier_figures_is_not_deleted(world):
    publish(world, days(d1=1.0))
    world.run(document(strategies=[strategy(performance=[], trades=[], holdings=[])]))
    assert not PerformancePoint.objects.exists()
    with pytest.raises(ConflictingState, match="earlier figures"):
        delete_strategy(Strategy.objects.get(), reason="old", actor=Actor.system("tests"), now=NOW)


@pytest.mark.parametrize("asked", [0, -1, 99])
def test_a_version_that_never_was_is_refused_with_those_there_are(world, asked):
    publish(world, days(d1=1.0))
    with pytest.raises(InvalidInput, match="there are 1 to 2"):
        read_series(slug="alpha", data_version=asked)


def test_versions_from_before_anything_was_noted_are_refused(world):
    publish(world, days(d1=1.0))
    Strategy.objects.update(history_from_version=2)
    assert told(2) == {1: 1.0}
    with pytest.raises(InvalidInput, match="there are 2 to 2"):
        told(1)


SERIES = st.dictionaries(
    st.integers(1, 12), st.integers(1, 99).map(lambda cents: Decimal(cents) / 100), max_size=8
)
VALUES = SQL(
    "SELECT v.* FROM unnest(%(owners)s::bigint[], %(sources)s::text[], %(moments)s::timestamptz[],"
    " %(navs)s::numeric[], %(aums)s::numeric[])"
    " AS v(strategy_id, source, as_of_at, nav_per_share_usd, aum_usd)"
)


def moment(day):
    return datetime(2025, 1, day, tzinfo=UTC)


def replace(strategy, old, new):
    """Put one series in the place of another and note the difference."""
    PerformancePoint.objects.filter(strategy=strategy).delete()
    PerformancePoint.objects.bulk_create(
        PerformancePoint(
            strategy=strategy, source="live", as_of_at=moment(day), nav_per_share_usd=nav
        )
        for day, nav in new.items()
    )
    changed = [day for day in {**old, **new} if old.get(day) != new.get(day)]
    values = {
        "owners": [strategy.pk] * len(changed),
        "sources": ["live"] * len(changed),
        "moments": [moment(day) for day in changed],
        "navs": [old.get(day) for day in changed],
        "aums": [None] * len(changed),
    }
    bump_data_version([strategy.pk])
    republish_series([strategy.pk], replaced=Replaced(VALUES, values), reference="test", now=NOW)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(published=st.lists(SERIES, min_size=2, max_size=6))
def test_whatever_is_published_can_be_told_again(db, published):
    with transaction.atomic():
        made = StrategyFactory.create(slug="alpha")
        history: dict[int, dict[int, Decimal]] = {}
        old: dict[int, Decimal] = {}
        for series in published:
            replace(made, old, series)
            history[version()], old = series, series
            assert told() == {day: float(nav) for day, nav in series.items()}
        for then, series in history.items():
            assert told(then) == {day: float(nav) for day, nav in series.items()}
        transaction.set_rollback(True)  # the next example begins with an empty catalogue
