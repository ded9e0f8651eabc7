"""What the workers carry out of what the console asked for; what stands against it is noted.

Who asked has left long ago when a worker finds that something cannot be done, so each refusal
becomes an audit row, which the page of the run shows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import InterfaceError, OperationalError

from atlas.audit import Actor, record
from atlas.domain.errors import DomainRefusal, Temporary
from atlas.domain.states import ImportState
from imports.apply import apply
from imports.models import ImportRun
from imports.pipeline import Wish, go_on_with
from imports.revert import revert
from imports.storage import ContentStore

APPLIED_STATES = (ImportState.APPLIED, ImportState.APPLIED_PARTIAL)
UNREAD_STATES = (ImportState.RECEIVED, ImportState.STAGED)

REFUSED, POSTPONED = "_refused", "_postponed"  # what an act's audit row ends with


def carry_out_review(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a received run as far as its review; one that got there meanwhile is left alone."""
    run = ImportRun.objects.select_related("source").get(pk=run_id)
    if run.state not in UNREAD_STATES:
        return  # asked for twice, or delivered twice
    wish = Wish(is_dry_run=True, wanted_format=run.wanted_format)
    with _noted(run, "import.review", actor=actor, now=now):
        go_on_with(run, wish, store=ContentStore.of_settings(), actor=actor, now=now)


def carry_out_apply(run_id: int, *, allow_partial: bool, actor: Actor, now: datetime) -> None:
    """Apply a run."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state in APPLIED_STATES:
        return
    with _noted(run, "import.apply", actor=actor, now=now):
        apply(run, allow_partial=allow_partial, actor=actor, now=now)


def carry_out_revert(run_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Put back what a run changed."""
    run = ImportRun.objects.get(pk=run_id)
    if run.state == ImportState.REVERTED:
        return
    with _noted(run, "import.revert", actor=actor, now=now):
        revert(run, reason=reason, actor=actor, now=now)


@contextmanager
def _noted(run: ImportRun, action: str, *, actor: Actor, now: datetime) -> Iterator[None]:
    """Note what stands against an act; what is no refusal goes on to the worker's log.

    What is only away for now is tried again by the task; the row says what is waited for.
    """
    try:
        yield
    except (OperationalError, InterfaceError):
        raise  # the database is away, so there is nowhere to note it
    except Temporary as error:
        note(run, action + POSTPONED, reason=error.message, actor=actor, now=now)
        raise
    except DomainRefusal as refusal:
        note(run, action + REFUSED, reason=refusal.message, actor=actor, now=now)
    except Exception as error:
        if run.state != ImportState.FAILED:  # else the run itself says what broke
            words = getattr(error, "message", f"{type(error).__name__}: {error}")
            note(run, action + REFUSED, reason=words, actor=actor, now=now)
        raise


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
