"""Whatever happens in whatever order: knowing digests changes the work, never what comes of it."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.domain.errors import ConflictingState
from imports.models import ContentDigest, ImportRun
from imports.revert import revert
from tests.imports.builders import (
    as_bytes,
    as_lines,
    benchmark,
    document,
    holding,
    point,
    report,
    strategy,
    trade,
    vault,
)
from tests.imports.meddling import (
    changed_claim,
    changed_point,
    changed_price,
    in_other_bytes,
    removed_trade,
    removed_vault_point,
    rewritten_point,
)
from tests.imports.world import (
    ACTOR,
    NOW,
    catalogue,
    issues_of,
    kinds_of,
)

pytestmark = pytest.mark.django_db

DAYS = st.lists(st.integers(1, 5), unique=True, max_size=4).map(sorted)
STRATEGIES = st.builds(
    lambda slug, base, days, nav, trades, weight, metric: strategy(
        slug,
        benchmark=base,
        performance=[point(day, nav + day / 100) for day in days],
        trades=[trade(number) for number in trades],
        holdings=[holding("ETH", weight), holding("USDC", 0.5)],
        reports=[report(sharpe=metric)],
    ),
    slug=st.sampled_from(["alpha", "beta"]),
    base=st.sampled_from(["eth", "eth", "eth", "unknown"]),
    days=DAYS,
    nav=st.sampled_from([1.0, 1.1]),
    trades=st.lists(st.integers(1, 3), max_size=3),
    weight=st.sampled_from([0.5, 0.2]),
    metric=st.sampled_from([1, 2]),
)
FILES = st.builds(
    lambda mode, strategies, prices, vaults: document(
        mode=mode,
        strategies=strategies,
        benchmarks=[benchmark(points=[{"as_of_at": "2025-01-01T00:00:00Z", "price_usd": prices}])],
        vaults=[vault(strategy=None)] if vaults else [],
    ),
    mode=st.sampled_from(["snapshot", "delta"]),
    strategies=st.lists(STRATEGIES, min_size=1, max_size=2, unique_by=lambda one: one["slug"]),
    prices=st.sampled_from([1.0, 2.0]),
    vaults=st.booleans(),
)
MEDDLING = st.sampled_from(
    [
        changed_point,
        rewritten_point,
        removed_trade,
        changed_claim,
        changed_price,
        removed_vault_point,
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("import"), FILES, st.sampled_from([as_bytes, in_other_bytes, as_lines])),
        st.tuples(st.just("again"), st.integers(0, 3), st.sampled_from([in_other_bytes, as_lines])),
        st.tuples(st.just("meddle"), MEDDLING),
        st.tuples(st.just("revert")),
    ),
    min_size=3,
    max_size=7,
)


def played(world, steps, *, with_digests):
    """Take the steps in a transaction of their own that is rolled back; tell all that came of them."""
    told: list[Any] = []
    files: list[Any] = []
    with transaction.atomic():
        for number, (verb, *rest) in enumerate(steps):
            if not with_digests:
                ContentDigest.objects.all().delete()
            if verb == "meddle":
                rest[0]()
                continue
            if verb == "revert":
                run = ImportRun.objects.applied().order_by("pk").last()
                if run is not None:
                    told.append(
                        attempted(lambda run=run: revert(run, reason="x", actor=ACTOR, now=NOW))
                    )
            elif verb == "import" or files:
                content = rest[0] if verb == "import" else files[rest[0] % len(files)]
                files.append(content)
                data = rest[1](content) + b"\n" * number  # never the same bytes
                told.append(attempted(lambda data=data: world.run(data, allow_partial=True)))
            told.append(catalogue())
        transaction.set_rollback(True)
    return told


def attempted(step):
    """What a run came to, or which error it ended with."""
    try:
        run = step()
    except ConflictingState as error:
        return error.code
    return run.state, kinds_of(run), sorted(issues_of(run)), run.record_count, run.rejected_count


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_an_import_that_knows_digests_does_what_one_does_that_knows_none(world, steps):
    with_digests = played(world, steps, with_digests=True)
    assert with_digests == played(world, steps, with_digests=False)
