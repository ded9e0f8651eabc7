"""What tests of the API share."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from tests.api.house import House, furnished


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    """Give a furnished house, committed, to all tests of a module, which only read.

    The tests have to be marked `django_db`: without one such test no test database is made.
    """
    del django_db_setup
    assert str(connection.settings_dict["NAME"]).startswith("test_")
    with django_db_blocker.unblock(), furnished() as made:
        yield made


@pytest.fixture(scope="module")
def apart(house: House) -> Iterator[Callable[..., Any]]:
    """Give what calls a function in a thread of its own, outside of the test's transaction.

    There a request meets the database as in production: committed rows, a connection without an open
    transaction, answers that are kept.
    """
    del house

    def connect() -> None:
        connection.ensure_connection()
        connection.close_at = None  # one for all requests, as a web process has

    with ThreadPoolExecutor(max_workers=1, initializer=connect) as threads:
        yield lambda function, **values: threads.submit(function, **values).result()
        threads.submit(lambda: connection.close()).result()  # noqa: PLW0108  # that thread's own
