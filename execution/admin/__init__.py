"""Trading in the console: deployments and accounts, cycles and inputs, orders and fills."""

from execution.admin import accounts, cycles, deployments, orders, paper

__all__ = ["accounts", "cycles", "deployments", "orders", "paper"]
