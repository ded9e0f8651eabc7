"""The rows of the chain's floor: chains and their contracts, vaults and permits."""

from onchain.models.contracts import ContractSet, Market, PinnedContract, Token
from onchain.models.nodes import RpcEndpoint, RpcNodeHealth
from onchain.models.permits import TransactionPermit
from onchain.models.register import Chain, Vault

__all__ = [
    "Chain",
    "ContractSet",
    "Market",
    "PinnedContract",
    "RpcEndpoint",
    "RpcNodeHealth",
    "Token",
    "TransactionPermit",
    "Vault",
]
