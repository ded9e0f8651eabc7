"""One-command services: PostgreSQL, Redis and the processes of Atlas on one machine."""
