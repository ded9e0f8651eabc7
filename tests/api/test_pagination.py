"""Numbered pages and cursors by themselves."""

import base64
from datetime import UTC, datetime

import orjson
import pytest
from django.contrib.auth.models import User
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from atlas.api.pagination import CursorPagination, PagePagination, with_tie_break
from atlas.domain.errors import Bug
from strategies.models import Strategy
from tests.factories import StrategyFactory, UserFactory

MOMENT = datetime(2024, 5, 1, tzinfo=UTC)


def asked(path="/list/", **query):
    return Request(APIRequestFactory().get(path, query))


class NewestFirst(CursorPagination):
    ordering = ["-created_at"]


def walk(queryset, *, page_size, pagination=NewestFirst):
    rows, address = [], None
    while True:
        request = (
            Request(APIRequestFactory().get(address))
            if address
            else asked(page_size=str(page_size))
        )
        page = pagination()
        rows += page.paginate_queryset(queryset, request)
        body = page.get_paginated_response([]).data
        assert body["page_size"] == page_size
        address = body["next"]
        if address is None:
            return rows


def test_the_primary_key_breaks_ties():
    assert with_tie_break(Strategy.objects.order_by("name")).query.order_by == ("name", "pk")
    assert with_tie_break(Strategy.objects.order_by("-pk")).query.order_by == ("-pk",)
    assert with_tie_break(Strategy.objects.all()).query.order_by == ("name", "pk")


def test_a_list_without_any_order_is_a_bug():
    with pytest.raises(Bug, match="needs an order"):
        with_tie_break(User.objects.order_by())


@pytest.mark.django_db
@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 50])
def test_a_cursor_walks_through_everything_once_even_where_all_rows_tie(page_size):
    made = [StrategyFactory.create(created_at=MOMENT).pk for _ in range(7)]
    walked = [row.pk for row in walk(Strategy.objects.all(), page_size=page_size)]
    assert walked == sorted(made)


@pytest.mark.django_db
def test_rows_that_arrive_during_the_walk_neither_repeat_nor_hide_others():
    old = [StrategyFactory.create(created_at=MOMENT.replace(day=day)).pk for day in range(1, 7)]
    first = NewestFirst()
    seen = [row.pk for row in first.paginate_queryset(Strategy.objects.all(), asked(page_size="3"))]
    following = first.get_paginated_response([]).data["next"]
    StrategyFactory.create(created_at=MOMENT.replace(day=20))
    second = NewestFirst()
    rest = second.paginate_queryset(
        Strategy.objects.all(), Request(APIRequestFactory().get(following))
    )
    assert seen + [row.pk for row in rest] == old[::-1]


@pytest.mark.django_db
def test_a_page_read_by_cursor_costs_one_query(django_assert_num_queries):
    StrategyFactory.create_batch(5)
    with django_assert_num_queries(1):
        NewestFirst().paginate_queryset(Strategy.objects.all(), asked(page_size="2"))


def cursor(*values):
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "%%%",
        "bm90IGpzb24",
        "ä",
        cursor(),
        cursor("2024-05-01T00:00:00Z"),
        cursor("yesterday", 1),
        cursor("2024-05-01T00:00:00Z", "one"),
        cursor(None, None),
        cursor({}, []),
        cursor("2024-05-01T00:00:00Z", "1\x00"),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
    ],
)
def test_a_made_up_cursor_is_refused(given):
    with pytest.raises(ValidationError, match="take it from the field next"):
        NewestFirst().paginate_queryset(Strategy.objects.all(), asked(cursor=given))


def test_a_column_that_may_be_null_cannot_order_a_cursor():
    class ByInception(CursorPagination):
        ordering = ["inception_on"]

    with pytest.raises(Bug, match="may be null"):
        ByInception().paginate_queryset(Strategy.objects.all(), asked())


def test_a_page_that_was_not_read_cannot_be_answered():
    with pytest.raises(Bug, match="before it was read"):
        PagePagination().get_paginated_response([])


@pytest.mark.django_db
def test_lists_that_are_no_query_are_paged_too():
    UserFactory.create()
    page = PagePagination()
    assert page.paginate_queryset([1, 2, 3], asked(page="2", page_size="2")) == [3]
