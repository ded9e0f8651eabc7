"""Deleting a strategy: only one without a record goes; all others are delisted instead."""

from datetime import UTC, datetime

import pytest

from atlas.audit import Actor
from atlas.domain.errors import ConflictingState
from atlas.models import AuditEvent
from strategies.models import CatalogueVersion, Strategy
from strategies.services import LIST_VERSION, delete_strategy
from tests.factories import PerformancePointFactory, StrategyFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def delete(strategy):
    delete_strategy(strategy, reason="a double", actor=Actor.system("test"), now=NOW)


def test_a_strategy_without_a_record_is_deleted_with_its_reason_kept():
    strategy = StrategyFactory.create(slug="a-double")
    delete(strategy)
    assert not Strategy.objects.filter(slug="a-double").exists()
    event = AuditEvent.objects.get(action="strategy.delete")
    assert event.reason == "a double"
    assert event.before is not None
    assert event.before["slug"] == "a-double"


def test_readers_of_lists_learn_of_the_deletion():
    strategy = StrategyFactory.create()
    before = CatalogueVersion.objects.get(name=LIST_VERSION).version
    delete(strategy)
    assert CatalogueVersion.objects.get(name=LIST_VERSION).version == before + 1


def test_a_strategy_with_a_record_stays_and_the_refusal_says_what_to_do():
    strategy = StrategyFactory.create()
    PerformancePointFactory.create(strategy=strategy)
    with pytest.raises(ConflictingState, match="performance points; set its status to delisted"):
        delete(strategy)
    assert Strategy.objects.filter(pk=strategy.pk).exists()
    assert not AuditEvent.objects.filter(action="strategy.delete").exists()
