"""In which order discovery may stand, and the cursor that marks a place in it.

An order is a value of each strategy and its key behind it, so that no two rows compare equal. Rows
without a value stand at the end, whichever way it is turned.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

START = "*"
LONGEST_CURSOR = 1_200
MALFORMED = "is malformed; take it from the field next of an answer, or begin with *"
_PARTS = 3
# Below what a number of each type must stay.
_MOST: dict[str, Any] = {"float8": 1e300, "numeric": Decimal(10) ** 38, "integer": 2**31}
# How the database's text of a value is read back.
_READ_BACK: dict[str, Callable[[str], Any]] = {
    "text": str,
    "timestamptz": datetime.fromisoformat,
    "date": date.fromisoformat,
    "float8": float,
    "numeric": Decimal,
    "integer": int,
}


@dataclass(frozen=True, slots=True)
class Order:
    """What to sort by: an expression, its type, and whether the largest comes first."""

    expression: str
    type: str
    is_descending: bool = True

    @property
    def direction(self) -> str:
        """Give the word of SQL for the direction."""
        return "DESC" if self.is_descending else "ASC"

    @property
    def terms(self) -> str:
        """Write the order over the columns `sort` and `id`."""
        return f"sort {self.direction} NULLS LAST, id {self.direction}"

    def terms_of(self, alias: str) -> str:
        """Write the order over the columns `sort` and `id` of a table by its alias."""
        return f"{alias}.sort {self.direction} NULLS LAST, {alias}.id {self.direction}"

    def turned(self) -> "Order":
        """Turn the order round."""
        return Order(self.expression, self.type, not self.is_descending)


ORDERS: dict[str, Order] = {
    "latest": Order("s.discovered_at", "timestamptz"),
    "name": Order("s.name", "text", is_descending=False),
    "inception": Order("s.inception_on", "date"),
    "return": Order("m.total_return_ratio", "float8"),
    "sharpe": Order("m.sharpe", "float8"),
    "win_rate": Order("m.win_rate_days_nonzero_ratio", "float8"),
    # Falls are negative: the largest is the shallowest.
    "drawdown": Order("m.max_drawdown_ratio", "float8"),
    "aum": Order("m.last_aum_usd", "numeric"),
    "track": Order("m.track_days", "integer"),
}


def order_named(name: str) -> Order:
    """Find an order by its name; raises ValueError naming those there are."""
    order = ORDERS.get(name.removeprefix("-"))
    if order is None:
        known = ", ".join(ORDERS)
        raise ValueError(f"must be one of {known}, or one of them after a hyphen")
    return order.turned() if name.startswith("-") else order


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in an order: the value and the key of the row that was seen last.

    `value` is the database's own text of it, None where the row has none.
    """

    ordering: str
    value: str | None
    id: int

    def written(self) -> str:
        """Write the mark as the cursor that a caller hands back."""
        packed = orjson.dumps([self.ordering, self.value, self.id])
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_mark(cursor: str) -> Mark:
    """Read a cursor back; raises ValueError for one that no answer has given."""
    if len(cursor) > LONGEST_CURSOR or not cursor.isascii():
        raise ValueError(MALFORMED)
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts: Any = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise ValueError(MALFORMED) from None
    if not isinstance(parts, list) or len(parts) != _PARTS:
        raise ValueError(MALFORMED)
    ordering, value, key = parts
    is_known = isinstance(ordering, str) and ordering.removeprefix("-") in ORDERS
    if not is_known or not isinstance(value, str | None) or type(key) is not int:
        raise ValueError(MALFORMED)
    if abs(key) >= 2**63 or "\x00" in (value or ""):
        raise ValueError(MALFORMED)
    mark = Mark(ordering, value, key)
    mark_value(order_named(ordering), mark)
    return mark


def mark_value(order: Order, mark: Mark) -> Any:
    """Read the value of a mark back; raises ValueError where it is none of the order's type."""
    if mark.value is None:
        return None
    try:
        value = _READ_BACK[order.type](mark.value)
    except (ArithmeticError, ValueError):
        raise ValueError(MALFORMED) from None
    most = _MOST.get(order.type)
    if most is not None and not abs(value) < most:  # what is no number compares false
        raise ValueError(MALFORMED)
    return value


def behind(order: Order, mark: Mark) -> tuple[str, dict[str, Any]]:
    """Keep what stands behind a mark, over the columns `sort` and `id`."""
    relation = "<" if order.is_descending else ">"
    values = {"mark_id": mark.id}
    seen = mark_value(order, mark)
    if seen is None:
        return f"sort IS NULL AND id {relation} %(mark_id)s", values
    value = f"%(mark_value)s::{order.type}"
    condition = f"(sort {relation} {value} OR sort IS NULL OR (sort = {value} AND id {relation} %(mark_id)s))"
    return condition, {**values, "mark_value": seen}
