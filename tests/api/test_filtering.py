"""The strict parameters by themselves: ranges, orders, refusals."""

from datetime import UTC, date, datetime

import pytest
from django.db.models import F
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from atlas.api.filtering import (
    DateRange,
    DateRangeQuery,
    read_query,
    refuse_unknown,
    reversed_order,
)


def asked(query):
    return Request(APIRequestFactory().get(f"/?{query}"))


def test_a_range_of_days_covers_both_days_whole_in_utc():
    wanted = read_query(asked("from=2024-02-28&to=2024-02-29"), DateRangeQuery)["range"]
    assert wanted == DateRange(from_on=date(2024, 2, 28), to_on=date(2024, 2, 29))
    assert wanted.start_at == datetime(2024, 2, 28, tzinfo=UTC)
    assert wanted.end_at == datetime(2024, 3, 1, tzinfo=UTC)


def test_either_end_of_a_range_may_be_open():
    wanted = read_query(asked(""), DateRangeQuery)["range"]
    assert (wanted.start_at, wanted.end_at) == (None, None)


def test_a_single_day_is_a_range():
    wanted = read_query(asked("from=2024-02-28&to=2024-02-28"), DateRangeQuery)["range"]
    assert (wanted.end_at - wanted.start_at).days == 1


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("from=2024-02-30", "from", "YYYY-MM-DD"),
        ("to=", "to", "YYYY-MM-DD"),
        ("from=2024-01-02&to=2024-01-01", "from", "must not be after to (2024-01-01)"),
        ("until=2024-01-01", "until", "allowed: from, to"),
        ("form=2024-01-01", "form", "did you mean from?"),
        ("from=2024-01-01&from=2024-01-02", "from", "more than once"),
    ],
)
def test_a_wrong_range_is_refused_by_name(query, field, said):
    with pytest.raises(ValidationError) as refused:
        read_query(asked(query), DateRangeQuery)
    assert list(refused.value.detail) == [field]
    assert said in str(refused.value.detail[field])


def test_a_path_without_parameters_says_so():
    with pytest.raises(ValidationError, match="takes no query parameters"):
        refuse_unknown(asked("x=1"), [])
    refuse_unknown(asked(""), [])


def test_an_order_turned_round_keeps_rows_without_a_value_at_the_end():
    turned = reversed_order(["name", "-age", F("score").desc(nulls_last=True)])
    assert [term.descending for term in turned] == [True, False, False]
    assert all(term.nulls_last for term in turned)
