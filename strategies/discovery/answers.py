"""The bytes of a discovery page, put together around what the database wrote."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from atlas.api.pagination import CURSOR_PARAMETER, PAGE_PARAMETER, PageOutOfRange
from atlas.api.renderers import to_json
from strategies.discovery.statement import Found
from strategies.discovery.wishes import Wish


def page_bytes(request: Request, wish: Wish, found: Found) -> bytes:
    """Write the whole answer; raises PageOutOfRange where the list has no such page."""
    frame = _of_walk(request, wish, found) if wish.is_walk else _of_page(request, wish, found)
    head = to_json(frame).removesuffix(b"}")
    return b"".join((head, b',"results":[', found.items.encode(), b"]}"))


def _of_page(request: Request, wish: Wish, found: Found) -> Mapping[str, Any]:
    """Say where a numbered page stands in the whole."""
    pages = found.pages(wish.page_size)
    if wish.page > pages:
        raise PageOutOfRange(wish.page, pages)
    here = request.build_absolute_uri()
    return {
        "count": found.count,
        "page": wish.page,
        "page_size": wish.page_size,
        "pages": pages,
        "next": _page_link(here, wish.page + 1) if wish.page < pages else None,
        "previous": _page_link(here, wish.page - 1) if wish.page > 1 else None,
    }


def _of_walk(request: Request, wish: Wish, found: Found) -> Mapping[str, Any]:
    """Say where a walk goes on."""
    here = request.build_absolute_uri()
    following = None
    if found.mark is not None:
        following = replace_query_param(here, CURSOR_PARAMETER, found.mark.written())
    return {
        "count": None,
        "page": None,
        "page_size": wish.page_size,
        "pages": None,
        "next": following,
        "previous": None,
    }


def _page_link(here: str, page: int) -> str:
    """Give the address of another page; the first one needs no number."""
    if page == 1:
        return str(remove_query_param(here, PAGE_PARAMETER))
    return str(replace_query_param(here, PAGE_PARAMETER, page))
