"""The switchboard: environment, settings, logs, paths."""
