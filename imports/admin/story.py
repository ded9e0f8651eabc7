"""What the page of an import tells: where it stands, what it changes, what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse

from atlas.console.display import list_of, pill
from atlas.domain.states import ImportState
from atlas.models import ApprovalRequest
from imports.approval import APPLY_KIND, REVERT_KIND, live_strategies, open_request
from imports.carrying import APPLIED_STATES
from imports.desk import last_refusal
from imports.formats.vocabulary import Kind
from imports.models import ImportIssue, ImportRun, RecordChange
from imports.progress import Progress, read
from imports.summary import WORDS

GROUPS_SHOWN = 50
UNDER_WAY = (ImportState.RECEIVED, ImportState.STAGED)
COUNTS = ("insert", "update", "unchanged", "delete")


@dataclass(frozen=True, slots=True)
class KindLine:
    """How many records of a kind are new, changed, the same and gone, with a few of each."""

    kind: str
    counts: tuple[int, ...]
    samples: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class IssueLine:
    """How often one thing is wrong, and where it is wrong first."""

    severity: str
    code: str
    count: int
    first: ImportIssue
    all_of_it: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the page shows above the facts."""

    run: ImportRun
    pill: str
    sentence: str
    is_under_way: bool
    progress: Progress | None
    kinds: list[KindLine]
    issues: list[IssueLine]
    issue_count: int
    refusal: str
    live: list[str]
    request: ApprovalRequest | None
    changes: str
    seconds: list[tuple[str, float]]


def story_of(run: ImportRun, *, now: datetime) -> Story:
    """Gather the story; the number of queries does not grow with the file."""
    kind = REVERT_KIND if run.state in APPLIED_STATES else APPLY_KIND
    may_act = run.state in (ImportState.REVIEWED, *APPLIED_STATES)
    live = live_strategies(run) if may_act else []
    return Story(
        run=run,
        pill=pill(run.state),
        sentence=WORDS[ImportState(run.state)],
        is_under_way=run.state in UNDER_WAY,
        progress=read(run.pk),
        kinds=_kinds(run),
        issues=_issues(run),
        issue_count=run.error_count + run.warning_count,
        refusal=last_refusal(run),
        live=live,
        request=open_request(run, now=now, kind=kind) if live else None,
        changes=list_of(RecordChange, run=run.pk),
        seconds=[(name, round(float(took), 2)) for name, took in run.seconds.items()],
    )


def _kinds(run: ImportRun) -> list[KindLine]:
    """List what changes by kind, in the order in which it is applied."""
    kinds, samples = run.changeset.get("kinds", {}), run.changeset.get("samples", {})
    return [
        KindLine(
            kind.replace("_", " "),
            tuple(kinds[kind].get(name, 0) for name in COUNTS),
            _samples(samples.get(kind, {})),
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
            lines.append({"action": action, "name": name, "fields": fields})
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
            group["severity"],
            group["code"],
            group["count"],
            firsts[group["first"]],
            list_of(ImportIssue, run=run.pk, code=group["code"]),
        )
        for group in groups
    ]


def raw_path(run: ImportRun, start: int, length: int) -> str:
    """Give the path under which a record's bytes are shown."""
    query = f"?start={start}&length={length}"
    return reverse("admin:imports_raw_record", args=[run.pk]) + query
