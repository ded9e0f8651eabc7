"""The terms of paper markets: defaults that say what they are, and versions with a reason."""

from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction

from atlas.domain.errors import InvalidInput
from execution import paper_markets
from execution.models import PaperMarketTerms
from tests.execution.world import ACTOR, WALL, make_deployment

pytestmark = pytest.mark.django_db


def change(market="ETH/USD", source="a test", reason="a test", **changes):
    return paper_markets.change_terms(
        market=market, changes=changes, source=source, reason=reason, actor=ACTOR, now=WALL
    )


def test_the_defaults_are_there_once_and_say_that_no_chain_was_read():
    before = PaperMarketTerms.objects.count()
    paper_markets.ensure_defaults(now=WALL)
    assert PaperMarketTerms.objects.count() == before >= 2
    row = paper_markets.current_terms("ETH/USD")
    assert row.version == 1
    assert "read from no chain" in row.source


def test_a_new_deployment_gives_its_markets_terms():
    paper_markets.ensure_defaults(now=WALL, markets=["XYZ/USD"])
    assert paper_markets.current_terms("XYZ/USD").pool_usd == 20_000_000
    make_deployment()
    assert paper_markets.current_terms("ETH/USD").pool_usd == 120_000_000


def test_a_market_without_terms_is_refused_in_words():
    with pytest.raises(InvalidInput, match="Nobody has said what NEW/USD charges"):
        paper_markets.current_terms("NEW/USD")


def test_a_change_is_a_new_version_that_keeps_what_was_not_named():
    row = change(worsening_fee_bps=7)
    assert (row.version, row.worsening_fee_bps, row.improving_fee_bps) == (2, 7, 4)
    assert paper_markets.current_terms("ETH/USD") == row
    assert change(improving_fee_bps=3).version == 3
    assert change("NEW/USD", improving_fee_bps=3).version == 1


def test_a_change_needs_known_names_values_in_range_a_source_and_a_reason():
    with pytest.raises(InvalidInput, match="no terms named market, nonsense"):
        paper_markets.change_terms(
            market="ETH/USD",
            changes={"nonsense": 1, "market": "BTC/USD"},
            source="a test",
            reason="a test",
            actor=ACTOR,
            now=WALL,
        )
    with pytest.raises(InvalidInput, match="worsening_fee_bps must be 0 to 1000"):
        change(worsening_fee_bps=1001)
    for missing in ({"source": " "}, {"reason": ""}):
        with pytest.raises(InvalidInput, match="where the figures come from"):
            change(worsening_fee_bps=7, **missing)
    assert PaperMarketTerms.objects.filter(market="ETH/USD").count() == 1


def test_a_version_is_never_edited():
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        PaperMarketTerms.objects.update(pool_usd=Decimal(1))
