"""The rows of the chain's floor: chains, vaults and permits."""

from onchain.models.permits import TransactionPermit
from onchain.models.register import Chain, Vault

__all__ = ["Chain", "TransactionPermit", "Vault"]
