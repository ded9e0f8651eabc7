"""Rows that are on their way while others are made: none is lost, and no refusal is."""

import pytest
from django.db import DataError, connection, transaction

from imports.copying import WAITING, copying

COPY = "COPY copied (number) FROM STDIN"


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE copied (number integer) ON COMMIT DROP")


def numbers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM copied")
        return [number for (number,) in cursor.fetchall()]


def copy_all(pieces):
    with transaction.atomic(), copying(COPY) as copy:
        for piece in pieces:
            copy.write(piece)


def test_all_pieces_arrive_in_the_order_in_which_they_were_given(table):
    with copying(COPY) as copy:
        for first in range(0, 50_000, 1_000):
            copy.write("".join(f"{number}\n" for number in range(first, first + 1_000)))
    assert numbers() == list(range(50_000))


def test_nothing_written_is_nothing_copied(table):
    with copying(COPY):
        pass
    assert numbers() == []


def test_what_the_database_turns_down_is_raised_and_the_connection_goes_on(table):
    pieces = ["no number\n" * 20_000] * 10 * WAITING
    with pytest.raises(DataError):
        copy_all(pieces)
    assert numbers() == []


def test_a_mistake_of_the_reader_gives_the_copy_up(table):
    pieces = (f"{4 // number}\n" for number in (2, 1, 0))
    with pytest.raises(ZeroDivisionError):
        copy_all(pieces)
    assert numbers() == []
