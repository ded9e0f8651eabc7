"""The versions that cached reads of the catalogue hang on, each told by one small query.

Beside the counter stands the number of the transaction that wrote it: where a database is restored
and counts on from an older version, the same number does not stand for other data.
"""

from typing import Any

from django.http import Http404
from rest_framework.request import Request

from atlas.api.access import sees_everything
from atlas.domain.errors import Bug
from atlas.hot_statements import first_row
from strategies.services import BENCHMARK_VERSION, LIST_VERSION

_OF_LISTS = "SELECT version, xmin FROM strategies_catalogueversion WHERE name = %s"
_OF_STRATEGY = (
    "SELECT data_version, xmin FROM strategies_strategy WHERE slug = %s AND (public OR %s)"
)


def list_version(_request: Request, **_path: Any) -> str:
    """Give the version of every list of the catalogue."""
    return _counter(LIST_VERSION)


def benchmark_version(_request: Request, **_path: Any) -> str:
    """Give the version of the benchmarks and their prices."""
    return _counter(BENCHMARK_VERSION)


def compared_version(request: Request, *, slug: str) -> str:
    """Give the version of one strategy, and of the benchmarks where one is asked for.

    Raises Http404 where the reader may not see the strategy.
    """
    version = strategy_version(request, slug=slug)
    if "benchmark" not in request.query_params:
        return version
    return f"{version} {_counter(BENCHMARK_VERSION)}"


def strategy_version(request: Request, *, slug: str) -> str:
    """Give the version of one strategy; raises Http404 where the reader may not see it."""
    row = first_row(_OF_STRATEGY, [slug, sees_everything(request.user)])
    if row is None:
        raise no_strategy(request, slug)
    return f"strategy:{row[0]}:{row[1]}"


def no_strategy(request: Request, slug: str) -> Http404:
    """Word that there is no such strategy for this reader, with a remedy."""
    hint = "" if sees_everything(request.user) else "; log in or send a key to see those not public"
    return Http404(f"There is no strategy {slug!r}{hint}")


def _counter(name: str) -> str:
    """Give the version of a counter."""
    row = first_row(_OF_LISTS, [name])
    if row is None:
        raise Bug(f"The catalogue's counter {name!r} is missing; run manage.py migrate")
    return f"{name}:{row[0]}:{row[1]}"
