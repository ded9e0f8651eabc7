"""What an import tells of itself: for people on a terminal, and as JSON for programs."""

from collections.abc import Iterator
from typing import Any

from atlas.domain.states import ImportState
from imports.formats.vocabulary import Kind
from imports.models import ImportIssue, ImportRun
from imports.pipeline import Outcome

ISSUES_SHOWN = 50
WORDS = {
    ImportState.RECEIVED: "received, not yet read",
    ImportState.STAGED: "read, not yet compared",
    ImportState.REVIEWED: "reviewed, nothing applied yet",
    ImportState.APPLIED: "applied",
    ImportState.APPLIED_PARTIAL: "applied without its bad records",
    ImportState.REVERTED: "put back",
    ImportState.REJECTED: "turned down, nothing applied",
    ImportState.FAILED: "failed, nothing applied",
}


def as_text(outcome: Outcome) -> str:
    """Write the summary for a person."""
    return "\n".join(_lines(outcome))


def as_json(outcome: Outcome, *, exit_code: int) -> dict[str, Any]:
    """Give everything there is to say about a run."""
    run = outcome.run
    return {
        "exit_code": exit_code,
        "run": run.pk,
        "state": run.state,
        "repeat": outcome.is_repeat,
        "file": run.received_from,
        "sha256": run.sha256,
        "bytes": run.size_bytes,
        "format": run.format,
        "mode": run.mode,
        "producer": run.producer,
        "generated_at": run.generated_at.isoformat() if run.generated_at else None,
        "records": run.record_count,
        "rejected": run.rejected_count,
        "errors": run.error_count,
        "warnings": run.warning_count,
        "changeset_hash": run.changeset_hash,
        "kinds": run.changeset.get("kinds", {}),
        "samples": run.changeset.get("samples", {}),
        "issues": [_issue(issue) for issue in run.issues.all().iterator()],
        "seconds": run.seconds,
        "failure": run.failure,
        "pruned_at": run.pruned_at.isoformat() if run.pruned_at else None,
    }


def issue_lines(run: ImportRun) -> Iterator[str]:
    """Write the first issues of a run, errors before warnings, one a line."""
    for issue in run.issues.order_by("severity", "pk")[:ISSUES_SHOWN]:
        place = " ".join(part for part in (issue.path, issue.owner, issue.key) if part)
        found = f" Found: {issue.value}" if issue.value else ""
        yield f"  {issue.severity}: {place}: {issue.message}{found}".replace(": :", ":")
    more = run.error_count + run.warning_count - ISSUES_SHOWN
    if more > 0:
        yield f"  and {more:,} more; --json lists all, and so does the console"


def _lines(outcome: Outcome) -> Iterator[str]:
    """Write the summary line by line."""
    run = outcome.run
    state = WORDS[ImportState(run.state)]
    if outcome.is_repeat:
        state = "the same bytes were applied before, and nothing has changed since"
    yield f"Import {run.pk} of {run.received_from}: {state}."
    if run.failure:
        yield f"  {run.failure}"
    if run.format:
        yield (
            f"  {run.format}, a {run.mode} by {run.producer}: {run.record_count:,} records, "
            f"{run.rejected_count:,} rejected."
        )
    yield from _table(run.changeset.get("kinds", {}))
    yield from issue_lines(run)
    if run.state == ImportState.REVIEWED:
        yield f"  Apply it with --apply {run.pk}."


def _table(kinds: dict[str, dict[str, int]]) -> Iterator[str]:
    """Write what changes as a table."""
    if kinds:
        yield f"  {'':<18}{'new':>10}{'changed':>10}{'same':>10}{'gone':>10}"
    for kind in (kind for kind in Kind if kind in kinds):
        columns = (kinds[kind][name] for name in ("insert", "update", "unchanged", "delete"))
        yield f"  {kind.replace('_', ' '):<18}" + "".join(f"{count:>10,}" for count in columns)


def _issue(issue: ImportIssue) -> dict[str, Any]:
    """Write one issue."""
    return {
        "severity": issue.severity,
        "code": issue.code,
        "path": issue.path,
        "kind": issue.kind,
        "owner": issue.owner,
        "key": issue.key,
        "field": issue.field,
        "message": issue.message,
        "value": issue.value,
        "byte_start": issue.byte_start,
        "byte_length": issue.byte_length,
    }
