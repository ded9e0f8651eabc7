"""The records of synthetic strategies: walks of prices and values, trades, holdings, claims."""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from eth_utils.address import to_checksum_address

from imports.synthetic_catalogue import BenchmarkSpec, StrategySpec

Record = dict[str, Any]
ARBITRUM_ONE = 42161
_ROOT_OF_3 = 1.7320508075688772
_LIVE_FROM_DAY = 366
_SHARES = 250_000.0


class Extent(Protocol):
    """How much to generate."""

    @property
    def begins_at(self) -> datetime:
        """Give the time of the first point."""

    @property
    def generated_at(self) -> datetime:
        """Give the time that reports are dated."""

    @property
    def trades(self) -> int:
        """Give the number of trades a strategy."""

    @property
    def holdings(self) -> int:
        """Give the number of moments of which a strategy's holdings are told."""

    @property
    def has_reports(self) -> bool:
        """Say whether strategies claim anything."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A benchmark's prices day by day, and the returns between them (0 on the first)."""

    asset: str
    prices: list[float]
    returns: list[float]


def walk_prices(spec: BenchmarkSpec, *, days: int, seed: int) -> Walk:
    """Walk a price in daily steps, drawn gently home so that it neither ends nor explodes."""
    dice = random.Random(f"{seed} {spec.slug}")  # noqa: S311  # dice for a demo, not for a secret
    price, prices, returns = spec.start_price, [], []
    for day in range(days):
        pull = 0.002 * (1.0 - price / spec.start_price)
        step = spec.width * bell(dice) + pull + 0.0004 if day else 0.0
        following = round(price * (1.0 + step), 2)
        returns.append(following / price - 1.0)
        price = following
        prices.append(price)
    return Walk(spec.asset, prices, returns)


def bell(dice: random.Random) -> float:
    """Draw from a bell of mean 0 and deviation 1: four uniforms, no logarithm."""
    total = dice.random() + dice.random() + dice.random() + dice.random()
    return (total - 2.0) * _ROOT_OF_3


def strategy_element(
    spec: StrategySpec, times: list[str], walk: Walk, extent: Extent, *, seed: int
) -> Record:
    """Make a strategy with everything that belongs to it."""
    dice = random.Random(seed)  # noqa: S311  # dice for a demo, not for a secret
    backtest = _series(spec, times, walk, dice, source="backtest")
    live = _series(spec, times, walk, dice, source="live")[_LIVE_FROM_DAY:] if spec.is_live else []
    trades = _trades(spec, walk, extent, dice, days=len(times))
    element: Record = {
        "slug": spec.slug,
        "name": spec.name,
        "description": f"Synthetic sample. {spec.idea}",
        "category": spec.category.value,
        "assets": list(spec.assets),
        "timeframe": spec.timeframe,
        "status": spec.status.value,
        "risk_level": spec.risk_level.value,
        "benchmark": spec.benchmark,
        "inception_on": times[0][:10],
        "rule": spec.rule,
        "parameters": dict(spec.parameters),
        "tags": ["synthetic", *spec.tags],
        "featured": spec.featured,
        "curated": spec.curated,
        "discovered_at": _moment(extent.begins_at, hours=seed % 97),
        "performance": backtest + live,
        "holdings": _holdings(spec, backtest, walk, extent, dice),
        "trades": trades,
    }
    if extent.has_reports:
        element["reports"] = [_report(backtest, trades, extent)]
    return element


def vault_element(spec: StrategySpec, element: Record) -> Record:
    """Make the vault of a strategy; its address is the hash of its name, so it belongs to nobody."""
    points = [point for point in element["performance"] if point["source"] == "live"]
    digest = hashlib.sha256(f"atlas synthetic vault {spec.vault}".encode()).hexdigest()
    return {
        "chain_id": ARBITRUM_ONE,
        "address": to_checksum_address("0x" + digest[:40]),
        "name": spec.vault,
        "strategy": spec.slug,
        "inception_on": points[0]["as_of_at"][:10],
        "performance": points,
    }


def _series(
    spec: StrategySpec, times: list[str], walk: Walk, dice: random.Random, *, source: str
) -> list[Record]:
    """Walk the value of a share from 1, and the value of all shares beside it."""
    nav, shares, points = 1.0, _SHARES * (0.5 + dice.random()), []
    for day, at in enumerate(times):
        if day:
            change = spec.beta * walk.returns[day] + spec.drift + spec.width * bell(dice)
            nav = round(max(nav * (1.0 + change), 0.05), 6)
            shares *= 1.0 + 0.004 * bell(dice)
        aum = round(nav * shares, 2)
        points.append({"as_of_at": at, "nav_per_share_usd": nav, "source": source, "aum_usd": aum})
    return points


