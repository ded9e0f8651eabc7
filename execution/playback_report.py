"""The words in which a playback says what it did."""

from collections.abc import Iterator
from decimal import Decimal

from atlas.domain.recording import Recording
from execution.playback import PlaybackSummary, SkippedSpan

FORMAT = "%Y-%m-%d %H:%M"


def lines_of(summary: PlaybackSummary, recording: Recording) -> Iterator[str]:
    """Word a summary, one finding a line."""
    yield (
        f"Deployment {summary.deployment_id} played {recording.name} ({recording.market}, "
        f"{recording.timeframe} bars) from {summary.first_slot:{FORMAT}} to "
        f"{summary.last_slot:{FORMAT}} UTC."
    )
    yield f"Cycles: {_counts(summary.cycles_by_state)} ({_counts(summary.cycles_by_reason)})."
    yield f"Orders: {_counts(summary.orders_by_state)}; fills: {summary.fills}."
    yield from (f"Hole in the recording: {gap.message}" for gap in recording.gaps)
    yield from (_span(span) for span in summary.skipped)
    yield f"Deposited {_usd(summary.deposited_usd)}, worth at the end {_usd(summary.equity_usd)}."
    costs = ", ".join(
        f"{name.removesuffix('_usd').replace('_', ' ')} {_usd(cost)}"
        for name, cost in summary.costs_usd.items()
    )
    yield f"Realised before costs {_usd(summary.realised_usd)}; costs: {costs}."


def _span(span: SkippedSpan) -> str:
    return (
        f"Skipped ({span.reason}): {span.cycles} cycle(s) from {span.first_at:{FORMAT}} to "
        f"{span.last_at:{FORMAT}} UTC. {span.message}"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"


def _usd(amount: Decimal | None) -> str:
    return "an unknown amount" if amount is None else f"{amount:,.2f} USD"
