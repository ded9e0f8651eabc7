"""The trading workshop: cycles, the gate, venues, ledger."""
