"""What the console asks of imports: it hands in and asks, and the workers of the queue carry out.

The functions that ask answer with a sentence and enqueue; what is carried out later and refused
leaves an audit row, which the run's page shows.
"""

from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from atlas.audit import Actor
from atlas.domain.errors import ConflictingState
from atlas.domain.states import ApprovalState, ImportState
from atlas.models import AuditEvent
from imports import tasks
from imports.actors import words_of
from imports.apply import partial_refusal
from imports.approval import (
    APPLY_KIND,
    REVERT_KIND,
    ask_second_person,
    live_strategies,
    open_request,
)
from imports.carrying import APPLIED_STATES, REFUSED, note
from imports.models import ImportRun
from imports.pipeline import Outcome, Wish, receive_stored
from imports.sources import source_of
from imports.storage import ContentStore, Stored
from imports.vocabulary import SourceKind


def hand_in(
    stream: BinaryIO, *, name: str, wanted_format: str, actor: Actor, now: datetime
) -> Outcome:
    """Take a file into the store and have it reviewed.

    Raises InvalidInput where it is too large, StoreUnusable where it cannot be kept, Temporary
    where another import does not end.
    """
    stored = ContentStore.of_settings().put(stream)
    return _begin(stored, name=name, wanted_format=wanted_format, actor=actor, now=now)


def review_again(run: ImportRun, *, reason: str, actor: Actor, now: datetime) -> Outcome:
    """Review the stored bytes of a run once more, against the catalogue as it is now."""
    note(run, "import.review_again", reason=reason, actor=actor, now=now)
    stored = Stored(run.sha256, run.size_bytes)
    return _begin(
        stored, name=run.received_from, wanted_format=run.wanted_format, actor=actor, now=now
    )


def _begin(
    stored: Stored, *, name: str, wanted_format: str, actor: Actor, now: datetime
) -> Outcome:
    """Begin or find the run of stored bytes; a worker goes on with it."""
    wish = Wish(is_dry_run=True, wanted_format=wanted_format)
    source = source_of(SourceKind.FILE)
    outcome = receive_stored(source, stored, name, wish, actor=actor, now=now)
    if outcome.run.state in (ImportState.RECEIVED, ImportState.STAGED):
        _enqueue(lambda: tasks.review_run.delay(outcome.run.pk, actor=words_of(actor)))
    return outcome


def sentence_of(outcome: Outcome) -> str:
    """Say what became of a file that was handed in."""
    run = outcome.run
    if outcome.is_repeat:
        return f"The same bytes were applied before as import {run.pk}; nothing has changed since."
    if run.state == ImportState.REVIEWED:
        return f"The same bytes were reviewed before as import {run.pk}; it waits to be applied."
    return f"Import {run.pk} is being read and compared with the catalogue; nothing is applied yet."


def ask_to_apply(
    run: ImportRun, *, allow_partial: bool, reason: str, actor: Actor, now: datetime
) -> str:
    """Have exactly the reviewed change-set applied, or ask the second person that it needs.

    Gives what was done, in a sentence. Raises ConflictingState where the run is not reviewed,
    InvalidInput where it holds bad records and leaving them out was not agreed to.
    """
    if run.state != ImportState.REVIEWED:
        raise ConflictingState(f"Import {run.pk} is {run.state.lower()}, so it cannot be applied.")
    if run.rejected_count and not allow_partial:
        raise partial_refusal(run)
    if waits_for_two(run, kind=APPLY_KIND, now=now):
        return _ask(run, kind=APPLY_KIND, reason=reason, actor=actor, now=now)
    with transaction.atomic():
        note(run, "import.apply_asked", reason=reason, actor=actor, now=now)
        _enqueue(
            lambda: tasks.apply_run.delay(
                run.pk, allow_partial=allow_partial, actor=words_of(actor)
            )
        )
    return f"Import {run.pk} is being applied."


def waits_for_two(run: ImportRun, *, kind: str, now: datetime) -> bool:
    """Tell whether a second person has to agree first, and has not."""
    if not live_strategies(run):
        return False
    known = open_request(run, now=now, kind=kind)
    return known is None or known.state != ApprovalState.APPROVED


def _ask(run: ImportRun, *, kind: str, reason: str, actor: Actor, now: datetime) -> str:
    """Ask a second person, once."""
    known = open_request(run, now=now, kind=kind)
    request = known or ask_second_person(run, reason=reason, requester=actor, now=now, kind=kind)
    return (
        f"{', '.join(live_strategies(run))} trades live, so a second person has to agree: request "
        f"{request.pk} waits until {request.expires_at:%H:%M} UTC. Ask again once it is approved."
    )


def ask_to_revert(run: ImportRun, *, reason: str, actor: Actor, now: datetime) -> str:
    """Have put back what a run changed; raises ConflictingState where it is not applied."""
    if run.state not in APPLIED_STATES:
        raise ConflictingState(
            f"Import {run.pk} is {run.state.lower()}, so there is nothing to put back."
        )
    if waits_for_two(run, kind=REVERT_KIND, now=now):
        return _ask(run, kind=REVERT_KIND, reason=reason, actor=actor, now=now)
    with transaction.atomic():
        note(run, "import.revert_asked", reason=reason, actor=actor, now=now)
        _enqueue(lambda: tasks.revert_run.delay(run.pk, reason=reason, actor=words_of(actor)))
    return f"Import {run.pk} is being put back."


def last_refusal(run: ImportRun) -> str:
    """Give why the newest attempt to apply or put back was refused; empty where none was."""
    acts = AuditEvent.objects.filter(
        subject_type="imports.importrun",
        subject_id=str(run.pk),
        action__in=[*REFUSED.values(), "import.apply", "import.revert"],
    )
    newest = acts.order_by("-pk").first()
    return newest.reason if newest is not None and newest.action in REFUSED.values() else ""


def _enqueue(send: Callable[[], object]) -> None:
    """Send a task once the rows it speaks of are there."""
    transaction.on_commit(send)
