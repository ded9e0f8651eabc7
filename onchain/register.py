"""Keeping the register of chains and vaults."""

from onchain.models import Chain

ARBITRUM_ONE = 42161
ARBITRUM_SEPOLIA = 421614
LOCAL_CHAIN = 31337

KNOWN_CHAINS: dict[int, tuple[str, bool]] = {
    ARBITRUM_ONE: ("Arbitrum One", False),
    ARBITRUM_SEPOLIA: ("Arbitrum Sepolia", False),
    LOCAL_CHAIN: ("Local development chain", True),
}


def ensure_defaults() -> None:
    """Create the rows of the chains that Atlas knows."""
    for chain_id, (name, is_local) in KNOWN_CHAINS.items():
        Chain.objects.get_or_create(
            chain_id=chain_id, defaults={"name": name, "is_local": is_local}
        )
