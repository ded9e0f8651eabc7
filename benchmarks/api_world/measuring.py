"""Measuring: cells in interleaved rounds, and the figures that they come to."""

import itertools
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from atlas.embedded.checkout import ROOT
from benchmarks.api_world import data, load
from benchmarks.api_world.bare import Bare
from benchmarks.api_world.stacks import (
    NoStack,
    Stack,
    app_environ,
    atlas_server,
    fastapi_server,
    postgres_stack,
)
from benchmarks.frame import Figure, Goal, tell

CLIENTS = 16
WARM_SECONDS = 1.0
SEQUENTIAL_SECONDS = 4.0
SLUG = "strategy-0500"
HISTORY = f"strategies/{SLUG}/performance/"
REPORT = f"strategies/{SLUG}/report/"
LONG = f"strategies/{data.INTRADAY}/performance/"
MILLISECONDS = 1000.0


class Disagreement(Exception):
    """Two stacks do not give the same answer."""


Paths = Callable[[], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of request to one stack."""

    name: str
    stack: Stack
    paths: Paths
    clients: int = CLIENTS
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: int = 200
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What the rounds of a cell came to: medians over rounds; times in milliseconds."""

    a_second: float
    p50: float
    p99: float
    cpu: float


def prepare() -> None:
    """Migrate the empty database and fill it; metrics are computed as an import does."""
    environ = {**os.environ, "ATLAS_PROCESS": "migrate"}
    for words in (["migrate", "--verbosity", "0"], ["grant_roles"]):
        subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environ,
            stdout=sys.stderr,
            check=True,
        )
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.api_world.settings"
    os.environ["ATLAS_PROCESS"] = "command"
    import django

    django.setup()
    data.make()
    data.compute_metrics()


def figures(*, rounds: int, seconds: float) -> Iterator[Figure]:
    """Start every stack, check that they say the same, measure, and compare."""
    with ExitStack() as stacks:
        ours, postgres = stacks.enter_context(atlas_server()), postgres_stack()
        theirs = None
        try:
            theirs = stacks.enter_context(fastapi_server(app_environ()))
        except NoStack as reason:
            tell(f"FastAPI is not measured: {reason}")
        check_equality(ours, theirs)
        before = ours.memory_mb()
        found = measure(cells_of(ours, theirs), postgres, rounds=rounds, seconds=seconds)
        bare = Bare(postgres)
        yield from compare(found, bare, has_fastapi=theirs is not None)
        yield Figure("memory_after_50k", ours.memory_mb(), "MB", yardstick=before)


def discovery(prefix: str, order: str = "sharpe") -> Paths:
    """Ask for pages that nobody has asked for before."""
    numbers = itertools.count()

    def paths() -> Iterator[str]:
        for number in numbers:
            least = -0.9 + number * 1e-7
            yield f"/{prefix}strategies/?risk_level=medium&ordering={order}&min_return={least:.7f}"

    return paths


def fresh(path: str) -> Paths:
    """Ask for one thing with a bound that never binds, another one each time."""
    numbers = itertools.cycle(range(60_000, 100_000))

    def paths() -> Iterator[str]:
        for number in numbers:
            yield (
                f"/api/v1/{path}&max_points={number}"
                if "?" in path
                else (f"/api/v1/{path}?max_points={number}")
            )

    return paths


def same(path: str) -> Paths:
    """Ask for the same again and again."""
    return lambda: itertools.repeat(path)


def cells_of(ours: Stack, theirs: Stack | None) -> list[Cell]:
    """Name every cell of a round, in the order in which they take turns."""
    kept_page = "/api/v1/strategies/?risk_level=medium&ordering=sharpe&min_return=-0.5"
    kept_history = f"/api/v1/{HISTORY}"
    tag = etag_of(ours, kept_page)
    cells = [
        Cell("static", ours, same("/bench/static/")),
        Cell("list", ours, discovery("api/v1/")),
        Cell("list_drf", ours, discovery("bench/", "-sharpe")),
        Cell("list_kept", ours, same(kept_page)),
        Cell("list_304", ours, same(kept_page), headers={"If-None-Match": tag}, expected=304),
        Cell("history", ours, fresh(HISTORY)),
        Cell("history_drf", ours, same(f"/bench/{HISTORY}")),
        Cell("history_kept", ours, same(kept_history)),
        Cell("report", ours, reports()),
        Cell("report_pandas", ours, same(f"/bench/{REPORT}")),
        Cell("report_kept", ours, same(f"/api/v1/{REPORT}")),
        Cell("long", ours, fresh(f"{LONG}?interval=raw"), clients=1, seconds=SEQUENTIAL_SECONDS),
    ]
    if theirs is not None:
        cells += [
            Cell("list_fastapi", theirs, discovery("api/v1/")),
            Cell("history_fastapi", theirs, same(f"/api/v1/{HISTORY}")),
        ]
    return cells


def reports() -> Paths:
    """Ask for the report at rates that nobody has asked for before."""
    numbers = itertools.count(1)

    def paths() -> Iterator[str]:
        for number in numbers:
            yield f"/api/v1/{REPORT}?benchmark=eth&rf={number * 1e-7:.7f}"

    return paths


def etag_of(ours: Stack, path: str) -> str:
    """Ask once and take the answer's ETag."""
    head, _ = load.get(ours.port, path)
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    return next(v.strip().decode() for name, _, v in lines if name.lower() == b"etag")


