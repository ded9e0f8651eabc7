"""Small exports for tests: every kind of record, valid by default, bent by keyword."""

import copy
import json
from typing import Any

NOW = "2026-11-23T00:00:00Z"
VAULT = "0x1AF0bCAbd858862362bD4592A8C3236f0531cc15"
ACCOUNT = f"eip155:42161:{VAULT.lower()}"


def header(**changes: Any) -> dict[str, Any]:
    """Say who made it."""
    return {
        "schema_version": "1.0",
        "generated_at": "2026-01-01T00:00:00Z",
        "source": "tests",
        "mode": "snapshot",
        **changes,
    }


def point(day: int = 1, nav: float = 1.0, **changes: Any) -> dict[str, Any]:
    """Make a point of a series on a day of January 2025."""
    made = {
        "as_of_at": f"2025-01-{day:02d}T00:00:00Z",
        "nav_per_share_usd": nav,
        "source": "backtest",
        "aum_usd": 1000.0,
    }
    return made | changes


def trade(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Make a closed trade."""
    made = {
        "external_id": f"t-{number}",
        "market": "ETH/USD",
        "side": "long",
        "opened_at": "2025-01-02T00:00:00Z",
        "closed_at": "2025-01-03T00:00:00Z",
        "entry_price_usd": 3000.5,
        "exit_price_usd": 3100,
        "size_usd": 1000,
        "pnl_usd": 33.2,
        "pnl_ratio": 0.0332,
        "funding_usd": 0.1,
        "borrowing_usd": 0.2,
        "position_fee_usd": 0.5,
        "execution_fee_usd": 0.01,
        "result": "win",
    }
    return made | changes


def holding(asset: str = "ETH", weight: float = 1.0, **changes: Any) -> dict[str, Any]:
    """Make a holding."""
    made = {
        "as_of_at": "2025-01-02T00:00:00Z",
        "asset": asset,
        "quantity": 2.5,
        "weight_ratio": weight,
        "value_usd": 7500.0,
    }
    return made | changes


def report(**metrics: Any) -> dict[str, Any]:
    """Make a report of claims."""
    return {
        "source": "backtest",
        "claimed_at": "2025-01-04T00:00:00Z",
        "metrics": metrics or {"sharpe": 1.5, "avg_trade_duration": "3 days"},
    }


def strategy(slug: str = "alpha", **changes: Any) -> dict[str, Any]:
    """Make a strategy with three points, a holding, a trade and a report."""
    made = {
        "slug": slug,
        "name": f"The {slug} strategy",
        "description": "Buys low.\nSells high.",
        "category": "trend",
        "assets": ["ETH"],
        "timeframe": "1h",
        "status": "deployable",
        "risk_level": "medium",
        "benchmark": "eth",
        "inception_on": "2025-01-01",
        "rule": "ema_cross",
        "parameters": {"fast_bars": 8, "slow_bars": 21},
        "tags": ["trend"],
        "featured": True,
        "curated": False,
        "discovered_at": "2025-01-01T12:00:00Z",
        "performance": [point(1), point(2, 1.01), point(3, 1.02)],
        "holdings": [holding()],
        "trades": [trade()],
        "reports": [report()],
    }
    return made | changes


def benchmark(slug: str = "eth", **changes: Any) -> dict[str, Any]:
    """Make a benchmark with two prices."""
    made = {
        "slug": slug,
        "name": "Ether",
        "points": [
            {"as_of_at": "2025-01-01T00:00:00Z", "price_usd": 3000.0},
            {"as_of_at": "2025-01-02T00:00:00Z", "price_usd": 3050.5},
        ],
    }
    return made | changes


def vault(**changes: Any) -> dict[str, Any]:
    """Make a vault with one point."""
    made = {
        "chain_id": 42161,
        "address": VAULT,
        "name": "Alpha Vault",
        "strategy": "alpha",
        "inception_on": "2025-01-01",
        "performance": [point(2, 1.5, source="live")],
    }
    return made | changes


def document(**changes: Any) -> dict[str, Any]:
    """Make a whole export as a document."""
    made = {
        **header(),
        "benchmarks": [benchmark()],
        "strategies": [strategy()],
        "vaults": [vault()],
    }
    return copy.deepcopy(made | changes)


def as_bytes(content: Any) -> bytes:
    """Write a document."""
    return json.dumps(content).encode()


def records_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Take a document apart into the records of lines, the header first."""
    lists = ("benchmarks", "strategies", "vaults")
    top = {name: value for name, value in content.items() if name not in lists}
    lines = [{"record": "header", **top}]
    for one in content.get("benchmarks", []):
        lines += _parent("benchmark", one, {"points": "benchmark_point"}, "benchmark", one["slug"])
    children = {
        "performance": "performance",
        "holdings": "holding",
        "trades": "trade",
        "reports": "report",
    }
    for one in content.get("strategies", []):
        lines += _parent("strategy", one, children, "strategy", one["slug"])
    for one in content.get("vaults", []):
        account = f"eip155:{one['chain_id']}:{one['address']}"
        lines += _parent("vault", one, {"performance": "performance"}, "vault", account)
    return lines


def as_lines(content: dict[str, Any]) -> bytes:
    """Write a document as lines."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in records_of(content))


def _parent(
    name: str, element: dict[str, Any], children: dict[str, str], owner: str, key: str
) -> list[dict[str, Any]]:
    """Give a parent, then each of its children with the owner's name."""
    own = {field: value for field, value in element.items() if field not in children}
    lines = [{"record": name, **own}]
    for field, record in children.items():
        lines += [{"record": record, owner: key, **child} for child in element.get(field, [])]
    return lines
