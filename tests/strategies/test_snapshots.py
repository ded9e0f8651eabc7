"""Headline metrics: what is stored of each series and window, and where it comes from."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from atlas.domain.metrics import NavSeries, report
from strategies import snapshots
from strategies.models import CatalogueVersion, MetricsSnapshot, PerformancePoint
from strategies.models.metrics import METRIC_COLUMNS
from strategies.services import ensure_defaults, recompute_outdated
from strategies.snapshots import refresh_metrics_snapshots
from tests.factories import MetricsSnapshotFactory, StrategyFactory

pytestmark = pytest.mark.django_db

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def publish(strategy, navs, *, source="backtest", first=FIRST, step=timedelta(days=1), aum=None):
    PerformancePoint.objects.bulk_create(
        PerformancePoint(
            strategy=strategy,
            source=source,
            as_of_at=first + step * place,
            nav_per_share_usd=Decimal(str(nav)),
            aum_usd=aum,
        )
        for place, nav in enumerate(navs)
    )


def walk(days, seed=7):
    steps = np.random.default_rng(seed).normal(0.001, 0.02, days)
    return np.round(np.cumprod(1 + steps), 6).tolist()


def of(strategy, **narrowed):
    return MetricsSnapshot.objects.get(strategy=strategy, **narrowed)


def test_every_window_of_every_source_has_the_numbers_of_the_report_to_the_last_bit():
    strategy = StrategyFactory.create(data_version=4)
    navs = walk(500)
    publish(strategy, navs)
    assert refresh_metrics_snapshots([strategy.pk]) == 4
    days = np.arange(500) + (date(2024, 1, 1) - date(1970, 1, 1)).days
    whole = NavSeries(days, np.array(navs))
    for window, length in (("30d", 30), ("90d", 90), ("1y", 365), ("all", None)):
        stored = of(strategy, window=window)
        part = whole if length is None else whole.trailing(length)
        assert part is not None
        told = report(part)
        for metric, column in METRIC_COLUMNS.items():
            assert getattr(stored, column) == told.metrics[metric].value, (window, metric)
            reason = told.metrics[metric].reason
            assert stored.reasons.get(metric.value) == (reason.value if reason else None)
        assert stored.samples == told.provenance.samples
        assert stored.observations == len(part.days)
        assert stored.short_history == (window == "30d")
        assert (stored.window_to_on - stored.window_from_on).days == len(part.days) - 1
        assert (stored.data_version, stored.track_days) == (4, 499)


def test_metrics_that_need_ninety_days_are_null_below_with_a_reason():
    strategy = StrategyFactory.create()
    publish(strategy, walk(60))
    refresh_metrics_snapshots([strategy.pk])
    stored = of(strategy, window="all")
    assert stored.total_return_ratio is not None
    assert stored.sharpe is not None
    assert (stored.cagr_ratio, stored.calmar) == (None, None)
    assert stored.reasons["cagr"] == stored.reasons["calmar"] == "insufficient_history"
    assert stored.short_history


def test_a_window_that_the_series_does_not_reach_back_over_has_reasons_only():
    strategy = StrategyFactory.create()
    publish(strategy, walk(60), aum=Decimal(5))
    refresh_metrics_snapshots([strategy.pk])
    stored = of(strategy, window="1y")
    assert set(stored.metrics.values()) == {None}
    assert stored.reasons == dict.fromkeys(stored.metrics, "insufficient_history")
    assert stored.sparkline == []
    assert (stored.observations, stored.last_aum_usd) == (60, Decimal(5))
    assert stored.window_from_on == stored.window_to_on - timedelta(days=365)


def test_assets_that_are_not_reported_say_so():
    strategy = StrategyFactory.create()
    publish(strategy, [1, 2])
    refresh_metrics_snapshots([strategy.pk])
    assert of(strategy, window="all").reasons["aum"] == "not_reported"


def test_of_several_points_a_day_the_last_one_counts():
    strategy = StrategyFactory.create()
    publish(strategy, [1, 5, 2, 0.5, 7, 3], step=timedelta(hours=8))
    refresh_metrics_snapshots([strategy.pk])
    stored = of(strategy, window="all")
    assert (stored.total_return_ratio, stored.observations) == (0.5, 2)  # 3 / 2 - 1
    assert stored.first_at == FIRST + timedelta(hours=16)
    assert stored.last_at == FIRST + timedelta(hours=40)


def test_filled_days_and_gaps_are_counted():
    strategy = StrategyFactory.create()
    publish(strategy, [1, 1.1])
    publish(strategy, [1.2, 1.3], first=FIRST + timedelta(days=3))
    publish(strategy, [1.4, 1.5], first=FIRST + timedelta(days=20))
    refresh_metrics_snapshots([strategy.pk])
    stored = of(strategy, window="all")
    assert (stored.filled_days, stored.gaps, stored.missing_days) == (1, 1, 15)
    assert (stored.observations, stored.track_days) == (6, 21)


def test_the_small_chart_has_sixty_points_at_most_and_keeps_the_extremes():
    strategy = StrategyFactory.create()
    navs = walk(400)
    navs[123], navs[250] = 0.01, 99
    publish(strategy, navs)
    refresh_metrics_snapshots([strategy.pk])
    line = of(strategy, window="all").sparkline
    assert 40 <= len(line) <= 60
    assert line[0] == 1.0
    assert line[-1] == round(navs[-1] / navs[0], 6)
    assert (min(line), max(line)) == (round(0.01 / navs[0], 6), round(99 / navs[0], 6))


def test_the_best_evidence_makes_the_headline_and_hands_it_on():
    strategy = StrategyFactory.create()

    def headlines():
        refresh_metrics_snapshots([strategy.pk])
        found = MetricsSnapshot.objects.filter(strategy=strategy, is_headline=True)
        assert found.count() == 4
        return set(found.values_list("source", flat=True))

    publish(strategy, [1, 2])
    assert headlines() == {"backtest"}
    publish(strategy, [1, 2], source="paper")
    assert headlines() == {"paper"}
    publish(strategy, [1, 2], source="live")
    assert headlines() == {"live"}
    PerformancePoint.objects.filter(source="live").delete()
    assert headlines() == {"paper"}
    assert not MetricsSnapshot.objects.filter(source="live").exists()


def test_strategies_are_computed_alike_alone_and_in_a_crowd(monkeypatch):
    monkeypatch.setattr(snapshots, "STRATEGIES_AT_ONCE", 2)
    made = [StrategyFactory.create() for _ in range(5)]
    for seed, strategy in enumerate(made):
        publish(strategy, walk(200 - seed, seed=seed))
    assert refresh_metrics_snapshots([one.pk for one in made]) == 20
    together = {one.pk: of(one, window="all").metrics for one in made}
    for strategy in made:
        refresh_metrics_snapshots([strategy.pk])
        assert of(strategy, window="all").metrics == together[strategy.pk]


def test_what_an_older_edition_computed_is_computed_anew_after_a_migration():
    strategy = StrategyFactory.create(data_version=3)
    publish(strategy, [1, 3])
    MetricsSnapshotFactory.create(strategy=strategy, definitions=0, total_return_ratio=0.1)
    lists = CatalogueVersion.objects.get(name="strategies").version
    ensure_defaults()
    stored = of(strategy, window="all")
    assert (stored.total_return_ratio, stored.is_headline) == (2.0, True)
    assert stored.data_version == 4
    assert CatalogueVersion.objects.get(name="strategies").version == lists + 1
    assert recompute_outdated() == 0
