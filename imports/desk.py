"""What the console asks of imports: it hands in and asks, and the workers of the queue carry out.

The functions that ask answer with a sentence and enqueue; what is carried out later and refused
leaves an audit row, which the run's page shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.db import transaction
from kombu.exceptions import OperationalError as QueueError

from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, Temporary
from atlas.domain.states import ApprovalState, ImportState
from imports import tasks
from imports.activity import APPLY_ASKED, REVERT_ASKED, REVIEW_ASKED
from imports.actors import words_of
from imports.apply import partial_refusal
from imports.approval import (
    APPLY_KIND,
    REVERT_KIND,
    ask_second_person,
    live_strategies,
    open_request,
)
from imports.carrying import APPLIED_STATES, UNREAD_STATES, note
from imports.models import ImportRun, ImportSource
from imports.pipeline import Outcome, Wish, receive_stored
from imports.revert import require_unpruned
from imports.storage import ContentStore, Stored


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that somebody hands in, and on behalf of which source."""

    stream: BinaryIO
    name: str
    source: ImportSource
    wanted_format: str


def hand_in(handed: Handed, *, actor: Actor, now: datetime) -> Outcome:
    """Take a file into the store and have it reviewed.

    Raises InvalidInput where it is too large, StoreUnusable where it cannot be kept.
    """
    store = ContentStore.of_settings()
    stored = store.put(handed.stream)
    wish = Wish(is_dry_run=True, wanted_format=handed.wanted_format)
    with transaction.atomic():
        outcome = receive_stored(
            handed.source, stored, handed.name, wish, store=store, actor=actor, now=now
        )
        _have_read(outcome.run, actor=actor)
    return outcome


def review_again(run: ImportRun, *, reason: str, actor: Actor, now: datetime) -> Outcome:
    """Review the stored bytes of a run once more, against the catalogue as it is now.

    One that was received and never read is gone on with. Raises ConflictingState where the run was
    pruned, StoreUnusable where its bytes are gone otherwise.
    """
    if run.pruned_at is not None:
        raise ConflictingState(
            f"Import {run.pk} was pruned on {run.pruned_at:%Y-%m-%d} and its file is no longer kept. "
            "Hand the file in again."
        )
    wish = Wish(is_dry_run=True, wanted_format=run.wanted_format)
    store, stored = ContentStore.of_settings(), Stored(run.sha256, run.size_bytes)
    with transaction.atomic():
        note(run, REVIEW_ASKED, reason=reason, actor=actor, now=now)
        outcome = receive_stored(
            run.source, stored, run.received_from, wish, store=store, actor=actor, now=now
        )
        _have_read(outcome.run, actor=actor)
    return outcome


def _have_read(run: ImportRun, *, actor: Actor) -> None:
    """Have a worker read what was not read yet; two who do it take turns, and the second rests."""
    if run.state in UNREAD_STATES:
        _enqueue(lambda: tasks.review_run.delay(run.pk, actor=words_of(actor)))


def sentence_of(outcome: Outcome) -> str:
    """Say what became of a file that was handed in."""
    run = outcome.run
    if outcome.is_repeat:
        return f"The same bytes were applied before as import {run.pk}; nothing has changed since."
    if run.state == ImportState.REVIEWED:
        return f"The same bytes were reviewed before as import {run.pk}; it waits to be applied."
    return f"Import {run.pk} is being read and compared with the catalogue; nothing is applied yet."


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody agrees to: the change-set by its hash, and whether bad records stay out."""

    changeset_hash: str
    allow_partial: bool = False


def ask_to_apply(
    run: ImportRun, agreed: Agreed, *, reason: str, actor: Actor, now: datetime
) -> str:
    """Have exactly the reviewed change-set applied, or ask the second person that it needs.

    Gives what was done, in a sentence. Raises ConflictingState where the run is not reviewed or
    another change-set was agreed to, InvalidInput where it holds bad records and leaving them out
    was not agreed to.
    """
    if run.state != ImportState.REVIEWED:
        raise ConflictingState(f"Import {run.pk} is {run.state.lower()}, so it cannot be applied.")
    if agreed.changeset_hash != run.changeset_hash:
        raise ConflictingState(
            f"What you agreed to is not the change-set of import {run.pk}, so nothing was applied. "
            "Look at this page again before you apply it."
        )
    allow_partial = agreed.allow_partial
    if run.rejected_count and not allow_partial:
        raise partial_refusal(run)
    if waits_for_two(run, kind=APPLY_KIND, now=now):
        return _ask(run, kind=APPLY_KIND, reason=reason, actor=actor, now=now)
    with transaction.atomic():
        note(run, APPLY_ASKED, reason=reason, actor=actor, now=now)
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
    """Have put back what a run changed; raises ConflictingState where it is not applied or pruned."""
    if run.state not in APPLIED_STATES:
        raise ConflictingState(
            f"Import {run.pk} is {run.state.lower()}, so there is nothing to put back."
        )
    require_unpruned(run)
    if waits_for_two(run, kind=REVERT_KIND, now=now):
        return _ask(run, kind=REVERT_KIND, reason=reason, actor=actor, now=now)
    with transaction.atomic():
        note(run, REVERT_ASKED, reason=reason, actor=actor, now=now)
        _enqueue(lambda: tasks.revert_run.delay(run.pk, reason=reason, actor=words_of(actor)))
    return f"Import {run.pk} is being put back."


def _enqueue(send: Callable[[], object]) -> None:
    """Send a task once the rows it speaks of are there; raises Temporary where nobody takes it."""

    def send_or_say() -> None:
        try:
            send()
        except QueueError as error:
            raise Temporary(
                "The queue of the workers cannot be reached, so nothing was started. "
                "Try again when Redis is back."
            ) from error

    transaction.on_commit(send_or_say)
