"""Imports in the console: which files came, what was wrong with them, what they changed."""

from imports.admin import records, runs, sources

__all__ = ["records", "runs", "sources"]
