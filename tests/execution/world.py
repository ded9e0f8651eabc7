"""A small market and a deployment on it: what the tests of trading start from."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from atlas import switches
from atlas.audit import Actor
from atlas.domain.candles import CandleRow, Timeframe
from atlas.domain.normalisation import normalise
from atlas.domain.recording import Recording
from atlas.domain.states import SwitchState
from atlas.domain.stopped_clock import StoppedClock
from execution import cycle, services
from execution.marketdata.replay import ReplayMarketData
from execution.models import FeedClock
from execution.vocabulary import DeploymentStatus
from strategies.models import Strategy

MARKET = "ETH/USD"
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WALL = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ACTOR = Actor.system("tests")
PARAMETERS = {"fast_bars": 2, "slow_bars": 3, "exposure_ratio": "1"}
WARM_UP = 15
LIMITS = {
    "max_order_notional_usd": "1000000",
    "max_position_notional_usd": "1000000",
    "max_leverage_ratio": "5",
}


def read_wall() -> datetime:
    """Read a wall that stands at one moment; leases go by the database's clock."""
    return WALL


def recording(prices, *, without=(), market=MARKET) -> Recording:
    """Make a recording of hourly bars that close at these prices; bars in `without` are missing."""
    rows = []
    last = Decimal(prices[0])
    for index, price in enumerate(prices):
        close = Decimal(price)
        if index not in without:
            rows.append(
                CandleRow(
                    BEGIN + index * HOUR,
                    last,
                    max(last, close),
                    min(last, close),
                    close,
                    Decimal(1),
                )
            )
        last = close
    made = normalise(
        rows, market=market, timeframe=Timeframe.H1, now=datetime.max.replace(tzinfo=UTC)
    )
    return Recording("test", market, Timeframe.H1, made.candles, made.findings, "made by a test")


def waves(count=60):
    """Give prices that rise, fall and rise again, so that a trend rule flips twice."""
    prices, price = [], Decimal(2000)
    for index in range(count):
        price += 10 if (index // 20) % 2 == 0 else -10
        prices.append(price)
    return prices


def make_strategy(slug="trend", **values):
    defaults = {
        "name": slug.title(),
        "category": "trend",
        "timeframe": "1h",
        "status": "deployable",
        "risk_level": "medium",
        "rule": "ema_cross",
        "parameters": PARAMETERS,
        "created_at": WALL,
        "updated_at": WALL,
    }
    strategy, _ = Strategy.objects.get_or_create(slug=slug, defaults={**defaults, **values})
    return strategy


def make_feed(name="test-feed", speed="360"):
    feed, _ = FeedClock.objects.get_or_create(
        name=name,
        defaults={
            "anchor_wall_at": WALL,
            "anchor_feed_at": BEGIN + WARM_UP * HOUR,
            "speed": Decimal(speed),
            "seen_at": WALL,
        },
    )
    return feed


def make_deployment(*, slug="trend", feed="test-feed", **values):
    """Make a paper deployment with 10,000 USD on the recording of a test."""
    return services.create_paper_deployment(
        **{
            "strategy": make_strategy(slug),
            "markets": [MARKET],
            "timeframe": "1h",
            "cadence_seconds": 3600,
            "deposit_usd": Decimal(10_000),
            "limits": LIMITS,
            "actor": ACTOR,
            "now": WALL,
            "feed_clock": make_feed(feed),
            "status": DeploymentStatus.ENABLED,
            **values,
        }
    )


def open_switches(*, slug="trend", market=MARKET) -> None:
    """Restore the switches that cover a test's deployment."""
    user, _ = User.objects.get_or_create(username="restorer")
    person = Actor(name="restorer", user=user)
    for scope in [switches.GLOBAL_SCOPE, ("STRATEGY", slug), ("MARKET", market)]:
        if switches.effective_now([scope]).state is not SwitchState.ACTIVE:
            _loosen(scope, person)


def _loosen(scope, person) -> None:
    from atlas.models import TradingState

    row = TradingState.objects.filter(scope=scope[0], key=scope[1]).first()
    if row is not None and row.state == SwitchState.ACTIVE:
        return
    switches.loosen(scope=scope, state=SwitchState.ACTIVE, reason="a test", actor=person, now=WALL)


def slot(index: int) -> datetime:
    """Give the slot at which `index` bars have closed after the warm-up."""
    return BEGIN + (WARM_UP + index) * HOUR


def run(deployment, market_recording, at, **values):
    """Run one cycle of a deployment at a slot of a recording."""
    clock = StoppedClock(at)
    return cycle.run_cycle(
        **{
            "deployment": deployment,
            "slot": at,
            "read": read_wall,
            "clock": clock,
            "market_data": ReplayMarketData.of([market_recording], clock),
            **values,
        }
    )
