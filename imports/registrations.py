"""What imports tell the ground floor of themselves: schedules of sources, and metrics."""

from collections.abc import Mapping

from atlas import registries
from atlas.registries import Schedule
from imports import metrics
from imports.archive import keep_in_bucket
from imports.models import ImportSource

WATCH = "imports-watch-sources"
PRUNE = "imports-prune"
PREFIX = "import-source-"

_WATCH = Schedule(
    task="imports.watch_sources",
    every_seconds=60,
    queue="imports",
    description="Looks which expected imports did not come.",
    expires_seconds=60,
)
_PRUNE = Schedule(
    task="imports.prune",
    every_seconds=24 * 60 * 60,
    queue="imports",
    description="Removes the records and bytes of imports that ended long ago.",
    expires_seconds=6 * 60 * 60,
)


def register() -> None:
    """Fill the registries; called once when the app is ready."""
    registries.schedules.add(WATCH, _WATCH)
    registries.schedules.add(PRUNE, _PRUNE)
    registries.schedule_sources.add("imports", source_schedules)
    registries.metrics.add("imports", metrics.families)
    registries.archives.add("bucket", keep_in_bucket)


def source_schedules() -> Mapping[str, Schedule]:
    """Give the schedule of each source that is looked at again and again."""
    return {
        f"{PREFIX}{source.name}": Schedule(
            task="imports.fetch_source",
            args=(source.pk,),
            every_seconds=source.cadence_seconds or 0,
            queue="imports",
            description=f"Looks what has come at the source of imports {source.name}.",
            expires_seconds=source.cadence_seconds or 0,
        )
        for source in ImportSource.objects.scheduled()
    }
