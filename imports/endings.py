"""How a run ends before anything is applied: turned down, or broken."""

from datetime import datetime

from django.db import transaction

from atlas.audit import Actor, record
from atlas.domain.states import IMPORT_TRANSITIONS, ImportState
from atlas.transitions import move
from imports.approval import void_requests
from imports.formats.problems import FileRefused
from imports.issues import Problems, save_issues
from imports.models import ImportRun

FAILURE_LENGTH = 2_000


def refuse_file(run: ImportRun, refusal: FileRefused, *, actor: Actor, now: datetime) -> ImportRun:
    """End a run whose file cannot be taken at all; the reasons become its issues."""
    problems = Problems()
    problems.add(refusal.problems)
    with transaction.atomic():
        save_issues(run, problems.kept)
        run.error_count = problems.errors
        ImportRun.objects.filter(pk=run.pk).update(error_count=problems.errors)
        return reject(run, refusal.message, actor=actor, now=now)


def reject(run: ImportRun, why: str, *, actor: Actor, now: datetime) -> ImportRun:
    """End a run that is not to be applied; it stays for reading."""
    return _end(run, ImportState.REJECTED, why, actor=actor, now=now)


def fail(run: ImportRun, why: str, *, actor: Actor, now: datetime) -> ImportRun:
    """End a run that our own code could not carry through."""
    return _end(run, ImportState.FAILED, why, actor=actor, now=now)


def _end(run: ImportRun, state: ImportState, why: str, *, actor: Actor, now: datetime) -> ImportRun:
    """Move to an end and write the audit row, together."""
    with transaction.atomic():
        move(run, state, IMPORT_TRANSITIONS, failure=why[:FAILURE_LENGTH], ended_at=now)
        void_requests(run, actor=actor, now=now)
        record(
            action=f"import.{'reject' if state is ImportState.REJECTED else 'fail'}",
            subject=run,
            actor=actor,
            now=now,
            after={"sha256_hash": run.sha256, "file": run.received_from, "errors": run.error_count},
            reason=why,
        )
    return run
