"""What the workers carry out of what the console asked for; a refusal leaves an audit row."""

from datetime import datetime

from atlas.audit import Actor, record
from atlas.domain.errors import AtlasError, DomainRefusal
from atlas.domain.states import ImportState
from imports.apply import apply
from imports.models import ImportRun
from imports.pipeline import Wish, go_on_with
from imports.revert import revert
from imports.storage import ContentStore

REFUSED = {"apply": "import.apply_refused", "revert": "import.revert_refused"}
APPLIED_STATES = (ImportState.APPLIED, ImportState.APPLIED_PARTIAL)


def carry_out_review(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a received run as far as its review; one that got there meanwhile is left alone."""
    run = ImportRun.objects.select_related("source").get(pk=run_id)
    wish = Wish(is_dry_run=True, wanted_format=run.wanted_format)
    go_on_with(run, wish, store=ContentStore.of_settings(), actor=actor, now=now)


def carry_out_apply(run_id: int, *, allow_partial: bool, actor: Actor, now: datetime) -> None:
    """Apply a run; a refusal is noted for who asked."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state in APPLIED_STATES:
        return  # asked for twice, or delivered twice
    try:
        apply(run, allow_partial=allow_partial, actor=actor, now=now)
    except DomainRefusal as refusal:
        note(run, REFUSED["apply"], reason=refusal.message, actor=actor, now=now)
    except AtlasError as refusal:
        note(run, REFUSED["apply"], reason=refusal.message, actor=actor, now=now)
        raise


def carry_out_revert(run_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Put back what a run changed; a refusal is noted for who asked."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state == ImportState.REVERTED:
        return
    try:
        revert(run, reason=reason, actor=actor, now=now)
    except DomainRefusal as refusal:
        note(run, REFUSED["revert"], reason=refusal.message, actor=actor, now=now)


def note(run: ImportRun, action: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Write down who asked for what, or why it was refused."""
    record(
        action=action,
        subject=run,
        actor=actor,
        now=now,
        after={"file": run.received_from, "changeset_hash": run.changeset_hash},
        reason=reason,
    )
