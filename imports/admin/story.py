"""What the page of an import tells: where it stands, what it changes, what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString

from atlas.console.display import list_of, pill
from atlas.console.wording import NOTHING, moment
from atlas.domain.states import ApprovalState, ImportState
from atlas.models import ApprovalRequest, AuditEvent
from imports.activity import Activity, activity_of
from imports.approval import APPLY_KIND, REVERT_KIND, live_strategies, open_request
from imports.carrying import APPLIED_STATES
from imports.formats.vocabulary import Kind, Severity
from imports.issues import MOST_KEPT
from imports.models import ImportIssue, ImportRun, RecordChange
from imports.summary import WORDS

GROUPS_SHOWN = 50
ACTS = {
    "import.receive": "handed the file in",
    "import.review_again": "asked for another review",
    "import.review_postponed": "could not read it yet; it is tried again",
    "import.review_refused": "could not review it",
    "import.apply_asked": "asked to apply it",
    "import.apply_postponed": "could not apply it yet; it is tried again",
    "import.apply_refused": "could not apply it; nothing was changed",
    "import.apply": "applied it",
    "import.revert_asked": "asked to put it back",
    "import.revert_postponed": "could not put it back yet; it is tried again",
    "import.revert_refused": "could not put it back; nothing was changed",
    "import.revert": "put it back",
    "import.reject": "turned it down",
    "import.fail": "broke off",
    "import.prune": "removed its records and its file",
}
PHASES = {"stage": "Reading", "review": "Comparing", "apply": "Applying", "revert": "Putting back"}
ACTIONS = {"insert": "New", "update": "Changed", "delete": "Gone"}


@dataclass(frozen=True, slots=True)
class KindLine:
    """How many records of a kind are new, changed, the same and gone, with a few of each."""

    kind: str
    new: str
    changed: str
    same: str
    gone: str
    samples: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class IssueLine:
    """How often one thing is wrong, and where it is wrong first."""

    severity: str
    pill: SafeString
    code: str
    count: str
    first: ImportIssue
    all_of_it: str


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """How long a phase took, and how many records a second went through it."""

    name: str
    seconds: str
    records_per_second: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the page shows above the facts."""

    run: ImportRun
    pill: SafeString
    sentence: str
    figures: str
    came: str
    activity: Activity
    phase: str
    acts: list[tuple[AuditEvent, str]]
    kinds: list[KindLine]
    issues: list[IssueLine]
    issue_count: str
    left_out: str
    issue_lists: list[tuple[str, str, str]]
    live: list[str]
    request: ApprovalRequest | None
    is_agreed: bool
    changes: str
    phases: list[PhaseLine]


def story_of(run: ImportRun, *, now: datetime) -> Story:
    """Gather the story; the number of queries does not grow with the file."""
    kind = REVERT_KIND if run.state in APPLIED_STATES else APPLY_KIND
    may_act = run.state in (ImportState.REVIEWED, *APPLIED_STATES)
    live = live_strategies(run) if may_act else []
    request = open_request(run, now=now, kind=kind) if live else None
    activity = activity_of(run, now=now)
    count = run.error_count + run.warning_count
    return Story(
        run=run,
        pill=pill(run.state),
        sentence=WORDS[ImportState(run.state)],
        figures=_figures(run),
        came=_came(run, activity.events),
        activity=activity,
        phase=PHASES.get(activity.progress.phase, "") if activity.progress else "",
        acts=[(event, ACTS.get(event.action, event.action)) for event in activity.events],
        kinds=kind_lines(run),
        issues=_issues(run),
        issue_count=f"{count:,}" if count else "",
        left_out=f"{count - MOST_KEPT:,}" if count > MOST_KEPT else "",
        issue_lists=_issue_lists(run),
        live=live,
        request=request,
        is_agreed=request is not None and request.state == ApprovalState.APPROVED,
        changes=list_of(RecordChange, run=run.pk),
        phases=_phases(run),
    )


def kind_lines(run: ImportRun) -> list[KindLine]:
    """List what changes by kind, in the order in which it is applied."""
    kinds, samples = run.changeset.get("kinds", {}), run.changeset.get("samples", {})
    return [
        KindLine(
            kind=kind.replace("_", " "),
            new=f"{kinds[kind]['insert']:,}",
            changed=f"{kinds[kind]['update']:,}",
            same=f"{kinds[kind]['unchanged']:,}",
            gone=f"{kinds[kind]['delete']:,}",
            samples=_samples(samples.get(kind, {})),
        )
        for kind in Kind
        if kind in kinds
    ]


def _samples(of_kind: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Lay samples out as lines: what is done, to what, and each field that differs."""
    lines = []
    for action, found in of_kind.items():
        for one in found:
            before, after = one.get("before") or {}, one.get("after") or {}
            names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
            fields = [(name, before.get(name), after.get(name)) for name in names]
            name = " ".join(part for part in (one.get("owner"), one.get("key")) if part)
            lines.append({"action": ACTIONS[action], "name": name, "fields": fields})
    return lines


def _issues(run: ImportRun) -> list[IssueLine]:
    """Group issues by what they are, errors first, with the first place of each."""
    groups = list(
        run.issues.values("severity", "code")
        .annotate(count=Count("pk"), first=Min("pk"))
        .order_by("severity", "-count", "code")[:GROUPS_SHOWN]
    )
    firsts = ImportIssue.objects.in_bulk([group["first"] for group in groups])
    return [
        IssueLine(
            severity=group["severity"],
            pill=pill(group["severity"]),
            code=group["code"],
            count=f"{group['count']:,}",
            first=firsts[group["first"]],
            all_of_it=list_of(
                ImportIssue, run=run.pk, severity=group["severity"], code=group["code"]
            ),
        )
        for group in groups
    ]


def _issue_lists(run: ImportRun) -> list[tuple[str, str, str]]:
    """Name the narrower lists of issues: errors and warnings, where there are any."""
    counts = {Severity.ERROR: run.error_count, Severity.WARNING: run.warning_count}
    return [
        (f"{severity}s", f"{count:,}", list_of(ImportIssue, run=run.pk, severity=severity.value))
        for severity, count in counts.items()
        if count
    ]


def _phases(run: ImportRun) -> list[PhaseLine]:
    """Say how long each phase took, in the order in which they came."""
    return [
        PhaseLine(
            PHASES.get(name, name),
            f"{seconds:,.2f} s",
            f"{run.record_count / seconds:,.0f}" if seconds and run.record_count else NOTHING,
        )
        for name, seconds in run.seconds.items()
    ]


def _figures(run: ImportRun) -> str:
    """Count what is in the file, in a sentence."""
    if not run.format:
        return f"{run.error_count:,} errors."
    return (
        f"{run.record_count:,} records, {run.rejected_count:,} of them bad; "
        f"{run.error_count:,} errors, {run.warning_count:,} warnings."
    )


def _came(run: ImportRun, events: list[AuditEvent]) -> str:
    """Say who brought the file when, from where, and how large it is."""
    received = next((event for event in events if event.action == "import.receive"), None)
    address = f" from {received.address}" if received is not None and received.address else ""
    return (
        f"{run.requested_by}{address} at {moment(run.received_at)}, "
        f"{filesizeformat(run.size_bytes)} as {run.source.name}"
    )
