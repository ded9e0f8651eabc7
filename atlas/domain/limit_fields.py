"""The table of limit fields: what each limits, in which unit, within which bounds.

`lowest` and `highest` are the static bounds that no row may pass, whoever writes it. `paper` is
what a paper deployment gets where nobody states the limit; a live one has to have each stated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

# dHEDGE refuses above 7; the margin is for what moves between our look and the execution.
LEVERAGE_CEILING = Decimal("6.5")
# The gate reads so many of the latest orders that this many failures in a row are seen.
MOST_FAILURES = 40
SIDES = ("LONG", "SHORT")
_HUGE_USD = Decimal(10) ** 15
_YEAR_SECONDS = 366 * 86_400


class Sense(StrEnum):
    """In which direction a limit gets tighter."""

    CEILING = "CEILING"  # the smaller, the tighter
    FLOOR = "FLOOR"  # the larger, the tighter
    LIST = "LIST"  # the fewer, the tighter


class Unit(StrEnum):
    """In what a limit is measured."""

    NAMES = "names"
    USD = "USD"
    RATIO = "ratio"
    BPS = "bps"
    SECONDS = "s"
    COUNT = "count"


Value = Decimal | int | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitField:
    """One limit: its name in `Limits`, its sense, its bounds and what people read about it.

    `paper` None means that it follows from other figures of the deployment (`execution.limits`).
    `is_counted` marks what is counted over a scope and a window, and therefore shared by whatever
    lies in the scope.
    """

    name: str
    sense: Sense
    unit: Unit
    help: str
    lowest: Decimal | int = 0
    highest: Decimal | int = 0
    paper: Value | None = None
    is_counted: bool = False

    @property
    def label(self) -> str:
        """Give the name as people read it."""
        words = self.name
        for suffix in ("_usd", "_ratio", "_bps", "_seconds"):
            words = words.removesuffix(suffix)
        return words.replace("_", " ").replace("max ", "largest ").replace("min ", "smallest ")


def _usd(name: str, text: str, paper: int | None = None, *, counted: bool = False) -> LimitField:
    sense = Sense.FLOOR if name.startswith("min_") else Sense.CEILING
    default = None if paper is None else Decimal(paper)
    return LimitField(name, sense, Unit.USD, text, Decimal(0), _HUGE_USD, default, counted)


def _share(name: str, text: str, paper: str) -> LimitField:
    sense = Sense.FLOOR if name.startswith("min_") else Sense.CEILING
    return LimitField(name, sense, Unit.RATIO, text, Decimal(0), Decimal(1), Decimal(paper))


def _bps(name: str, text: str, paper: int, highest: int = 1_000) -> LimitField:
    return LimitField(name, Sense.CEILING, Unit.BPS, text, 0, highest, paper)


def _count(name: str, text: str, paper: int, *, counted: bool = True, least: int = 0) -> LimitField:
    return LimitField(
        name, Sense.CEILING, Unit.COUNT, text, least, 1_000_000, paper, is_counted=counted
    )


LIMIT_FIELDS: tuple[LimitField, ...] = (
    LimitField("allowed_markets", Sense.LIST, Unit.NAMES, "The only markets that may be traded."),
    LimitField(
        "allowed_sides",
        Sense.LIST,
        Unit.NAMES,
        "LONG, SHORT or both: on which side a position may be opened or grown.",
        paper=SIDES,
    ),
    _usd("max_order_notional_usd", "The largest size of one order."),
    _usd("max_position_notional_usd", "The largest notional of one position after the order."),
    _usd("max_gross_exposure_usd", "Longs plus shorts, after the order.", counted=True),
    _usd("max_net_exposure_usd", "Longs less shorts, without its sign, after the order."),
    LimitField(
        "max_leverage_ratio",
        Sense.CEILING,
        Unit.RATIO,
        "Notional over collateral after the order. No more than 6.5: dHEDGE refuses above 7.",
        Decimal(0),
        LEVERAGE_CEILING,
    ),
    _usd("min_order_usd", "The smallest order that adds risk; fees eat smaller ones.", 1),
    LimitField(
        "max_signal_age_seconds",
        Sense.CEILING,
        Unit.SECONDS,
        "How old a signal may be, by the feed's clock.",
        1,
        _YEAR_SECONDS,
    ),
    LimitField(
        "max_price_age_seconds",
        Sense.CEILING,
        Unit.SECONDS,
        "How old a price may be, by the feed's clock.",
        1,
        _YEAR_SECONDS,
    ),
    LimitField(
        "required_price_sources",
        Sense.FLOOR,
        Unit.COUNT,
        "How many independent price sources must be there and agree; live needs 2.",
        1,
        2,
        1,
    ),
    _bps("max_source_deviation_bps", "How far two price sources may lie apart.", 80),
    _bps("max_acceptable_distance_bps", "How far off the price an entry may execute.", 30),
    _bps("max_slippage_bps", "Spread and slippage that are expected of the order.", 100),
    _bps("max_price_impact_bps", "Price impact that is expected of the order.", 100),
    _usd("min_free_collateral_usd", "Cash that must be left after the order.", 0),
    _usd(
        "min_weth_buffer_usd", "WETH for the fees of exits that must be left; 0 asks for none.", 0
    ),
    _share("min_withdrawal_buffer_ratio", "Share of NAV that must stay free for withdrawals.", "0"),
    _count("max_orders_per_hour", "Orders that pass the gate in an hour of the clock.", 120),
    _count("max_orders_per_day", "Orders that pass the gate in a day (UTC).", 1_000),
    _count("max_cancels_per_hour", "Orders of an hour that ended without a fill.", 60),
    _usd("max_turnover_per_day_usd", "Notional that is ordered in a day (UTC).", counted=True),
    _usd("max_gas_per_day_usd", "Execution fees of a day (UTC).", 1_000, counted=True),
    _share("max_daily_loss_ratio", "Fall from the best share value of the last 24 hours.", "0.25"),
    _share(
        "max_drawdown_ratio",
        "Fall of the share value from its high-water mark, open profit and loss included.",
        "0.5",
    ),
    LimitField(
        "cooldown_after_loss_seconds",
        Sense.FLOOR,
        Unit.SECONDS,
        "How long nothing is added after a close at a loss; 0 asks for no pause.",
        0,
        _YEAR_SECONDS,
        0,
    ),
    LimitField(
        "max_consecutive_failures",
        Sense.CEILING,
        Unit.COUNT,
        "Failed orders in a row that are borne; with one more nothing is added.",
        0,
        MOST_FAILURES,
        5,
    ),
    _count("max_attempts_per_trade", "Orders for one trade.", 3, counted=False, least=1),
)

FIELDS_BY_NAME: Mapping[str, LimitField] = MappingProxyType({one.name: one for one in LIMIT_FIELDS})
