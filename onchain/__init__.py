"""How Atlas touches the chain, and the register of vaults."""
