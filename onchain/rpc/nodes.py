"""The pools of this process: addresses from the environment, terms of use from the register."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from onchain.models import Chain, RpcEndpoint, RpcNodeHealth
from onchain.node_alerts import tell_of_nodes
from onchain.rpc.endpoints import Endpoint, EndpointConfig
from onchain.rpc.errors import NotConfigured
from onchain.rpc.pool import PoolTerms, RpcPool

ANSWERED = "answered"
_held = threading.local()


def pool_for(chain_id: int) -> RpcPool:
    """Give this thread's pool of a chain; what it learnt of its nodes stays until they change.

    Raises NotConfigured where the environment names no node, or none that is enabled.
    """
    configs = tuple(configs_of(chain_id))
    pools: dict[int, tuple[tuple[EndpointConfig, ...], RpcPool]] = _held.__dict__.setdefault(
        "pools", {}
    )
    known = pools.get(chain_id)
    if known is not None and known[0] == configs:
        return known[1]
    pool = RpcPool(chain_id, configs, terms=_terms(chain_id))
    pools[chain_id] = (configs, pool)
    return pool


def configs_of(chain_id: int) -> list[EndpointConfig]:
    """Join the addresses of the environment with the rows of the register, by name."""
    addresses = settings.ATLAS_RPC_SECRETS.get(chain_id, {})
    rows = {one.name: one for one in RpcEndpoint.objects.filter(chain_id=chain_id)}
    found = []
    for name, url in sorted(addresses.items()):
        config, row = EndpointConfig(name=name, url=url), rows.get(name)
        if row is not None:
            config = replace(
                config,
                priority=row.priority,
                weight=row.weight,
                requests_per_second=row.requests_per_second,
                log_range_blocks=row.log_range_blocks,
            )
        if row is None or row.is_enabled:
            found.append(config)
    if not found:
        raise NotConfigured(
            f"Chain {chain_id} has no node in use: name one in ATLAS_RPC_URLS",
            detail={"chain": chain_id},
        )
    return found


def note_health(pool: RpcPool, *, now: datetime) -> None:
    """Add what a pool has seen since the last time to the rows of its nodes.

    Called at the end of a unit of work; the counts of many processes add up in one row. Nodes that
    nobody should believe, and a chain without any, are alerts.
    """
    if not any(endpoint.outcomes for endpoint in pool.endpoints):
        return
    for endpoint in pool.endpoints:
        counts, endpoint.outcomes = endpoint.outcomes, Counter()
        if counts:
            _add(pool, endpoint, counts, now)
    tell_of_nodes(pool, now=now)


def _terms(chain_id: int) -> PoolTerms:
    """Choose the patience: a local chain makes blocks when it is asked to, so its head has no age."""
    chain = Chain.objects.filter(pk=chain_id).first()
    if chain is not None and chain.is_local:
        return PoolTerms(most_head_age_seconds=None)
    return PoolTerms()


@transaction.atomic
def _add(pool: RpcPool, endpoint: Endpoint, counts: Counter[str], now: datetime) -> None:
    """Add one node's counts to its row."""
    row, _ = RpcNodeHealth.objects.select_for_update().get_or_create(
        chain_id=pool.chain_id, name=endpoint.name, defaults={"seen_at": now}
    )
    failures: Counter[str] = Counter(row.failures)
    failures.update({name: count for name, count in counts.items() if name != ANSWERED})
    values: dict[str, Any] = {
        "answers": row.answers + counts[ANSWERED],
        "failures": dict(failures),
        "latency_ms": round(endpoint.latency_seconds * 1000),
        "head_block": endpoint.head_block or row.head_block,
        "lag_blocks": max(pool.best_head - endpoint.head_block, 0) if endpoint.head_block else 0,
        "is_in_use": endpoint.is_open(pool.world.clock()),
        "untrusted_because": endpoint.untrusted_because[:300],
        "seen_at": now,
    }
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
