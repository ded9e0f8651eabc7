"""The only room that asks nodes of a chain: reads, pinned to a block, agreed on where money is meant."""
