"""What a caller of discovery asks for, read from the query parameters and checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from atlas.api.filtering import ORDERING_PARAMETER
from atlas.api.pagination import (
    CURSOR_PARAMETER,
    DEFAULT_SIZE,
    LARGEST_SIZE,
    PAGE_PARAMETER,
    SIZE_PARAMETER,
)
from strategies.asking import read_parameters
from strategies.discovery.filters import FILTERS, SOURCE, WINDOW, Narrowing, narrowing
from strategies.discovery.items import FIELDS
from strategies.discovery.orders import ORDERS, START, Mark, Order, order_named, read_mark
from strategies.readers import Reader, counting

FIELDS_PARAMETER = "fields"
MOST_PAGES = 999_999_999


def _ordering(given: str) -> str:
    """Read the name of an order."""
    order_named(given)
    return given


def _mark(given: str) -> Mark | None:
    """Read a cursor; None at the start of a walk."""
    return None if given == START else read_mark(given)


def _fields(given: str) -> tuple[str, ...]:
    """Read which fields are wanted, in the order in which the list shows them."""
    wanted = given.split(",")
    unknown = [name for name in wanted if name not in FIELDS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is unknown; allowed: {', '.join(FIELDS)}")
    return tuple(name for name in FIELDS if name in wanted)


NARROWING: Mapping[str, Reader] = {
    **{name: one.read for name, one in FILTERS.items()},
    "window": WINDOW.read,
    "source": SOURCE.read,
}
PAGING: Mapping[str, Reader] = {
    ORDERING_PARAMETER: _ordering,
    FIELDS_PARAMETER: _fields,
    PAGE_PARAMETER: counting(MOST_PAGES),
    SIZE_PARAMETER: counting(LARGEST_SIZE),
    CURSOR_PARAMETER: _mark,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One page of the list; it is walked by a cursor where `is_walk`, from `mark` on if any."""

    narrowing: Narrowing
    ordering: str
    fields: tuple[str, ...]
    page: int
    page_size: int
    is_walk: bool
    mark: Mark | None

    @property
    def order(self) -> Order:
        """Give the order that is asked for."""
        return order_named(self.ordering)


def read_narrowing(request: Request) -> Narrowing:
    """Read what facets are narrowed by; raises ValidationError naming every wrong parameter."""
    return narrowing(read_parameters(request, NARROWING))


def read_wish(request: Request) -> Wish:
    """Read what page is asked for; raises ValidationError naming every wrong parameter."""
    given = read_parameters(request, {**NARROWING, **PAGING})
    is_walk = CURSOR_PARAMETER in given
    mark: Mark | None = given.get(CURSOR_PARAMETER)
    ordering = given.get(ORDERING_PARAMETER) or (mark.ordering if mark else next(iter(ORDERS)))
    if is_walk and PAGE_PARAMETER in given:
        raise ValidationError({PAGE_PARAMETER: ["cannot be given together with cursor"]})
    if mark is not None and mark.ordering != ordering:
        raise ValidationError({CURSOR_PARAMETER: [f"walks by {mark.ordering}, not by {ordering}"]})
    return Wish(
        narrowing=narrowing(given),
        ordering=ordering,
        fields=given.get(FIELDS_PARAMETER, tuple(FIELDS)),
        page=given.get(PAGE_PARAMETER, 1),
        page_size=given.get(SIZE_PARAMETER, DEFAULT_SIZE),
        is_walk=is_walk,
        mark=mark,
    )
