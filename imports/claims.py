"""Claims against facts: what a producer reports, held against our metrics of the merged record.

A claim is judged as the investor report judges it, over the record as it will be once the run is
applied: by the same definitions, up to the day of the claim, against the strategy's own benchmark.
Where our figure cannot be known (too short a record, no number claimed, a metric that we do not
have) nothing is said.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from atlas.domain.errors import InvalidInput
from atlas.domain.metrics import MetricId, MetricValues, NavSeries, Trades, Trading, report
from atlas.domain.metrics.comparison import METRICS as COMPARED
from atlas.domain.metrics.trades import METRICS as TRADED
from imports.claim_facts import MergedRecords, Record
from imports.formats.problems import Problem, Span
from imports.formats.vocabulary import Kind, Severity
from imports.groups import Groups
from imports.issues import MOST_KEPT, Problems, save_issues
from imports.models import ImportIssue, ImportRun
from imports.thresholds import thresholds_of
from strategies.report.claims import ClaimVerdict, Verdict, judge_claims, metric_of
from strategies.report.facts import ClaimRow
from strategies.vocabulary import SeriesSource

CODE = "claim_differs"
_ASKED_OF = (Kind.CLAIM, Kind.PERFORMANCE, Kind.TRADE)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim that can be judged: whose it is, and where it stands if this file brought it."""

    owner: str
    metric: MetricId
    row: ClaimRow
    span: Span | None

    @property
    def key(self) -> str:
        """Name the claim among its owner's, as issues do."""
        return f"{self.row.source} {self.row.metric}"


@dataclass(slots=True)
class _Figures:
    """Our figures of one strategy and kind of evidence, computed once for each day of a claim."""

    record: Record
    trades: Trades | None
    benchmark: NavSeries | None
    known: dict[date, MetricValues] = field(default_factory=dict)

    def at(self, metric: MetricId, day: date) -> MetricValues:
        """Give the figures of the record up to a day; none where it begins later."""
        if day not in self.known:
            self.known[day] = self._computed(day)
        return self.known[day]

    def _computed(self, day: date) -> MetricValues:
        part = self.record.until(day)
        if part is None:
            return {}
        trades = self.trades
        trading = None if trades is None else Trading(trades, self.record.average_aum_usd)
        try:
            return report(part, benchmark=self.benchmark, trading=trading).metrics
        except InvalidInput:
            return {}  # a series that cannot be measured is told of by its own checks


def note_claims(run: ImportRun, groups: Groups) -> None:
    """Judge the claims of all strategies whose report or record is in the file; note what differs.

    Works in the transaction of the review, after the comparison. What was noted while the file was
    read, from the file alone, gives way to the verdict over the whole record; `run.warning_count`
    is brought up to date and not saved.
    """
    owners = {owner for (kind, owner), (good, _) in groups.items() if good and kind in _ASKED_OF}
    records = MergedRecords(run, groups.keys())
    claimed = list(_claimed(records, owners))
    if not claimed:
        return
    tolerance = thresholds_of(run.source).claim_tolerance_ratio
    judged = list(_judged(claimed, records, tolerance_ratio=tolerance))
    run.warning_count -= _forget_earlier([one for one, _ in judged], run)
    found = Problems()
    found.add(
        _problem(one, verdict) for one, verdict in judged if verdict.verdict is Verdict.DIFFERS
    )
    room = max(0, MOST_KEPT - run.error_count - run.warning_count)
    save_issues(run, found.kept[:room])
    run.warning_count += found.warnings


def _claimed(records: MergedRecords, owners: Collection[str]) -> Iterator[Claimed]:
    """Find the claims that are numbers of metrics that we have."""
    for owner, source, metric, value, text, claimed_at, start, length in records.claims(owners):
        known = metric_of(metric)
        if known is None or value is None:
            continue
        row = ClaimRow(SeriesSource(source), metric, value, text, claimed_at)
        yield Claimed(owner, known, row, None if start is None else Span(start, length))


def _judged(
    claimed: Collection[Claimed], records: MergedRecords, *, tolerance_ratio: float
) -> Iterator[tuple[Claimed, ClaimVerdict]]:
    """Hold claims against our figures; gives those that could be."""
    figures = _figures(claimed, records)
    for one in claimed:
        own = figures.get((one.owner, one.row.source.value))
        if own is None:
            continue
        (verdict,) = judge_claims([one.row], own.at, tolerance_ratio=tolerance_ratio)
        if verdict.verdict is not Verdict.NOT_COMPARABLE:
            yield one, verdict


def _figures(
    claimed: Collection[Claimed], records: MergedRecords
) -> Mapping[tuple[str, str], _Figures]:
    """Read what the claims need, each kind of record in one statement."""
    series = records.series({one.owner for one in claimed})
    trades = records.trades({one.owner for one in claimed if one.metric in TRADED})
    benchmarks = records.benchmarks({one.owner for one in claimed if one.metric in COMPARED})
    return {
        (owner, source): _Figures(record, trades.get(owner), benchmarks.get(owner))
        for (owner, source), record in series.items()
    }


def _forget_earlier(judged: Collection[Claimed], run: ImportRun) -> int:
    """Remove what was said of these claims from the file alone; gives how many issues that were."""
    keys: dict[str, list[str]] = {}
    for one in judged:
        keys.setdefault(one.owner, []).append(one.key)
    earlier = ImportIssue.objects.filter(run=run, code=CODE)
    if not keys or not earlier.exists():
        return 0
    theirs = Q()
    for owner, of_owner in keys.items():
        theirs |= Q(owner=owner, key__in=of_owner)
    count, _ = earlier.filter(theirs).delete()
    return count


def _problem(one: Claimed, verdict: ClaimVerdict) -> Problem:
    """Tell of a claim with both numbers, and of how far apart they may be."""
    whose = "The report" if one.span else "The report that is in the catalogue"
    return Problem(
        CODE,
        f"{whose} claims {one.row.metric} {one.row.value:g}, but the record up to "
        f"{one.row.claimed_at:%Y-%m-%d} gives {verdict.ours:g}; "
        f"up to {verdict.tolerance:.3g} apart would agree.",
        Severity.WARNING,
        path=f"byte {one.span.start}" if one.span else "",
        kind=Kind.CLAIM,
        owner=one.owner,
        key=one.key,
        field=one.row.metric,
        value=f"{one.row.value:g}",
        span=one.span,
    )
