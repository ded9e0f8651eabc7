"""How sure Atlas is of a block: seen, soft, or final. Pure: figures in, a level out.

One node's word is only seen. Soft takes two nodes that name the same hash, and enough blocks and time
above it: it releases a vault and allows another try. Final is what the chain itself calls safe or
finalized: published figures and deleted bytes need it.
"""

from dataclasses import dataclass
from enum import IntEnum

SOFT_NODES = 2
SOFT_BLOCKS = 20
SOFT_SECONDS = 10
ABSENT_BLOCKS = 20


class Evidence(IntEnum):
    """How sure, the surer the greater."""

    NONE = 0
    SEEN = 1
    SOFT = 2
    FINAL = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is known of one block: how many nodes name its hash, and the newest block they share.

    `final_block` is the height up to which the chain says that nothing changes, as at least as many
    nodes tell; None where nobody told.
    """

    block: int
    block_time: int
    nodes: int
    head_block: int
    head_time: int
    final_block: int | None = None


def evidence_of(sighting: Sighting) -> Evidence:
    """Judge a block. A single node never gets beyond "seen", however deep the block lies."""
    if sighting.nodes < 1:
        return Evidence.NONE
    if sighting.nodes < SOFT_NODES:
        return Evidence.SEEN
    if sighting.final_block is not None and sighting.block <= sighting.final_block:
        return Evidence.FINAL
    is_deep = sighting.head_block - sighting.block >= SOFT_BLOCKS
    is_old = sighting.head_time - sighting.block_time >= SOFT_SECONDS
    return Evidence.SOFT if is_deep and is_old else Evidence.SEEN


def is_absent(*, since_block: int, heads: tuple[int, ...]) -> bool:
    """Say whether "not found" may be believed: two nodes, both well past the block in question.

    The caller has looked by hash, by nonce and by the vault's logs on each of them.
    """
    past = [head for head in heads if head >= since_block + ABSENT_BLOCKS]
    return len(past) >= SOFT_NODES
