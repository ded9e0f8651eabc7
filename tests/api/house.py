"""A house in which every path of the API has something to show: the sample export, and trading."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.core.management import call_command

from execution.models import CycleRun, Deployment, Order
from strategies.models import Benchmark, Strategy
from tests.execution.world import (
    WALL,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)
from tests.imports.world import World
from tests.keys import make_key
from tests.strategies.world import SAMPLE

CYCLES = (0, 1, 9, 20, 21)


@dataclass(frozen=True)
class House:
    """What a caller could know: addresses of things that are there, and a key that opens all."""

    key: str
    path_values: dict[str, list[str]] = field(repr=False)


@contextmanager
def furnished() -> Iterator[House]:
    """Fill the database, committed, and empty it afterwards."""
    from imports.storage import ContentStore

    try:
        with tempfile.TemporaryDirectory() as folder:
            imported = World(ContentStore(Path(folder))).run(SAMPLE.read_bytes())
        assert imported.state == "APPLIED"
        for number, slug in enumerate(("trend", "trend-too")):
            _trade(slug, since=WALL + timedelta(hours=number))
        yield House(key=make_key(requests_per_minute=6_000).word, path_values=_addresses())
    finally:
        call_command("flush", verbosity=0, interactive=False)


def _trade(slug: str, *, since: datetime) -> None:
    """Run cycles of a deployment, a minute of the wall after one another, so that rows have an order."""
    deployment = make_deployment(slug=slug)
    open_switches(slug=slug)
    for index in CYCLES:
        at = since + timedelta(minutes=index)
        run(deployment, recording(waves()), slot(index), read=partial(_stand, at))


def _stand(at: datetime) -> datetime:
    """Read a wall clock that stands."""
    return at


def _addresses() -> dict[str, list[str]]:
    """Give the values that parts of paths can have, by the beginning of the path."""
    strategies = [*Strategy.objects.values_list("slug", flat=True)[:3], "trend"]
    return {
        "/api/v1/strategies/": strategies,
        "/api/v1/benchmarks/": list(Benchmark.objects.values_list("slug", flat=True)),
        "/api/v1/deployments/": _keys_of(Deployment),
        "/api/v1/cycles/": _keys_of(CycleRun),
        "/api/v1/orders/": _keys_of(Order),
    }


def _keys_of(model: type[Deployment] | type[CycleRun] | type[Order]) -> list[str]:
    """Give some primary keys."""
    began = "started_at" if model is CycleRun else "created_at"
    keys = [str(key) for key in model.objects.order_by(began).values_list("pk", flat=True)[:3]]
    assert keys, f"{model.__name__} has no rows"
    return keys
