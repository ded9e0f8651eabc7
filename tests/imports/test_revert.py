"""Putting an import back: exactly what was, or nothing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.domain.errors import ConflictingState
from atlas.domain.states import ImportState
from atlas.models import AuditEvent
from imports.revert import revert
from strategies.models import MetricsSnapshot, PerformancePoint, Strategy
from tests.imports.builders import document, holding, point, report, strategy, trade
from tests.imports.world import ACTOR, NOW, catalogue, row_versions

pytestmark = pytest.mark.django_db


def put_back(run):
    return revert(run, reason="wrong file", actor=ACTOR, now=NOW)


def test_a_first_import_is_taken_back_to_the_last_row(world):
    empty = catalogue()
    run = put_back(world.run(document()))
    assert run.state == ImportState.REVERTED
    assert catalogue() == empty
    assert not MetricsSnapshot.objects.exists()
    event = AuditEvent.objects.get(action="import.revert")
    assert (event.reason, event.subject_id) == ("wrong file", str(run.pk))


def test_updates_inserts_and_deletes_are_put_back_together(world):
    world.run(document())
    before = catalogue()
    changed = strategy(
        name="Renamed",
        benchmark=None,
        parameters={"fast_bars": 9},
        performance=[point(1), point(3, 1.5), point(4)],
        trades=[trade(2)],
        holdings=[holding("BTC", 0.4), holding("ETH", 0.6)],
        reports=[report(sharpe=2, sortino=3)],
    )
    run = world.run(document(strategies=[changed, strategy("beta")]))
    assert catalogue() != before
    put_back(run)
    assert catalogue() == before


def test_the_metrics_and_versions_tell_that_something_changed_back(world):
    world.run(document())
    told = MetricsSnapshot.objects.get(window="all").total_return_ratio
    version = Strategy.objects.get().data_version
    run = world.run(document(strategies=[strategy(performance=[point(1), point(2, 3.0)])]))
    put_back(run)
    assert MetricsSnapshot.objects.get(window="all").total_return_ratio == told
    assert Strategy.objects.get().data_version == version + 2


def test_a_run_that_later_ones_built_on_stays(world):
    first = world.run(document())
    world.run(document(strategies=[strategy(performance=[point(1), point(2, 1.5)])]))
    before = row_versions()
    with pytest.raises(ConflictingState, match="later imports first"):
        put_back(first)
    assert row_versions() == before
    first.refresh_from_db()
    assert first.state == ImportState.APPLIED


def test_runs_can_be_put_back_one_after_another_the_last_one_first(world):
    empty = catalogue()
    first = world.run(document())
    second = world.run(document(strategies=[strategy(performance=[point(1), point(2, 1.5)])]))
    put_back(second)
    put_back(first)
    assert catalogue() == empty


def test_a_strategy_that_gained_a_record_since_stays(world):
    first = world.run(document(vaults=[]))
    made = Strategy.objects.get()
    PerformancePoint.objects.create(strategy=made, source="live", as_of_at=NOW, nav_per_share_usd=1)
    with pytest.raises(ConflictingState, match="built on since"):
        put_back(first)
    assert PerformancePoint.objects.count() == 4


def test_a_run_is_put_back_once_and_only_if_it_was_applied(world):
    with pytest.raises(ConflictingState, match="REVIEWED, not APPLIED"):
        put_back(world.run(document(), is_dry_run=True))
    run = put_back(world.run(document()))
    with pytest.raises(ConflictingState, match="REVERTED, not APPLIED"):
        put_back(run)


def test_the_bytes_of_a_run_that_was_put_back_can_be_imported_again(world):
    run = put_back(world.run(document()))
    again = world.run(document())
    assert again.pk != run.pk
    assert PerformancePoint.objects.count() == 3


DAYS = st.lists(st.integers(1, 6), unique=True, max_size=4).map(sorted)
STRATEGIES = st.builds(
    lambda slug, name, days, nav, trades, weight, featured: strategy(
        slug,
        name=name,
        featured=featured,
        performance=[point(day, nav + day / 100) for day in days],
        trades=[trade(number, size_usd=1000 * nav) for number in trades],
        holdings=[holding("ETH", weight), holding("USDC", round(1 - weight, 2))],
    ),
    slug=st.sampled_from(["alpha", "beta"]),
    name=st.sampled_from(["One", "Two"]),
    days=DAYS,
    nav=st.sampled_from([1.0, 1.1]),
    trades=st.lists(st.integers(1, 3), unique=True, max_size=3),
    weight=st.sampled_from([0.25, 0.5]),
    featured=st.booleans(),
)
FILES = st.builds(
    lambda mode, strategies: document(mode=mode, strategies=strategies, vaults=[]),
    mode=st.sampled_from(["snapshot", "delta"]),
    strategies=st.lists(STRATEGIES, min_size=1, max_size=2, unique_by=lambda one: one["slug"]),
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(FILES, min_size=1, max_size=3))
def test_whatever_is_imported_and_put_back_the_catalogue_is_what_it_was(world, files):
    states, runs = [catalogue()], []
    for content in files:
        outcome = world.bring(content)
        if outcome.is_repeat:
            continue
        runs.append(outcome.run)
        states.append(catalogue())
        versions = row_versions()
        world.run(dict(reversed(content.items())))  # the same content in other bytes
        assert row_versions() == versions
        assert world.bring(content).is_repeat
    for run, before in zip(reversed(runs), reversed(states[:-1]), strict=True):
        put_back(run)
        assert catalogue() == before