def _trades(
    spec: StrategySpec, walk: Walk, extent: Extent, dice: random.Random, *, days: int
) -> list[Record]:
    """Make trades that follow one another through the days, the last of them still open."""
    room = (days - 1) / max(extent.trades, 1)
    trades = []
    for number in range(extent.trades):
        day = int(number * room)
        is_last = number == extent.trades - 1
        opened_at = extent.begins_at + timedelta(days=day, minutes=int(dice.random() * 600))
        hours = 1 + int(dice.random() * room * 20)
        trade = _trade(
            spec, walk, dice, day=day, closing_day=min(int((number + 1) * room), days - 1)
        )
        trade = {"external_id": f"{spec.slug}-{number + 1:05d}", **trade}
        trade["opened_at"] = _moment(opened_at)
        if is_last:
            trade = {name: trade[name] for name in trade if name not in _ENDS} | {"result": "open"}
        else:
            trade["closed_at"] = _moment(opened_at, hours=hours)
        trades.append(trade)
    return trades


def _trade(
    spec: StrategySpec, walk: Walk, dice: random.Random, *, day: int, closing_day: int
) -> Record:
    """Make one closed trade at prices near the benchmark's."""
    side = "long" if dice.random() < _SHARE_OF_LONGS else "short"
    entry = round(walk.prices[day] * (1.0 + 0.002 * bell(dice)), 2)
    exit_price = round(walk.prices[closing_day] * (1.0 + 0.002 * bell(dice)), 2)
    size = round(2_000.0 + 18_000.0 * dice.random(), 2)
    fees = [round(size * rate * dice.random(), 4) for rate in (0.0008, 0.0004, 0.0006, 0.0001)]
    gross = size * (exit_price / entry - 1.0) * (1.0 if side == "long" else -1.0)
    pnl = round(gross - sum(fees), 2)
    return {
        "market": f"{walk.asset}/USD",
        "side": side,
        "entry_price_usd": entry,
        "exit_price_usd": exit_price,
        "size_usd": size,
        "pnl_usd": pnl,
        "pnl_ratio": round(pnl / size, 6),
        "funding_usd": fees[0],
        "borrowing_usd": fees[1],
        "position_fee_usd": fees[2],
        "execution_fee_usd": fees[3],
        "result": "win" if pnl > 0 else "loss" if pnl < 0 else "flat",
    }


def _holdings(
    spec: StrategySpec, points: list[Record], walk: Walk, extent: Extent, dice: random.Random
) -> list[Record]:
    """Tell what was held at evenly spaced moments; what is not in an asset is in USDC."""
    holdings = []
    step = max(len(points) // max(extent.holdings, 1), 1)
    for day in list(range(0, len(points), step))[: extent.holdings]:
        at, value, left = points[day]["as_of_at"], points[day]["aum_usd"], 1.0
        for asset in spec.assets:
            weight = round(left * (0.2 + 0.7 * dice.random()), 4)
            left = round(left - weight, 4)
            price = walk.prices[day] if asset == walk.asset else 1_000.0
            holdings.append(_holding(at, asset, weight, value, price))
        holdings.append(_holding(at, "USDC", left, value, 1.0))
    return holdings


def _holding(at: str, asset: str, weight: float, value: float, price: float) -> Record:
    """Write one holding."""
    return {
        "as_of_at": at,
        "asset": asset,
        "quantity": round(value * weight / price, 8),
        "weight_ratio": weight,
        "value_usd": round(value * weight, 2),
    }


def _report(points: list[Record], trades: list[Record], extent: Extent) -> Record:
    """Claim what the records give, as an honest producer would."""
    values = [point["nav_per_share_usd"] for point in points]
    peak, drawdown = values[0], 0.0
    for value in values:
        peak = max(peak, value)
        drawdown = min(drawdown, value / peak - 1.0)
    closed = [trade for trade in trades if trade["result"] != "open"]
    won = sum(trade["result"] == "win" for trade in closed)
    metrics = {
        "max_drawdown_ratio": round(drawdown, 6),
        "total_return_ratio": round(values[-1] / values[0] - 1.0, 6),
        "trade_count": len(closed),
        "win_rate_ratio": round(won / len(closed), 6),
    }
    return {"source": "backtest", "claimed_at": _moment(extent.generated_at), "metrics": metrics}


def _moment(at: datetime, *, hours: int = 0) -> str:
    """Write a time as files do."""
    return f"{at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


_SHARE_OF_LONGS = 0.6
_ENDS = {"exit_price_usd", "pnl_usd", "pnl_ratio", "result"}
