"""What can go wrong with a node, named by what the reader does next.

Messages name the endpoint and never its address: providers put their keys into paths.
"""

from atlas.domain.errors import Bug, ConflictingState, DomainRefusal, NeedsHuman, Temporary
from onchain.reasons import Reason, explain_revert


class NodeUnavailable(Temporary):
    """The node is away, slow, or answers with what is no answer: ask another one."""

    code = "node_unavailable"


class NodeBusy(NodeUnavailable):
    """The node asks for patience: ask another one, and this one only after a while."""

    code = "node_busy"


class BlockUnknown(Temporary):
    """The node does not know the block: it lags, or the block was orphaned. Look at the head again."""

    code = "block_unknown"


class RangeTooWide(Temporary):
    """The node does not search so many blocks, or give so much, at once: ask for less."""

    code = "range_too_wide"


class NoQuorum(Temporary):
    """Too few nodes agree: the value is unknown, and what is unknown never trades."""

    code = "no_quorum"


class NoEndpoint(Temporary):
    """Every node of the chain is out of use for now: wait, and look at the RPC page."""

    code = "no_endpoint"


class NodeUntrusted(NeedsHuman):
    """The node told what cannot be true: another chain, a rewound head, a foreign log.

    It is taken out of use for a while; somebody should look at its provider.
    """

    code = "node_untrusted"


class NotConfigured(ConflictingState):
    """The chain has no node in the environment: set ATLAS_RPC_URLS."""

    code = "rpc_not_configured"


class RequestRefused(DomainRefusal):
    """The node understood the request and refuses it as such: asking again changes nothing."""

    code = "rpc_request_refused"


class NotARead(Bug):
    """A request that changes something was about to be sent where failures are tried again."""

    code = "rpc_not_a_read"


class CallReverted(DomainRefusal):
    """The contract said no: this is an answer, not a failure of the node."""

    code = "call_reverted"

    def __init__(self, data: bytes, *, what: str) -> None:
        self.data = data
        self.reason: Reason = explain_revert(data)
        super().__init__(
            f"{what} was refused by the contract: {self.reason.sentence}",
            detail={"name": self.reason.name, "data": "0x" + data.hex()},
        )
