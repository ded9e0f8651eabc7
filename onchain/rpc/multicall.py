"""Many reads in one call: Multicall3, each read with its own failure.

One refused read never costs the others. Where the whole call fails (too much gas, too long an
answer) it is split until it passes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from onchain.abi import UndecodableBytes
from onchain.interface import ContractFunction, function
from onchain.reasons import Reason, explain_revert
from onchain.rpc.errors import CallReverted, RangeTooWide
from onchain.rpc.pinned import PinnedReader

CALLS_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class ContractCall:
    """One read of one contract."""

    to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What one read brought: bytes, or why the contract refused."""

    is_answer: bool
    data: bytes

    @property
    def reason(self) -> Reason | None:
        """Give why it was refused; None for an answer."""
        return None if self.is_answer else explain_revert(self.data)

    def require(self, what: str) -> bytes:
        """Give the bytes. Raises CallReverted where the contract refused."""
        if not self.is_answer:
            raise CallReverted(self.data, what=what)
        return self.data


def call_of(to: str, contract: str, name: str, *arguments: object) -> ContractCall:
    """Build a read from the trimmed ABI."""
    return ContractCall(to, function(contract, name).call(*arguments))


def read_many(
    reader: PinnedReader,
    multicall: str,
    calls: Sequence[ContractCall],
    *,
    at_once: int = CALLS_AT_ONCE,
) -> tuple[CallOutcome, ...]:
    """Make all reads at the reader's block, in their order; a few round trips for hundreds.

    Raises UndecodableBytes where the aggregator answers with what it cannot have answered.
    """
    outcomes: list[CallOutcome] = []
    for start in range(0, len(calls), at_once):
        outcomes.extend(_aggregated(reader, multicall, calls[start : start + at_once]))
    return tuple(outcomes)


def _aggregated(
    reader: PinnedReader, multicall: str, calls: Sequence[ContractCall]
) -> list[CallOutcome]:
    """Make some reads at once, or halve them until they pass."""
    shape = function("Multicall3", "aggregate3")
    try:
        answer = reader.call(multicall, shape.call([(one.to, True, one.data) for one in calls]))
    except (CallReverted, RangeTooWide) as error:
        if len(calls) > 1:
            middle = len(calls) // 2
            return [
                *_aggregated(reader, multicall, calls[:middle]),
                *_aggregated(reader, multicall, calls[middle:]),
            ]
        return [_alone(reader, calls[0], error)]
    return _outcomes(shape, answer, len(calls))


def _outcomes(shape: ContractFunction, answer: bytes, expected: int) -> list[CallOutcome]:
    """Take the aggregator's answer apart."""
    rows = shape.result(answer)
    if len(rows) != expected:
        raise UndecodableBytes(f"aggregate3 answered {len(rows)} reads instead of {expected}")
    return [CallOutcome(is_answer, data) for is_answer, data in rows]


def _alone(
    reader: PinnedReader, call: ContractCall, error: CallReverted | RangeTooWide
) -> CallOutcome:
    """Make one read without the aggregator, which cannot carry it."""
    if isinstance(error, RangeTooWide):
        raise error
    try:
        return CallOutcome(is_answer=True, data=reader.call(call.to, call.data))
    except CallReverted as refused:
        return CallOutcome(is_answer=False, data=refused.data)
