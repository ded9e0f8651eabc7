"""Answers of the catalogue that are kept: no query on the big tables, and never an old number."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from atlas.api.store import api_store
from imports.storage import ContentStore
from tests.imports.builders import benchmark, document, point, strategy
from tests.imports.world import World
from tests.strategies.world import LIST

pytestmark = pytest.mark.django_db(transaction=True)

PERFORMANCE = f"{LIST}alpha/performance/"
READS = [
    LIST,
    f"{LIST}?ordering=return&min_sharpe=-99&window=30d",
    f"{LIST}?cursor=*",
    f"{LIST}facets/",
    f"{LIST}alpha/",
    PERFORMANCE,
    f"{PERFORMANCE}?benchmark=eth",
    f"{PERFORMANCE}?format=csv",
]
BIG = ("performancepoint", "metricssnapshot", "benchmarkpoint", "holding", "importedtrade")


@pytest.fixture
def world(tmp_path):
    made = World(ContentStore(tmp_path / "store"))
    publish(made, 1.1)
    return made


def publish(world, nav):
    world.run(document(strategies=[strategy(performance=[point(1), point(2, nav)])]))


def asked(client, path, **headers):
    """Ask and give the answer with the tables that it read."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(path, headers=headers)
    return answer, [one["sql"] for one in queries]


@pytest.mark.parametrize("path", READS)
def test_a_kept_answer_reads_the_version_and_nothing_else(client, world, path):
    first, _ = asked(client, path)
    again, statements = asked(client, path)
    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert len(statements) <= 2
    assert not any(table in one for one in statements for table in BIG)


@pytest.mark.parametrize("path", READS)
def test_who_has_the_answer_is_told_so_until_an_import_changes_it(client, world, path):
    tag = client.get(path).headers["ETag"]
    known, statements = asked(client, path, if_none_match=tag)
    assert (known.status_code, known.content) == (304, b"")
    assert not any(table in one for one in statements for table in BIG)
    publish(world, 1.3)
    fresh, _ = asked(client, path, if_none_match=tag)
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != tag


def test_a_change_of_the_benchmark_alone_reaches_whoever_compares_with_it(client, world):
    path = f"{PERFORMANCE}?benchmark=eth"
    before = client.get(path).json()["columns"]["benchmark_price_usd"]
    prices = [{"as_of_at": "2025-01-01T00:00:00Z", "price_usd": 7.5}]
    world.run(
        document(mode="delta", benchmarks=[benchmark(points=prices)], strategies=[], vaults=[])
    )
    after = client.get(path).json()["columns"]["benchmark_price_usd"]
    assert before != after
    assert after[0] == "7.5"


def test_wrong_parameters_are_refused_however_often_they_are_asked(client, world):
    for _ in range(2):
        assert client.get(PERFORMANCE, {"interval": "2d"}).status_code == 400
        assert client.get(LIST, {"page": "7"}).status_code == 404


def test_without_redis_every_answer_is_the_same(client, world, monkeypatch):
    kept = {path: client.get(path).content for path in READS}
    monkeypatch.setattr(type(api_store()), "ask", lambda *_: None)
    for path, content in kept.items():
        assert client.get(path).content == content


def test_the_required_counters_come_back_after_a_flush(client, world):
    call_command("flush", interactive=False, verbosity=0)
    assert client.get(LIST).json()["count"] == 0
