"""When nodes call for a person: one told what cannot be true, or none is left."""

from datetime import datetime

from atlas import registries
from atlas.alerts import raise_alert, resolve_by_itself
from atlas.audit import Actor
from atlas.domain.alerts import AlertSeverity
from atlas.registries import AlertRule
from onchain.rpc.pool import RpcPool

UNTRUSTED = "rpc_node_untrusted"
NONE_LEFT = "rpc_no_node"
ACTOR = Actor.system("nodes")

RULES = {
    UNTRUSTED: AlertRule(
        severity=AlertSeverity.WARNING,
        title="A node told what cannot be true",
        remedy=(
            "The node is out of use for some minutes and is tried again by itself. If it comes back "
            "to this, ask its provider, and take it out of ATLAS_RPC_URLS. The alert ends by itself "
            "once the node has answered soundly."
        ),
        section="a-node-that-is-not-believed",
    ),
    NONE_LEFT: AlertRule(
        severity=AlertSeverity.CRITICAL,
        title="No node of a chain is in use",
        remedy=(
            "Nothing of the chain can be read: no position grows, stops are blind. Look at the "
            "nodes' page for the reasons, and name another node in ATLAS_RPC_URLS. The alert ends by "
            "itself once a node answers."
        ),
        section="a-chain-without-nodes",
    ),
}


def register() -> None:
    """Fill the registry; called once when the app is ready."""
    for code, rule in RULES.items():
        registries.alert_rules.add(code, rule)


def tell_of_nodes(pool: RpcPool, *, now: datetime) -> None:
    """Raise what the pool's nodes give cause for, and end what is over."""
    clock = pool.world.clock()
    in_use = [one for one in pool.endpoints if one.is_open(clock)]
    for endpoint in pool.endpoints:
        subject = ("rpc_node", f"{pool.chain_id}/{endpoint.name}")
        if endpoint.untrusted_because:
            message = (
                f"Node {endpoint.name} of chain {pool.chain_id}: {endpoint.untrusted_because}."
            )
            raise_alert(UNTRUSTED, subject=subject, message=message, now=now)
        else:
            reason = "The node answers soundly again."
            resolve_by_itself(UNTRUSTED, subject=subject, reason=reason, actor=ACTOR, now=now)
    chain = ("onchain.chain", str(pool.chain_id))
    if not in_use:
        message = f"Chain {pool.chain_id}: {pool.describe()}."
        raise_alert(NONE_LEFT, subject=chain, message=message, now=now)
        return
    reason = f"{in_use[0].name} is in use."
    resolve_by_itself(NONE_LEFT, subject=chain, reason=reason, actor=ACTOR, now=now)
