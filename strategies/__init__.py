"""What we know: the catalogue, its series and records, and the trading rules."""
