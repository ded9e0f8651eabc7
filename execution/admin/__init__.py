"""Trading in the console: deployments and accounts, cycles and inputs, orders and fills."""

from execution.admin import accounts, cycles, deployments, orders

__all__ = ["accounts", "cycles", "deployments", "orders"]
