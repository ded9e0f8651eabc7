"""`meta/metrics`: the definitions as data, complete and readable by anybody."""

import pytest

from atlas.domain.metrics import DEFINITIONS, MetricId, Reason

pytestmark = pytest.mark.django_db

PATH = "/api/v1/meta/metrics/"


def test_every_metric_is_defined_once_in_words(client):
    found = client.get(PATH).json()["metrics"]
    assert [one["metric"] for one in found] == [metric.value for metric in DEFINITIONS]
    assert {one["metric"] for one in found} == {metric.value for metric in MetricId}
    assert all(one["name"] and one["formula"] and one["annualisation"] for one in found)


def test_a_definition_says_its_unit_its_needs_and_how_it_is_annualised(client):
    by_id = {one["metric"]: one for one in client.get(PATH).json()["metrics"]}
    assert by_id["cagr"] == {
        "metric": "cagr",
        "name": "CAGR",
        "group": "return",
        "unit": "ratio",
        "better": "higher",
        "formula": DEFINITIONS[MetricId.CAGR].formula,
        "annualisation": "calendar days, year of 365 days",
        "convention": DEFINITIONS[MetricId.CAGR].source,
        "needs": {"days": 90, "observations": 0, "unbroken": True, "alive": True},
    }
    assert by_id["sharpe"]["needs"]["observations"] == 30
    assert by_id["expectancy_usd"]["unit"] == "usd"


def test_every_reason_for_a_missing_number_has_a_meaning(client):
    reasons = client.get(PATH).json()["reasons"]
    assert {one["reason"]: one["meaning"] for one in reasons} == {
        reason.value: reason.meaning for reason in Reason
    }


def test_the_document_asks_nothing_of_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get(PATH)
    assert answer.json()["days_a_year"] == 365


def test_an_unknown_parameter_is_refused(client):
    answer = client.get(PATH, {"metric": "cagr"})
    assert (answer.status_code, set(answer.json()["detail"])) == (400, {"metric"})
