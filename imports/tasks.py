"""The import queue's couriers."""

from typing import Any

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import DomainRefusal, NeedsHuman, Temporary
from imports import absence, carrying, pruning
from imports.actors import actor_from
from imports.fetching import fetch
from imports.models import ImportSource
from imports.storage import ContentStore

log = structlog.get_logger(__name__)

# Below the time after which the broker would hand the task out a second time.
SOFT_SECONDS, HARD_SECONDS = 50 * 60, 55 * 60
# What a person asked for is tried again where something is only away for now.
PERSISTENT: dict[str, Any] = {
    "soft_time_limit": SOFT_SECONDS,
    "time_limit": HARD_SECONDS,
    "autoretry_for": (Temporary, OperationalError, InterfaceError),
    "retry_backoff": 5,
    "retry_backoff_max": 300,
    "max_retries": 8,
}


@shared_task(name="imports.review_run", **PERSISTENT)
def review_run(run_id: int, *, actor: dict[str, Any]) -> None:
    """Read a received file and work out what it would change."""
    carrying.carry_out_review(run_id, actor=actor_from(actor), now=timezone.now())


@shared_task(name="imports.apply_run", **PERSISTENT)
def apply_run(run_id: int, *, allow_partial: bool, actor: dict[str, Any]) -> None:
    """Apply a reviewed run."""
    carrying.carry_out_apply(
        run_id, allow_partial=allow_partial, actor=actor_from(actor), now=timezone.now()
    )


@shared_task(name="imports.revert_run", **PERSISTENT)
def revert_run(run_id: int, *, reason: str, actor: dict[str, Any]) -> None:
    """Put back what a run changed."""
    carrying.carry_out_revert(run_id, reason=reason, actor=actor_from(actor), now=timezone.now())


@shared_task(name="imports.fetch_source", soft_time_limit=SOFT_SECONDS, time_limit=HARD_SECONDS)
def fetch_source(source_id: int, *, actor: dict[str, Any] | None = None) -> None:
    """Import what has come at a source; what went wrong is with the source and in the alerts.

    Without a person who asked, the schedule did.
    """
    source = ImportSource.objects.filter(pk=source_id, enabled=True).first()
    if source is None:
        return  # it was disabled after the schedule had spoken
    try:
        fetch(
            source,
            store=ContentStore.of_settings(),
            actor=actor_from(actor) if actor else Actor.system(f"schedule of {source.name}"),
            now=timezone.now(),
        )
    except (DomainRefusal, NeedsHuman, Temporary) as error:
        log.warning("import_source_not_read", source=source.name, error=error)


@shared_task(name="imports.prune", **PERSISTENT)
def prune() -> None:
    """Remove what nobody will look at again of imports that ended long ago."""
    store, now = ContentStore.of_settings(), timezone.now()
    swept = pruning.sweep(store=store, now=now)
    done = list(pruning.prune(store=store, actor=Actor.system("import pruning"), now=now))
    if done or swept:
        log.info(
            "imports_pruned",
            runs=len(done),
            swept_bytes=swept,
            rows=sum(one.rows for one in done),
            freed_bytes=sum(one.freed_bytes for one in done),
        )


@shared_task(name="imports.watch_sources")
def watch_sources() -> None:
    """Look which expected imports did not come."""
    silent = absence.watch_sources(now=timezone.now())
    if silent:
        log.warning("imports_missed", sources=silent)
