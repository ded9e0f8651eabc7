"""The demo's deployments: strategies of the sample export, traded on paper over recordings."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from atlas.demo import DEMO_ACTOR
from atlas.domain.states import SwitchScope, SwitchState
from atlas.models import TradingState
from atlas.switches import GLOBAL_SCOPE, Scope, loosen
from execution.models import Deployment
from execution.services import create_paper_deployment
from strategies.models import Strategy

# strategy -> markets; each is traded on bars of an hour, one an hour of recorded time
DEMO_MARKETS: dict[str, tuple[str, ...]] = {
    "eth-ema-trend": ("ETH/USD",),
    "btc-ema-trend": ("BTC/USD",),
    "eth-mean-reversion": ("ETH/USD",),
    "btc-breakout-daily": ("BTC/USD",),
    "btc-leveraged-momentum": ("BTC/USD",),
    "two-asset-basket": ("BTC/USD", "ETH/USD"),
}
DEMO_TIMEFRAME = "1h"
DEMO_CADENCE_SECONDS = 3_600
DEMO_DEPOSIT_USD = Decimal(100_000)
DEMO_LIMITS: dict[str, Any] = {
    "max_order_notional_usd": Decimal(150_000),
    "max_position_notional_usd": Decimal(150_000),
    "max_leverage_ratio": Decimal(3),
}
DEMO_REASON = "demo: paper trading over recorded markets"


def create_demo_deployments(*, now: datetime) -> list[Deployment]:
    """Put the demo strategies to work where they are not yet; gives the new deployments.

    Their switches, and the global one of a new house, are restored: nothing live exists here.
    """
    created = []
    for slug, markets in DEMO_MARKETS.items():
        strategy = Strategy.objects.filter(slug=slug).first()
        if strategy is None or strategy.deployments.exists():
            continue
        created.append(
            create_paper_deployment(
                strategy=strategy,
                markets=markets,
                timeframe=DEMO_TIMEFRAME,
                cadence_seconds=DEMO_CADENCE_SECONDS,
                deposit_usd=DEMO_DEPOSIT_USD,
                limits=DEMO_LIMITS,
                actor=DEMO_ACTOR,
                now=now,
            )
        )
    if created:
        for scope in _scopes_of(created):
            _restore(scope, now=now)
    return created


def _scopes_of(deployments: list[Deployment]) -> Iterator[Scope]:
    """List the switches that must be free for these deployments."""
    yield GLOBAL_SCOPE
    for deployment in deployments:
        yield SwitchScope.STRATEGY.value, deployment.strategy.slug
        for market in deployment.markets:
            yield SwitchScope.MARKET.value, market


def _restore(scope: Scope, *, now: datetime) -> None:
    """Free a switch that is still as tight as it was made; one a person touched stays."""
    row = TradingState.objects.get(scope=scope[0], key=scope[1])
    if row.state == SwitchState.HALTED and not row.changes.exists():
        loosen(scope=scope, state=SwitchState.ACTIVE, reason=DEMO_REASON, actor=DEMO_ACTOR, now=now)
