"""docs/paper-venue.md says what the venue computes."""

import re
from decimal import Decimal
from pathlib import Path

from atlas.domain.paper_terms import BOUNDS
from tests.domain.paper_example import figures

DOCUMENT = Path(__file__).parents[2] / "docs" / "paper-venue.md"
_ROW = re.compile(r"^\| ([^|]+) \| (-?[0-9.]+) \|$", re.MULTILINE)


def test_every_figure_of_the_worked_example_is_what_the_venue_computes():
    told = dict(_ROW.findall(DOCUMENT.read_text("utf-8")))
    assert told == figures()


def test_the_sum_under_the_example_adds_up():
    found = figures()
    gained = Decimal(found["realised profit"])
    fees = Decimal(found["position fee of the purchase"]) + Decimal(
        found["position fee of the sale"]
    )
    time = Decimal(found["borrowing of a day"]) + Decimal(found["funding of a day"])
    keeper = 2 * Decimal(found["keeper's fee"])
    assert Decimal(10_000) + gained - fees - keeper - time == Decimal(found["cash at the end"])


def test_every_term_is_told():
    text = DOCUMENT.read_text("utf-8")
    shortened = {"positive_impact_exponent", "negative_impact_exponent"}
    assert [name for name in BOUNDS if f"`{name}`" not in text and name not in shortened] == []
