"""Published figures of Atlas, each measured beside its yardstick in the same run."""
