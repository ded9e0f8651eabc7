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
