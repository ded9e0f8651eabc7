"""The metrics of the chain's floor: how its nodes do, read from their rows."""

from collections.abc import Iterable
from datetime import datetime

from atlas.registries import Family
from onchain.models import RpcNodeHealth

NODE = ("chain", "node")


def families(now: datetime) -> Iterable[Family]:
    """Read the figures of the nodes from their rows."""
    rows = list(RpcNodeHealth.objects.all())
    named = [((str(row.chain_id), row.name), row) for row in rows]
    yield Family(
        "atlas_rpc_answers",
        "counter",
        "Answers of each node.",
        NODE,
        [(name, row.answers) for name, row in named],
    )
    yield Family(
        "atlas_rpc_failures",
        "counter",
        "Failures of each node by kind.",
        (*NODE, "kind"),
        [((*name, kind), count) for name, row in named for kind, count in row.failures.items()],
    )
    yield Family(
        "atlas_rpc_latency_seconds",
        "gauge",
        "How long each node takes to answer, smoothed.",
        NODE,
        [(name, row.latency_ms / 1000) for name, row in named],
    )
    yield Family(
        "atlas_rpc_lag_blocks",
        "gauge",
        "How many blocks each node was behind the newest one that any told of.",
        NODE,
        [(name, row.lag_blocks) for name, row in named],
    )
    yield Family(
        "atlas_rpc_in_use",
        "gauge",
        "Whether each node was in use (1), or paused or distrusted (0).",
        NODE,
        [(name, int(row.is_in_use)) for name, row in named],
    )
    yield Family(
        "atlas_rpc_seen_age_seconds",
        "gauge",
        "How long ago each node was last used.",
        NODE,
        [(name, (now - row.seen_at).total_seconds()) for name, row in named],
    )
