"""Rows that are valid by default; a test names only what it is about: `StrategyFactory.create()`."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from onchain.models import Vault
from onchain.register import ARBITRUM_ONE
from onchain.vocabulary import VaultStatus
from strategies.models import Benchmark, MetricsSnapshot, PerformancePoint, Strategy
from strategies.snapshots import EDITION
from strategies.vocabulary import Category, RiskLevel, SeriesSource, StrategyStatus

START = datetime(2024, 1, 1, tzinfo=UTC)


class UserFactory(DjangoModelFactory[User]):
    """A person who may enter the console and has no role there."""

    class Meta:
        model = User

    username = Sequence(lambda number: f"person-{number}")
    is_staff = True


class BenchmarkFactory(DjangoModelFactory[Benchmark]):
    """An asset that strategies are compared with."""

    class Meta:
        model = Benchmark

    slug = Sequence(lambda number: f"benchmark-{number}")
    name = LazyAttribute(lambda row: row.slug.title())


class StrategyFactory(DjangoModelFactory[Strategy]):
    """A public strategy that trades ETH on daily bars."""

    class Meta:
        model = Strategy

    slug = Sequence(lambda number: f"strategy-{number:03d}")
    name = LazyAttribute(lambda row: row.slug.replace("-", " ").title())
    category = Category.TREND.value
    assets = ["ETH"]
    timeframe = "1d"
    status = StrategyStatus.DEPLOYABLE.value
    risk_level = RiskLevel.MEDIUM.value
    inception_on = date(2024, 1, 1)
    discovered_at = Sequence(lambda number: START + timedelta(hours=number))
    created_at = START
    updated_at = START


class MetricsSnapshotFactory(DjangoModelFactory[MetricsSnapshot]):
    """Headline metrics over everything, from a backtest."""

    class Meta:
        model = MetricsSnapshot

    strategy = SubFactory(StrategyFactory)
    source = SeriesSource.BACKTEST.value
    window = "all"
    is_headline = True
    total_return_ratio = 0.25
    max_drawdown_ratio = -0.1
    observations = 365
    first_at = START
    last_at = START + timedelta(days=364)
    last_aum_usd = Decimal("1250000.5")
    definitions = EDITION
    data_version = 1


class PerformancePointFactory(DjangoModelFactory[PerformancePoint]):
    """One day of a series; each further one lies a day later."""

    class Meta:
        model = PerformancePoint

    strategy = SubFactory(StrategyFactory)
    source = SeriesSource.BACKTEST.value
    as_of_at = Sequence(lambda number: START + timedelta(days=number))
    nav_per_share_usd = Decimal("1.5")


class VaultFactory(DjangoModelFactory[Vault]):
    """A vault on Arbitrum One that is watched."""

    class Meta:
        model = Vault

    chain_id = ARBITRUM_ONE
    address = Sequence(lambda number: f"0x{number:040x}")
    name = Sequence(lambda number: f"Vault {number:03d}")
    status = VaultStatus.WATCHED.value
    strategy = None
    created_at = START
    updated_at = START
