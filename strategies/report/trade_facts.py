"""The trades of a strategy's record, as columns, and what the closed ones came to."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from atlas.domain.errors import Bug, InvalidInput
from atlas.domain.metrics import STILL_OPEN, Trades
from atlas.domain.units import ZERO
from atlas.hot_statements import hot_row
from strategies.packed import EPOCH_2000_MICROS, IntArray

MOST_TRADES = 100_000
_INFINITY = np.iinfo(np.int64).max
_STATEMENT = """
    SELECT count(*),
      string_agg(timestamptz_send(t.opened_at), ''::bytea),
      string_agg(timestamptz_send(coalesce(t.closed_at, 'infinity')), ''::bytea),
      string_agg(t.size_usd::text, ','),
      string_agg(coalesce(t.pnl_usd::text, ''), ','),
      string_agg(float8send(coalesce(t.pnl_ratio, 'NaN')::float8), ''::bytea),
      count(*) FILTER (WHERE t.is_closed),
      count(*) FILTER (WHERE t.is_closed AND t.pnl_usd IS NULL),
      sum(t.pnl_usd) FILTER (WHERE t.is_closed),
      sum(t.funding_usd) FILTER (WHERE t.is_closed),
      sum(t.borrowing_usd) FILTER (WHERE t.is_closed),
      sum(t.position_fee_usd) FILTER (WHERE t.is_closed),
      sum(t.execution_fee_usd) FILTER (WHERE t.is_closed),
      EXISTS (SELECT FROM strategies_importedtrade WHERE strategy_id = %(strategy_id)s)
    FROM (
      SELECT opened_at, closed_at, size_usd, pnl_usd, pnl_ratio, funding_usd, borrowing_usd,
        position_fee_usd, execution_fee_usd,
        closed_at >= %(start_at)s AND closed_at < %(end_at)s AS is_closed
      FROM strategies_importedtrade
      WHERE strategy_id = %(strategy_id)s AND opened_at < %(end_at)s
        AND (closed_at IS NULL OR closed_at >= %(start_at)s)
      ORDER BY opened_at, id LIMIT %(most)s
    ) AS t
"""


@dataclass(frozen=True, slots=True)
class ClosedTrades:
    """What the trades that were closed in a window came to; costs are positive.

    `pnl_usd` is what they left after their costs, None where one of them does not say.
    """

    count: int
    pnl_usd: Decimal | None
    funding_usd: Decimal
    borrowing_usd: Decimal
    position_fee_usd: Decimal
    execution_fee_usd: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class TradeFacts:
    """The trades that touch a window, and the sums of those that were closed in it."""

    trades: Trades
    closed: ClosedTrades


def read_trades(strategy_id: int, *, start_at: datetime, end_at: datetime) -> TradeFacts | None:
    """Read the trades that were open at any moment between two, the second one left out.

    None where the record of the strategy has no trade at all. Raises InvalidInput where the window
    touches more than 100,000.
    """
    values: dict[str, Any] = {
        "strategy_id": strategy_id,
        "start_at": start_at,
        "end_at": end_at,
        "most": MOST_TRADES + 1,
    }
    row = hot_row(_STATEMENT, values)
    if row is None:
        raise Bug("An aggregate without a row")
    count, *columns, closed, silent, pnl, funding, borrowing, position, execution, has_any = row
    if count > MOST_TRADES:
        raise InvalidInput(
            f"The range holds more than {MOST_TRADES:,} trades; narrow it with from and to",
            detail={"most_trades": MOST_TRADES},
        )
    sums = ClosedTrades(
        count=closed,
        pnl_usd=(pnl or ZERO) if silent == 0 else None,
        funding_usd=funding or ZERO,
        borrowing_usd=borrowing or ZERO,
        position_fee_usd=position or ZERO,
        execution_fee_usd=execution or ZERO,
    )
    if not has_any:
        return None
    return TradeFacts(_trades(*columns) if count else _NO_TRADES, sums)


def _trades(opened: bytes, closed: bytes, sizes: str, pnls: str, ratios: bytes) -> Trades:
    """Unpack the columns."""
    return Trades(
        opened=_moments(opened),
        closed=_moments(closed),
        size_usd=list(map(Decimal, sizes.split(","))),
        pnl_usd=[Decimal(text) if text else None for text in pnls.split(",")],
        pnl_ratio=np.frombuffer(ratios, dtype=">f8").astype(np.float64),
    )


def _moments(packed: bytes) -> IntArray:
    """Unpack moments into microseconds since 1970, infinity into what is still open."""
    raw = np.frombuffer(packed, dtype=">i8").astype(np.int64)
    is_open = raw == _INFINITY
    return np.where(is_open, STILL_OPEN, np.where(is_open, 0, raw) + EPOCH_2000_MICROS)


_NO_TRADES = Trades(np.zeros(0, np.int64), np.zeros(0, np.int64), (), (), np.zeros(0))
