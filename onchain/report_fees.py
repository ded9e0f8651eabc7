"""What the register of vaults tells an investor report of fees.

The share price of a vault is what its manager has left to the holders, so a live series that is
published from one vault is net of management and performance fees. Backtests and paper accounts pay
none; what the same vault would have left of them follows from its terms, once those are known.
"""

from atlas import registries
from atlas.domain.metrics import Basis, FeeTerms
from atlas.registries import FeesOfSeries, FeeSource
from onchain.models import Vault
from onchain.terms import Fees, fees_of
from strategies.vocabulary import SeriesSource

NAME = "vaults"
BPS = 10_000
HAS_VAULT = "EXISTS (SELECT FROM onchain_vault AS v WHERE v.strategy_id = s.id)"


def register() -> None:
    """Offer the fees to the report; called once when the app is ready."""
    registries.report_fees.add(NAME, FeeSource(knows=HAS_VAULT, ask=fees_in_series))


def fees_in_series(strategy_id: int, source: str) -> FeesOfSeries | None:
    """Tell the fees in a series; None unless the strategy is published from exactly one vault."""
    vaults = list(Vault.objects.filter(strategy_id=strategy_id).order_by("pk")[:2])
    if len(vaults) != 1:
        return None
    return fees_by_terms(fees_of(vaults[0]), source=SeriesSource(source), of=vaults[0].account_id)


def fees_by_terms(fees: Fees, *, source: SeriesSource, of: str) -> FeesOfSeries | None:
    """Tell the fees in a series from the terms of its vault; None where they say nothing of it."""
    terms = _terms(fees)
    if source is SeriesSource.LIVE:
        return FeesOfSeries(Basis.NET, terms, taken=None, charged_by=of)
    return None if terms is None else FeesOfSeries(Basis.GROSS, terms, taken=None, charged_by=of)


def _terms(fees: Fees) -> FeeTerms | None:
    """Read the terms as ratios; None where one of them is not known."""
    if fees.management_bps is None or fees.performance_bps is None:
        return None
    return FeeTerms(fees.management_bps / BPS, fees.performance_bps / BPS)
