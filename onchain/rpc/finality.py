"""Blocks that will not be taken back: found by asking nodes, judged by `onchain.evidence`."""

from onchain.evidence import SOFT_BLOCKS, SOFT_NODES, Evidence, Sighting, evidence_of
from onchain.rpc.errors import NoQuorum
from onchain.rpc.pinned import PinnedReader, agreed, pin
from onchain.rpc.pool import TRY_ANOTHER, RpcPool
from onchain.rpc.values import Block, read_block

FINAL_TAG = "finalized"
_MOST_STEPS = 12


def pin_soft(pool: RpcPool) -> PinnedReader:
    """Pin the newest block that is soft: two nodes agree, and enough blocks and time lie above it.

    Raises NoQuorum where the nodes do not agree, or where the chain is too young for such a block.
    """
    head = pin(pool, agree=SOFT_NODES).block
    depth = SOFT_BLOCKS
    for _ in range(_MOST_STEPS):
        if depth > head.number:
            break
        block = _agreed_block(pool, head.number - depth)
        if evidence_of(_sighting(block, head)) >= Evidence.SOFT:
            return PinnedReader(pool, block, SOFT_NODES)
        depth *= 2
    raise NoQuorum(f"Chain {pool.chain_id} has no block yet that two nodes hold for settled")


def final_block(pool: RpcPool) -> Block:
    """Give the newest block that two nodes call finalized: the lower of what the two highest say.

    Raises NoQuorum where fewer than two tell, or where they do not agree on that block's hash.
    """
    told: list[int] = []
    for endpoint in pool.in_order():
        try:
            block = pool.ask_one(
                endpoint, "eth_getBlockByNumber", [FINAL_TAG, False], parse=read_block
            )
        except TRY_ANOTHER:
            continue
        told.append(block.number)
    if len(told) < SOFT_NODES:
        raise NoQuorum(f"{len(told)} nodes of chain {pool.chain_id} tell of a finalized block")
    return _agreed_block(pool, sorted(told, reverse=True)[SOFT_NODES - 1])


def _agreed_block(pool: RpcPool, number: int) -> Block:
    """Give the block at a height as two nodes know it."""
    return agreed(
        pool, "eth_getBlockByNumber", [hex(number), False], parse=read_block, agree=SOFT_NODES
    )


def _sighting(block: Block, head: Block) -> Sighting:
    """Put together what two nodes said of a block and of the head above it."""
    return Sighting(
        block.number, block.timestamp, SOFT_NODES, head.number, head.timestamp, final_block=None
    )
