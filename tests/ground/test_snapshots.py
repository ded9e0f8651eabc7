"""Reading one state of the database."""

import threading

import pytest
from django.db import InternalError, connection, transaction

from atlas.snapshots import one_snapshot
from strategies.models import Strategy
from tests.factories import StrategyFactory

pytestmark = pytest.mark.django_db(transaction=True)


def rename_elsewhere():
    def change():
        Strategy.objects.update(name="New")
        connection.close()

    writer = threading.Thread(target=change)
    writer.start()
    writer.join(timeout=20)


def test_every_statement_inside_sees_the_state_of_the_first_one():
    StrategyFactory.create(name="Old")
    with one_snapshot() as is_one_state:
        assert is_one_state
        assert Strategy.objects.get().name == "Old"
        rename_elsewhere()
        assert Strategy.objects.get().name == "Old"
    assert Strategy.objects.get().name == "New"


def test_nothing_can_be_written_inside_and_everything_can_afterwards():
    with pytest.raises(InternalError, match="read-only"), one_snapshot():
        StrategyFactory.create()
    StrategyFactory.create()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("read committed",)
    assert Strategy.objects.count() == 1


def test_inside_an_open_transaction_it_promises_nothing():
    with transaction.atomic(), one_snapshot() as is_one_state:
        assert not is_one_state


def test_a_session_that_is_lost_inside_does_not_stay_behind():
    def lose_it():
        with one_snapshot():
            connection.close()
            raise RuntimeError("the session is gone")

    with pytest.raises(RuntimeError):
        lose_it()
    StrategyFactory.create()
    assert Strategy.objects.count() == 1
