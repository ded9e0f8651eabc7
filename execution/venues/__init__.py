"""Venues: where permitted orders are executed. Paper is one of them, not a flag."""