def check_equality(ours: Stack, theirs: Stack | None) -> None:
    """Demand that every stack says the same, addresses apart."""
    query = "strategies/?risk_level=medium&ordering={}&min_return=-0.6"
    page = _body(ours, f"/api/v1/{query.format('sharpe')}")
    naive = _body(ours, f"/bench/{query.format('-sharpe')}")
    columns = ("strategy", "columns")
    history = {name: _body(ours, f"/api/v1/{HISTORY}")[name] for name in columns}
    pairs = [
        (page["results"], naive["results"]),
        (page["count"], naive["count"]),
        (history, _body(ours, f"/bench/{HISTORY}")),
    ]
    if theirs is not None:
        pairs += [
            (page, _body(theirs, f"/api/v1/{query.format('sharpe')}")),
            (history, _body(theirs, f"/api/v1/{HISTORY}")),
        ]
    for number, (one, other) in enumerate(pairs):
        where = difference(one, other)
        if where is not None:
            raise Disagreement(f"pair {number} of answers: {where}")
    tell(f"All stacks say the same; a page found {page['count']} strategies.")


def difference(one: Any, other: Any) -> str | None:
    """Say where two answers differ first, None where they do not."""
    if type(one) is not type(other) or not isinstance(one, dict | list):
        return None if one == other else f"{one!r} against {other!r}"
    keys = one if isinstance(one, dict) else range(len(one))
    if len(one) != len(other) or (isinstance(one, dict) and set(one) != set(other)):
        return f"{list(one)!r:.300} against {list(other)!r:.300}"
    found = ((key, difference(one[key], other[key])) for key in keys)
    return next((f"{key}: {where}" for key, where in found if where is not None), None)


def _body(stack: Stack, path: str) -> dict[str, Any]:
    """Read an answer as JSON, the port taken out of its addresses."""
    _, body = load.get(stack.port, path)
    told: dict[str, Any] = json.loads(body.replace(f":{stack.port}/".encode(), b"/"))
    if "next" in told:  # the order of parameters in an address means nothing
        told["next"] = sorted(told["next"].partition("?")[2].split("&"))
    return told


def measure(
    cells: list[Cell], postgres: Stack, *, rounds: int, seconds: float
) -> dict[str, Result]:
    """Run the cells in turns, one warm round first."""
    found: dict[str, list[Result]] = defaultdict(list)
    for number in range(rounds + 1):
        for cell in cells:
            result = _run(cell, postgres, WARM_SECONDS if number == 0 else seconds)
            if number > 0:
                found[cell.name].append(result)
                tell(
                    f"round {number} {cell.name}: {result.a_second:.0f}/s, p50 {result.p50:.1f} ms,"
                    f" p99 {result.p99:.1f} ms, cpu {result.cpu:.2f} ms"
                )
    return {name: _median(results) for name, results in found.items()}


def _run(cell: Cell, postgres: Stack, seconds: float) -> Result:
    """Run one cell once."""
    spent = cell.stack.cpu_seconds() + postgres.cpu_seconds()
    measured = load.ask(
        cell.stack.port,
        cell.paths(),
        clients=cell.clients,
        seconds=cell.seconds or seconds,
        headers=cell.headers,
        expected=cell.expected,
    )
    spent = cell.stack.cpu_seconds() + postgres.cpu_seconds() - spent
    return Result(
        a_second=measured.a_second,
        p50=measured.quantile(0.5),
        p99=measured.quantile(0.99),
        cpu=spent / len(measured.seconds) * MILLISECONDS,
    )


def _median(results: list[Result]) -> Result:
    """Take the median of every number."""
    columns = zip(*((one.a_second, one.p50, one.p99, one.cpu) for one in results), strict=True)
    return Result(*map(statistics.median, columns))


def compare(found: dict[str, Result], bare: Bare, *, has_fastapi: bool) -> Iterator[Figure]:
    """Put every figure beside its yardstick."""
    rate = {name: result.a_second for name, result in found.items()}
    yield _rates("list_vs_modelserializer", rate["list"], rate["list_drf"], 3)
    yield _rates("history_vs_modelserializer", rate["history"], rate["history_drf"], 15)
    if has_fastapi:
        yield _rates("list_vs_fastapi", rate["list"], rate["list_fastapi"], 0.7)
        yield _rates("list_kept_vs_fastapi", rate["list_kept"], rate["list_fastapi"], 1.5)
        yield _rates("history_vs_fastapi", rate["history"], rate["history_fastapi"], 2.5)
    goal = Goal("ratio", "<=", 3)
    yield Figure("history_cpu", found["history"].cpu, "ms", yardstick=bare.history_cpu(), goal=goal)
    goal = Goal("ratio", "<=", 1.8)
    yield Figure("long_p50", found["long"].p50, "ms", yardstick=bare.long_p50(), goal=goal)
    goal = Goal("ratio", "<=", 0.5)
    yield Figure(
        "report_cpu", found["report"].cpu, "ms", yardstick=found["report_pandas"].cpu, goal=goal
    )
    for name in ("list_kept", "history_kept", "report_kept"):
        yield _rates(f"{name}_vs_static", rate[name], rate["static"], 0.3)
    yield _rates("304_vs_static", rate["list_304"], rate["static"], 0.8)
    for name in ("list", "list_kept", "list_304", "history", "history_kept", "report"):
        goal = Goal("ratio", "<=", 5)
        yield Figure(f"{name}_p99", found[name].p99, "ms", yardstick=found[name].p50, goal=goal)


def _rates(name: str, ours: float, theirs: float, least: float) -> Figure:
    """Compare requests a second."""
    return Figure(name, ours, "1/s", yardstick=theirs, goal=Goal("ratio", ">=", least))
