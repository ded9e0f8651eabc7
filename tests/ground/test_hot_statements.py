"""Statements that are asked often: prepared, counted like any other, and at home in a new session."""

from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from atlas.hot_statements import first_row, hot_row

pytestmark = pytest.mark.django_db(transaction=True)


def kill_session():
    """End our own session from another one, as a restart of the database does."""
    connection.ensure_connection()
    told = {
        **connection.get_connection_params(),
        "cursor_factory": None,
        "context": None,
        "prepare_threshold": 5,
    }
    victim = connection.connection.info.backend_pid
    with psycopg.connect(**{k: v for k, v in told.items() if v is not None}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [victim])


def test_values_come_back_as_what_they_are():
    row = hot_row(
        "SELECT %(text)s::text, %(number)s::numeric, %(moment)s::timestamptz, %(packed)s::bytea,"
        " %(flag)s::boolean, json_build_array(1, 'a'), %(nothing)s::int",
        {
            "text": "é 𝛑 'q'",
            "number": Decimal("0.10"),
            "moment": datetime(2024, 5, 1, 12, tzinfo=UTC),
            "packed": b"\x00\xff",
            "flag": True,
            "nothing": None,
        },
    )
    assert row == (
        "é 𝛑 'q'",
        Decimal("0.10"),
        datetime(2024, 5, 1, 12, tzinfo=UTC),
        b"\x00\xff",
        True,
        [1, "a"],
        None,
    )


def test_no_row_is_none():
    assert hot_row("SELECT 1 WHERE false", []) is None


def test_a_statement_that_is_asked_again_is_prepared_once():
    statement = "SELECT 'prepared-in-test', %s::int"
    for number in range(9):
        assert hot_row(statement, [number]) == ("prepared-in-test", number)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%prepared-in-test%"],
        )
        assert cursor.fetchone() == (1,)


def test_statements_are_counted_like_any_other(django_assert_num_queries):
    with django_assert_num_queries(2) as told:
        hot_row("SELECT %s::int", [1])
        first_row("SELECT %s::int", [2])
    assert "$1" in told.captured_queries[0]["sql"]


def test_errors_are_those_of_the_framework():
    with pytest.raises(ProgrammingError):
        hot_row("SELECT * FROM there_is_no_such_table", [])


def test_the_first_statement_of_a_request_outlives_a_session_that_has_died():
    kill_session()
    assert first_row("SELECT 7", []) == (7,)


def test_a_statement_within_a_transaction_does_not_go_on_elsewhere():
    def interrupted():
        with transaction.atomic():
            hot_row("SELECT 1", [])
            kill_session()
            first_row("SELECT 1", [])

    with pytest.raises(OperationalError):
        interrupted()
    connection.close()


def test_a_statement_that_takes_too_long_is_not_asked_twice():
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
    session = connection.connection
    with pytest.raises(OperationalError, match="timeout"):
        first_row("SELECT pg_sleep(5)", [])
    assert connection.connection is session
    connection.close()
