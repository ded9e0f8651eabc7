"""No cell of a CSV that we write starts a formula; numbers stay numbers."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.csv_cells import FORMULA_STARTS, safe_cell, write_rows


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =HYPERLINK(0)",
        "\uff1d1",
        "-",
        "+1 2",
        "-1.5.2",
        "-1e",
    ],
)
def test_what_would_be_a_formula_is_led_in_by_an_apostrophe(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-1.5", "+3", "0.25", "1e-7", "-.5", "2024-01-01", "ETH/USD", ""])
def test_numbers_dates_and_plain_words_are_left_alone(text):
    assert safe_cell(text) == text


def test_nothing_is_an_empty_cell_and_a_decimal_keeps_its_digits():
    assert safe_cell(None) == ""
    assert safe_cell(Decimal("-1.500")) == "-1.500"


@given(st.text())
def test_no_text_starts_a_formula_and_it_can_be_had_back(text):
    cell = safe_cell(text)
    assert cell in (text, "'" + text)
    if cell.lstrip().startswith(FORMULA_STARTS):
        float(cell)  # only a number may begin so


def test_rows_are_written_as_the_standard_wants():
    stream = StringIO(newline="")
    count = write_rows(stream, ["name", "value"], [["=1", 1], ['say "hi", twice', None]])
    assert count == 2
    assert stream.getvalue() == 'name,value\r\n\'=1,1\r\n"say ""hi"", twice",\r\n'
    stream.seek(0)
    assert list(csv.reader(stream))[2] == ['say "hi", twice', ""]
