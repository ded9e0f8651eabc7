"""The import queue's couriers."""

from celery import shared_task
from django.utils import timezone

from atlas.audit import Actor
from imports.apply import apply
from imports.models import ImportRun


@shared_task(name="imports.apply_run")
def apply_run(run_id: int, *, allow_partial: bool, requested_by: str) -> None:
    """Apply a reviewed run on the import queue."""
    run = ImportRun.objects.get(pk=run_id)
    actor = Actor.system(requested_by)
    apply(run, allow_partial=allow_partial, actor=actor, now=timezone.now())
