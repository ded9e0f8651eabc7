"""Market data: one protocol, and the providers that keep it."""
