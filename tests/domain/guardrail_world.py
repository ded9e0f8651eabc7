"""A world in which every guardrail passes; the tests change one thing at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrails import Judgement, judge
from atlas.domain.intents import OrderIntent
from atlas.domain.limits import Limits
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import PermitKind, SwitchState

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
LIMITS = Limits(
    allowed_markets=frozenset({"ETH/USD"}),
    max_order_notional_usd=Decimal(1000),
    max_position_notional_usd=Decimal(3000),
    max_leverage_ratio=Decimal(4),
    max_signal_age_seconds=60,
    max_price_age_seconds=30,
)
HELD = Position("ETH/USD", True, Decimal(2000), Decimal(1), Decimal(1000))
SNAPSHOT = Snapshot(
    account="paper:demo",
    taken_at=NOW,
    nav_usd=Decimal(10_000),
    cash_usd=Decimal(500),
    positions=(HELD,),
    quotes={"ETH/USD": Quote("ETH/USD", Decimal(1990), Decimal(2000), NOW, "test")},
    working_orders=0,
    switch_state=SwitchState.ACTIVE,
)
INCREASE = OrderIntent(
    account="paper:demo",
    kind=PermitKind.INCREASE,
    market="ETH/USD",
    is_long=True,
    size_delta_usd=Decimal(1000),
    collateral_delta_usd=Decimal(500),
    expected_pre_size_usd=Decimal(2000),
    acceptable_price_usd=Decimal(2006),
    signal_as_of_at=NOW,
    signal_valid_until_at=NOW + timedelta(minutes=5),
)
REDUCE = replace(
    INCREASE,
    kind=PermitKind.REDUCE,
    size_delta_usd=Decimal(2000),
    collateral_delta_usd=Decimal(-1000),
    acceptable_price_usd=Decimal(1980),
)
CHAIN_KINDS = frozenset({PermitKind.CANCEL, PermitKind.BURN, PermitKind.CLAIM, PermitKind.SETUP})


def judged(
    intent: OrderIntent = INCREASE,
    snapshot: Snapshot = SNAPSHOT,
    limits: Limits = LIMITS,
    now: datetime = NOW,
) -> Judgement:
    return judge(intent, snapshot, limits, now, rules=HOUSE_RULES)


def breached(judgement: Judgement) -> set[str]:
    return {breach.rule for breach in judgement.breaches}


def priced(low: str, high: str, at: datetime = NOW) -> Snapshot:
    return replace(
        SNAPSHOT, quotes={"ETH/USD": Quote("ETH/USD", Decimal(low), Decimal(high), at, "test")}
    )
