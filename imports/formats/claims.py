"""Claims against facts: do the metrics that a producer reports follow from the records it sends?"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from imports.formats.problems import Problem, Span
from imports.formats.records import Claim
from imports.formats.series import Series
from imports.formats.vocabulary import Kind, Severity

SMALLEST_DIFFERENCE = 0.005


@dataclass(slots=True)
class TradeTally:
    """The trades of one strategy that have ended, and how many of them won."""

    closed: int = 0
    won: int = 0


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claim and where it stands."""

    owner: str
    claim: Claim
    path: str
    span: Span


@dataclass(slots=True)
class Claims:
    """Gathers claims and what they can be held against; judges them at the end of a file."""

    claimed: list[_Claimed] = field(default_factory=list)
    trades: dict[str, TradeTally] = field(default_factory=dict)

    def add(self, owner: str, claim: Claim, *, path: str, span: Span) -> None:
        """Remember a claim that can be checked."""
        if claim.metric in _CHECKABLE and claim.value is not None:
            self.claimed.append(_Claimed(owner, claim, path, span))

    def judge(
        self, series: dict[tuple[Kind, str, str], Series], *, tolerance_ratio: float
    ) -> Iterator[Problem]:
        """Report claims that differ from ours by more than the tolerance."""
        for one in self.claimed:
            ours = self._ours(one, series)
            claimed = one.claim.value
            if ours is None or claimed is None:
                continue
            if abs(abs(claimed) - abs(ours)) <= max(
                SMALLEST_DIFFERENCE, tolerance_ratio * abs(ours)
            ):
                continue
            yield Problem(
                "claim_differs",
                f"The report claims {one.claim.metric} {claimed:g}, but the records in the same "
                f"file give {ours:g}.",
                Severity.WARNING,
                path=one.path,
                kind=Kind.CLAIM,
                owner=one.owner,
                key=f"{one.claim.source} {one.claim.metric}",
                field=one.claim.metric,
                value=f"{claimed:g}",
                span=one.span,
            )

    def _ours(self, one: _Claimed, series: dict[tuple[Kind, str, str], Series]) -> float | None:
        """Compute the metric from the records; None where they do not suffice."""
        tally = self.trades.get(one.owner)
        if one.claim.metric == "trade_count":
            return float(tally.closed) if tally else None
        if one.claim.metric == "win_rate_ratio":
            return tally.won / tally.closed if tally and tally.closed else None
        known = series.get((Kind.PERFORMANCE, one.owner, one.claim.source))
        if known is None or known.points <= 1:
            return None
        is_return = one.claim.metric == "total_return_ratio"
        return known.total_return_ratio if is_return else known.max_drawdown_ratio


_CHECKABLE = {"total_return_ratio", "max_drawdown_ratio", "trade_count", "win_rate_ratio"}
