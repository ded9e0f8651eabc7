"""The words by which the vault register describes things."""

from enum import StrEnum


class VaultStatus(StrEnum):
    """How close a vault is to trading."""

    WATCHED = "watched"
    READY = "ready"
    TRADING = "trading"
    RETIRED = "retired"


class PermitVenue(StrEnum):
    """Where a permit may be spent: by the paper venue, or by the signer on a chain."""

    PAPER = "PAPER"
    CHAIN = "CHAIN"


class ContractSetState(StrEnum):
    """Whether a reviewed set of contracts is the one that is believed."""

    WAITING = "WAITING"
    IN_USE = "IN_USE"
    RETIRED = "RETIRED"
    REFUSED = "REFUSED"


# Which way a set of contracts may go.
CONTRACT_SET_TRANSITIONS: dict[str, frozenset[str]] = {
    ContractSetState.WAITING: frozenset({ContractSetState.IN_USE, ContractSetState.REFUSED}),
    ContractSetState.IN_USE: frozenset({ContractSetState.RETIRED}),
    ContractSetState.RETIRED: frozenset(),
    ContractSetState.REFUSED: frozenset(),
}
