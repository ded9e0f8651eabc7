"""The pages of imports ask as many questions about much as about little."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from imports.models import FetchedObject, ImportRun, ImportSource
from imports.storage import ContentStore
from tests.imports.builders import document, point, report, strategy, trade
from tests.imports.source_world import make_source
from tests.imports.world import World

pytestmark = [pytest.mark.deep, pytest.mark.django_db]
FEW, MANY = 2, 24


def grow(world: World, count: int) -> ImportRun:
    """Make a house with so many runs, sources, fetched files, and an import of that size."""
    for number in range(count):
        world.run(document(strategies=[strategy(name=f"{count} {number}")]), is_dry_run=True)
        source = make_source(
            "http", f"https://h-{count}-{number}.example/x", name=f"s-{count}-{number}"
        )
        FetchedObject.objects.create(
            source=source,
            name=f"https://h.example/{number}",
            size_bytes=1,
            fetched_at=timezone.now() + timedelta(seconds=number),
            run=ImportRun.objects.latest("pk"),
        )
    strategies = [
        strategy(
            f"s-{count}-{number}",
            performance=[point(1), point(2, -1), point(3, 9)],
            trades=[trade(1), trade(1)],
            reports=[report(sharpe=number)],
        )
        for number in range(count)
    ]
    return world.run(document(strategies=strategies, vaults=[]), is_dry_run=True)


@pytest.fixture
def asked(client_of, tmp_path, settings):
    """Count the questions behind each page of imports, for a small house and for a large one."""
    settings.ATLAS_STORAGE_DIR = tmp_path
    client = client_of("analyst")

    def counts(size: int) -> dict[str, int]:
        run = grow(World(ContentStore.of_settings()), size)
        source = ImportSource.objects.get(name=f"s-{size}-0")
        paths = {
            f"list of {name}": reverse(f"admin:imports_{name}_changelist")
            for name in (
                "importrun",
                "importsource",
                "importissue",
                "changegroup",
                "recordchange",
                "fetchedobject",
            )
        }
        paths["run"] = reverse("admin:imports_importrun_change", args=[run.pk])
        paths["issues of a run"] = paths["list of importissue"] + f"?run__id__exact={run.pk}"
        paths["source"] = reverse("admin:imports_importsource_change", args=[source.pk])
        paths["edit"] = reverse("admin:imports_importsource_edit", args=[source.pk])
        paths["hand in"] = reverse("admin:imports_hand_in")
        paths["progress"] = reverse("admin:imports_progress", args=[run.pk])
        paths["csv"] = reverse("admin:imports_issues_csv", args=[run.pk])
        return {name: questions(client, path) for name, path in paths.items()}

    return counts


def questions(client, path: str) -> int:
    client.get(path)  # what is asked only once
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
        if answer.streaming:
            assert b"".join(answer.streaming_content)
    assert answer.status_code == 200, path
    return len(captured)


def test_every_page_of_imports_costs_the_same_whatever_there_is(asked):
    few = asked(FEW)
    many = asked(MANY)
    assert many == few
    assert max(many.values()) <= 30
