"""The rows of the chain's floor: chains and their contracts, vaults and permits."""

from onchain.models.contracts import ContractSet, Market, PinnedContract, RpcEndpoint, Token
from onchain.models.permits import TransactionPermit
from onchain.models.register import Chain, Vault

__all__ = [
    "Chain",
    "ContractSet",
    "Market",
    "PinnedContract",
    "RpcEndpoint",
    "Token",
    "TransactionPermit",
    "Vault",
]
