"""Gross and net: the headline metrics before and after management and performance fees."""

from dataclasses import dataclass

from atlas.domain.metrics import (
    Basis,
    FeeTerms,
    MetricValues,
    NavSeries,
    Reason,
    after_fees,
    before_fees,
    daily_track,
    headlines,
    net_by_terms,
)
from atlas.registries import FeesOfSeries


@dataclass(frozen=True, slots=True, eq=False)
class FeeComparison:
    """A series before and after fees; a side is None where it cannot be told.

    `basis` says which side the series itself is, None where nobody knows. `is_computed` marks the
    other side as a computation from agreed terms, not a record of what was charged.
    """

    basis: Basis | None
    terms: FeeTerms | None
    charged_by: str | None
    gross: MetricValues | None
    net: MetricValues | None
    is_computed: bool

    @property
    def reason(self) -> Reason | None:
        """Say why a side is missing."""
        return None if self.gross and self.net else Reason.NOT_REPORTED


UNKNOWN = FeeComparison(None, None, None, None, None, is_computed=False)


def compare_fees(
    told: FeesOfSeries | None, closes: NavSeries | None, *, rf: float
) -> FeeComparison:
    """Put both sides beside each other, as far as they are known."""
    if told is None or closes is None:
        return UNKNOWN
    other, is_computed = _other_side(told, closes)
    own, others = (None if one is None else _headlines(one, rf) for one in (closes, other))
    is_net = told.basis is Basis.NET
    return FeeComparison(
        basis=told.basis,
        terms=told.terms,
        charged_by=told.charged_by,
        gross=others if is_net else own,
        net=own if is_net else others,
        is_computed=is_computed,
    )


def _other_side(told: FeesOfSeries, closes: NavSeries) -> tuple[NavSeries | None, bool]:
    """Give the side that the series is not; what was charged goes before what was agreed."""
    if told.taken is not None:
        turn = before_fees if told.basis is Basis.NET else after_fees
        return turn(closes, told.taken), False
    if told.basis is Basis.GROSS and told.terms is not None:
        return net_by_terms(closes, told.terms), True
    return None, False


def _headlines(series: NavSeries, rf: float) -> MetricValues:
    """Compute the headline metrics of a series."""
    return headlines([daily_track(series)], rf=rf)[0]
