"""The few interfaces that Atlas calls, as data; tests check them against the real ones."""
