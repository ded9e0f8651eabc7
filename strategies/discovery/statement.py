"""The statement that answers a page of discovery, whole: JSON, count and where it goes on."""

from dataclasses import dataclass
from math import ceil
from typing import Any

from atlas.domain.errors import Bug
from atlas.hot_statements import hot_row
from strategies.discovery.filters import Narrowing
from strategies.discovery.items import item_of
from strategies.discovery.orders import Mark, behind
from strategies.discovery.wishes import Wish

# Slots are filled from the tables of this package; what a caller said is always a parameter.
_NARROWED = "FROM {evidence} WHERE {conditions}"
_BEST = (
    "strategies_strategy AS s LEFT JOIN strategies_metricssnapshot AS m"
    ' ON m.strategy_id = s.id AND m."window" = %(window)s AND m.is_headline'
)
_OF_SOURCE = (
    "strategies_strategy AS s JOIN strategies_metricssnapshot AS m"
    ' ON m.strategy_id = s.id AND m."window" = %(window)s AND m.source = %(source)s'
)
_ITEMS = """
    SELECT string_agg({item}, ',' ORDER BY {terms})
    FROM page AS p JOIN strategies_strategy AS s ON s.id = p.id
    LEFT JOIN strategies_metricssnapshot AS m ON m.id = p.metrics_id
"""
_PAGE = """
    WITH found AS MATERIALIZED (SELECT s.id, m.id AS metrics_id, {sort} AS sort {narrowed}),
    page AS (TABLE found ORDER BY {terms} LIMIT %(size)s OFFSET %(offset)s)
    SELECT (SELECT count(*) FROM found), ({items})
"""
_WALK = """
    WITH found AS (SELECT s.id, m.id AS metrics_id, {sort} AS sort {narrowed}),
    ahead AS (SELECT * FROM found WHERE {behind} ORDER BY {terms} LIMIT %(size)s + 1),
    page AS (TABLE ahead ORDER BY {terms} LIMIT %(size)s),
    seen AS (TABLE page ORDER BY {terms} OFFSET %(size)s - 1)
    SELECT (SELECT count(*) FROM ahead), ({items}),
      (SELECT sort::text FROM seen), (SELECT id FROM seen)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A page: its items as JSON text, how many there are in all, and the mark of its last row.

    `count` is None on a walk, `mark` is None where nothing follows.
    """

    items: str
    count: int | None
    mark: Mark | None

    def pages(self, page_size: int) -> int:
        """Give the number of pages that the whole list has; an empty list is one empty page."""
        return max(1, ceil((self.count or 0) / page_size))


def find(wish: Wish, *, here: str, vaults: str, sees_all: bool) -> Found:
    """Read one page.

    `here` and `vaults` are the addresses that links begin with: the list of strategies, and the
    list of vaults up to the slug. Who does not see all sees public strategies only.
    """
    values: dict[str, Any] = {"here": here, "vaults": vaults, "size": wish.page_size}
    narrowed = joined(wish.narrowing, sees_all=sees_all, values=values)
    read = _walk if wish.is_walk else _page
    return read(wish, narrowed, values)


def joined(narrowing: Narrowing, *, sees_all: bool, values: dict[str, Any]) -> str:
    """Write FROM and WHERE: strategies, each with the metrics that stand for it."""
    conditions = list(narrowing.conditions.values())
    if not sees_all:
        conditions.append("s.public")
    return _NARROWED.format(
        evidence=evidence(narrowing, values), conditions=" AND ".join(conditions)
    )


def evidence(narrowing: Narrowing, values: dict[str, Any]) -> str:
    """Join strategies with their metrics: those of one kind of evidence, or the best there are."""
    values |= {**narrowing.values, "window": narrowing.window, "source": narrowing.source}
    return _BEST if narrowing.source is None else _OF_SOURCE


def one_row(statement: str, values: dict[str, Any]) -> tuple[Any, ...]:
    """Execute a statement that gives one row."""
    row = hot_row(statement, values)
    if row is None:
        raise Bug("A statement of discovery gave no row")
    return row


def _page(wish: Wish, narrowed: str, values: dict[str, Any]) -> Found:
    """Read a numbered page and count the whole list."""
    values["offset"] = (wish.page - 1) * wish.page_size
    statement = _PAGE.format(
        sort=wish.order.expression, terms=wish.order.terms, narrowed=narrowed, items=_items(wish)
    )
    count, items = one_row(statement, values)
    return Found(items or "", count, None)


def _walk(wish: Wish, narrowed: str, values: dict[str, Any]) -> Found:
    """Read the rows behind a mark, one more than the page has, to see whether any follow."""
    condition = "true"
    if wish.mark is not None:
        condition, bound = behind(wish.order, wish.mark)
        values |= bound
    statement = _WALK.format(
        sort=wish.order.expression,
        terms=wish.order.terms,
        narrowed=narrowed,
        behind=condition,
        items=_items(wish),
    )
    ahead, items, value, key = one_row(statement, values)
    mark = Mark(wish.ordering, value, key) if ahead > wish.page_size else None
    return Found(items or "", None, mark)


def _items(wish: Wish) -> str:
    """Write the items of the page in its order."""
    return _ITEMS.format(item=item_of(wish.fields), terms=wish.order.terms_of("p"))
