"""The catalogue over the API: read-only; public strategies need no account."""
