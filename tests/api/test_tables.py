"""Lists as CSV and with chosen fields: the same rows as the JSON, safe in a spreadsheet."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from rest_framework import serializers

from atlas.api.tables import columns_of, rows_as_csv
from tests.api.test_errors import envelope_of
from tests.factories import StrategyFactory, VaultFactory

pytestmark = pytest.mark.django_db
LIST = "/api/v1/vaults/"


@pytest.fixture(autouse=True)
def vaults():
    trend = StrategyFactory.create(slug="trend")
    for number in range(5):
        VaultFactory.create(strategy=trend, name=f"=cmd|{number}")


def table(answer):
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_a_list_is_had_as_csv_by_parameter_or_header_with_the_rows_of_the_json(client):
    rows = client.get(LIST).json()["results"]
    by_parameter = client.get(LIST, {"format": "csv"})
    by_header = client.get(LIST, headers={"Accept": "text/csv"})
    assert by_parameter.content == by_header.content
    assert by_parameter.headers["Content-Disposition"] == 'attachment; filename="vault.csv"'
    told = table(by_parameter)
    assert [row["address"] for row in told] == [row["address"] for row in rows]
    assert told[0]["chain.name"] == rows[0]["chain"]["name"]
    assert client.get(LIST, {"format": "json"}).json()["results"] == rows


def test_no_cell_is_a_formula(client):
    assert {row["name"] for row in table(client.get(LIST, {"format": "csv"}))} == {
        f"'=cmd|{number}" for number in range(5)
    }


def test_a_csv_is_one_page_and_leads_to_the_next(client):
    seen: list[str] = []
    address: str | None = f"{LIST}?format=csv&page_size=2"
    while address:
        answer = client.get(address)
        seen += [row["address"] for row in table(answer)]
        named = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        address = named[1] if named else None
    assert (len(seen), len(set(seen))) == (5, 5)


def test_an_empty_csv_still_names_its_columns(client):
    answer = client.get(LIST, {"format": "csv", "strategy": "nothing"})
    assert table(answer) == []
    assert answer.content.decode().startswith("account_id,chain.chain_id,")


def test_an_error_is_json_whatever_was_asked_for(client):
    for query in ({"format": "csv", "page": "0"}, {"format": "xml"}):
        answer = client.get(LIST, query, headers={"Accept": "text/csv"})
        assert (answer.status_code, envelope_of(answer)["code"]) == (400, "invalid_input")
    assert "allowed: json, csv" in answer.json()["detail"]["format"][0]


def test_both_forms_have_tags_of_their_own(client):
    tags = {
        client.get(LIST).headers["ETag"],
        client.get(LIST, {"format": "csv"}).headers["ETag"],
    }
    assert len(tags) == 2


def test_only_the_fields_that_are_asked_for_are_given(client):
    rows = client.get(LIST).json()["results"]
    chosen = client.get(LIST, {"fields": "name,address"}).json()["results"]
    assert chosen == [{"address": row["address"], "name": row["name"]} for row in rows]
    told = client.get(LIST, {"fields": "name", "format": "csv", "page_size": 1}).content
    assert told == b"name\r\n'=cmd|0\r\n"


def test_unknown_fields_are_refused_with_the_known_ones(client):
    for given in ("name,colour", "", "name,,address", "Name"):
        body = envelope_of(client.get(LIST, {"fields": given}))
        assert body["code"] == "invalid_input"
        assert "allowed: " in body["detail"]["fields"][0]
        assert "address" in body["detail"]["fields"][0]


def test_what_is_no_list_takes_neither(client):
    for parameter in ("fields", "format"):
        answer = client.get("/api/v1/meta/errors/", {parameter: "csv"})
        assert (answer.status_code, set(answer.json()["detail"])) == (400, {parameter})


class Inner(serializers.Serializer[Any]):
    reason = serializers.CharField()
    parts = serializers.ListField()


class Outer(serializers.Serializer[Any]):
    name = serializers.CharField()
    inner = Inner(allow_null=True)
    lots = Inner(many=True)


def test_cells_are_worded_as_the_json_words_them():
    columns = columns_of(Outer())
    assert columns == ["name", "inner.reason", "inner.parts", "lots"]
    rows: list[dict[str, Any]] = [
        {"name": Decimal("1.50"), "inner": {"reason": True, "parts": [1, "a"]}, "lots": []},
        {"name": None, "inner": None, "lots": [{"reason": "x", "parts": []}]},
        {"name": -1.5, "inner": {"reason": "-x", "parts": None}, "lots": None},
    ]
    assert rows_as_csv(columns, rows).decode().split("\r\n") == [
        "name,inner.reason,inner.parts,lots",
        '1.5,true,"[1,""a""]",[]',
        ',,,"[{""reason"":""x"",""parts"":[]}]"',
        "-1.5,'-x,,",
        "",
    ]
