"""What an answer costs in queries does not depend on how much it shows, for every path there is."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.keys import header

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
MOST_QUERIES = 14

OPERATIONS = {
    path: {one["name"]: one for one in methods["get"].get("parameters", [])}
    for path, methods in DOCUMENT["paths"].items()
}
LISTS = sorted(path for path, takes in OPERATIONS.items() if "page_size" in takes)
SERIES = sorted(path for path, takes in OPERATIONS.items() if {"from", "to"} <= set(takes))
OTHERS = sorted(set(OPERATIONS) - set(LISTS) - set(SERIES))


def cost(client, house, path, **query):
    """Give the queries of a request and the bytes of its answer; noting the key's use aside."""
    known = next((v for start, v in house.path_values.items() if path.startswith(start)), [""])
    trades = "positions" in path or "signals" in path
    address = path.format(slug="trend" if trades else known[0], id=known[0])
    for _ in range(2):  # the first one notes that the key was used, and wakes what is lazy
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address, query, headers=header(house.key))
    assert answer.status_code == 200, (address, answer.content)
    return len(queries), answer


def rows_of(answer: Any) -> int:
    """Count the rows of a page."""
    return len(answer.json()["results"])


@pytest.mark.parametrize("path", LISTS)
def test_a_long_page_costs_as_many_queries_as_a_short_one(client, house, path):
    few, short = cost(client, house, path, page_size=1)
    many, long = cost(client, house, path, page_size=200)
    assert rows_of(short) == 1
    assert rows_of(long) > 1, f"{path} has one row only and proves nothing"
    assert few == many <= MOST_QUERIES


@pytest.mark.parametrize("path", SERIES)
def test_a_long_series_costs_as_many_queries_as_a_short_one(client, house, path):
    last = "2024-01-01" if "deployments" in path else "2025-12-31"
    first = "2024-01-01" if "deployments" in path else "2025-12-01"
    few, short = cost(client, house, path, **{"from": first, "to": last})
    many, long = cost(client, house, path)
    assert len(long.content) > len(short.content)
    assert few == many <= MOST_QUERIES


@pytest.mark.parametrize("path", OTHERS)
def test_everything_else_costs_a_few(client, house, path):
    queries, _ = cost(client, house, path)
    assert queries <= MOST_QUERIES


def test_every_kind_of_path_is_among_them():
    assert len(LISTS) >= 8
    assert len(SERIES) >= 3
    assert len(OTHERS) >= 5
