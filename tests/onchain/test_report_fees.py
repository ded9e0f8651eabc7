"""What a report learns of fees from the register of vaults."""

import pytest

from atlas.domain.metrics import Basis
from onchain.report_fees import fees_by_terms, fees_in_series
from onchain.terms import Fees, TermsReason
from strategies.vocabulary import SeriesSource
from tests.factories import StrategyFactory, VaultFactory

KNOWN = Fees(10, 20, 1_000, 200, None)
UNREAD = Fees(None, None, None, None, TermsReason.NOT_READ)


@pytest.mark.django_db
def test_a_live_series_of_one_vault_is_net_whether_or_not_its_terms_are_known():
    strategy = StrategyFactory.create()
    vault = VaultFactory.create(strategy=strategy)
    told = fees_in_series(strategy.pk, "live")
    assert told is not None
    assert (told.basis, told.terms, told.charged_by) == (Basis.NET, None, vault.account_id)


@pytest.mark.django_db
def test_nothing_is_told_of_a_strategy_without_a_vault_or_with_several(
    django_assert_num_queries,
):
    lonely, crowded = StrategyFactory.create(), StrategyFactory.create()
    VaultFactory.create_batch(3, strategy=crowded)
    assert fees_in_series(lonely.pk, "live") is None
    with django_assert_num_queries(1):
        assert fees_in_series(crowded.pk, "live") is None


@pytest.mark.parametrize("source", [SeriesSource.BACKTEST, SeriesSource.PAPER])
def test_what_nobody_was_charged_for_is_gross_under_the_terms_of_its_vault(source):
    told = fees_by_terms(KNOWN, source=source, of="vault")
    assert told is not None
    assert told.basis is Basis.GROSS
    assert told.terms is not None
    assert (told.terms.management_ratio, told.terms.performance_ratio) == (0.02, 0.1)
    assert fees_by_terms(UNREAD, source=source, of="vault") is None
