"""A world in which every guardrail passes; the tests change one thing at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atlas.domain.guardrail_rules import HOUSE_RULES
from atlas.domain.guardrails import Judgement, judge
from atlas.domain.intents import OrderIntent
from atlas.domain.limits import Limits, LimitScope
from atlas.domain.positions import Position
from atlas.domain.quotes import Quote
from atlas.domain.records import Expected, Records, Retries, Usage
from atlas.domain.snapshots import Snapshot
from atlas.domain.states import PermitKind, SwitchState

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
LIMITS = Limits(
    allowed_markets=frozenset({"ETH/USD"}),
    allowed_sides=frozenset({"LONG", "SHORT"}),
    max_order_notional_usd=Decimal(2000),
    max_position_notional_usd=Decimal(6000),
    max_gross_exposure_usd=Decimal(6000),
    max_net_exposure_usd=Decimal(6000),
    max_leverage_ratio=Decimal(4),
    min_order_usd=Decimal(10),
    max_signal_age_seconds=60,
    max_price_age_seconds=30,
    required_price_sources=1,
    max_source_deviation_bps=80,
    max_acceptable_distance_bps=50,
    max_slippage_bps=50,
    max_price_impact_bps=50,
    min_free_collateral_usd=Decimal(0),
    min_weth_buffer_usd=Decimal(0),
    min_withdrawal_buffer_ratio=Decimal(0),
    max_orders_per_hour=10,
    max_orders_per_day=100,
    max_cancels_per_hour=10,
    max_turnover_per_day_usd=Decimal(100_000),
    max_gas_per_day_usd=Decimal(100),
    max_daily_loss_ratio=Decimal("0.25"),
    max_drawdown_ratio=Decimal("0.5"),
    cooldown_after_loss_seconds=60,
    max_consecutive_failures=5,
    max_attempts_per_trade=3,
)
USAGE = Usage(
    scope=LimitScope.DEPLOYMENT,
    limits=Limits(),
    orders_in_hour=0,
    orders_in_day=0,
    cancels_in_hour=0,
    turnover_usd=Decimal(0),
    gas_usd=Decimal(0),
)
HOUSE_USAGE = replace(
    USAGE,
    scope=LimitScope.GLOBAL,
    limits=Limits(max_orders_per_day=1000, max_gross_exposure_usd=Decimal(100_000)),
    open_usd=Decimal(2000),
)
RECORDS = Records(
    share_value_usd=Decimal(1),
    high_water_usd=Decimal(1),
    best_of_day_usd=Decimal(1),
    losses=(),
    failures=0,
    retries=Retries(attempts=0),
    usages=(USAGE, HOUSE_USAGE),
    expected=Expected(slippage_bps=5, impact_bps=5, fee_usd=Decimal(1)),
    weth_usd=Decimal(100),
)
HELD = Position("ETH/USD", True, Decimal(2000), Decimal(1), Decimal(1000))
SNAPSHOT = Snapshot(
    account="paper:demo",
    taken_at=NOW,
    nav_usd=Decimal(10_000),
    cash_usd=Decimal(2_000),
    positions=(HELD,),
    quotes={"ETH/USD": Quote("ETH/USD", Decimal(1990), Decimal(2000), NOW, "test")},
    working_orders=0,
    switch_state=SwitchState.ACTIVE,
    records=RECORDS,
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


def recorded(**values: object) -> Snapshot:
    """Give the world with other records of the account."""
    return replace(SNAPSHOT, records=replace(RECORDS, **values))  # type: ignore[arg-type]


def used(**values: object) -> Snapshot:
    """Give the world in which the deployment has used other counts."""
    return recorded(usages=(replace(USAGE, **values), HOUSE_USAGE))  # type: ignore[arg-type]


def used_by_house(**values: object) -> Snapshot:
    """Give the world in which the whole house has used other counts."""
    return recorded(usages=(USAGE, replace(HOUSE_USAGE, **values)))  # type: ignore[arg-type]
