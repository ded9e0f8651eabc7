"""What must hold for every catalogue: out and in is the same, put back is as before, again is nothing."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings

from imports.models import ImportRun
from imports.revert import revert
from imports.storage import ContentStore
from tests.imports.builders import as_bytes
from tests.imports.generated import catalogues
from tests.imports.meddling import in_other_bytes
from tests.imports.test_export import empty_the_catalogue, exported
from tests.imports.world import ACTOR, NOW, World, catalogue, kinds_of, row_versions

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 6


def searching(examples: int) -> Any:
    """Bound a search; an example that fails is made smaller only where there is time for it."""
    phases = list(Phase) if examples == MANY else [Phase.explicit, Phase.reuse, Phase.generate]
    return settings(
        max_examples=examples,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )


def in_a_house(story, *exports: dict[str, Any]) -> None:
    """Tell a story in an empty installation and forget it."""
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        story(World(ContentStore(Path(folder))), *exports)
        transaction.set_rollback(True)  # the next example finds an empty house


def applied(world: World, content: Any) -> ImportRun:
    """Import; it must be taken whole."""
    run = world.run(content)
    found = [f"{issue.path} {issue.message}" for issue in run.issues.filter(severity="error")]
    assert run.state == "APPLIED", (run.failure, found)
    return run


def out_and_in(world: World, content: dict[str, Any]) -> None:
    """Exporting, importing into an emptied database and exporting gives the same bytes."""
    applied(world, content)
    first = exported()
    empty_the_catalogue()
    applied(world, first)
    assert exported() == first


def there_and_back(world: World, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Applying and putting back is as if nothing had been, and so it can be done again."""
    applied(world, before)
    was = catalogue()
    if before == after:
        assert world.bring(after).is_repeat  # there is nothing to put back
        return
    run = applied(world, after)
    became = catalogue()
    revert(run, reason="as if it had not been", actor=ACTOR, now=NOW)
    assert catalogue() == was
    applied(world, after)
    assert catalogue() == became


def again(world: World, content: dict[str, Any]) -> None:
    """The same content in other bytes, or in our own words, writes no row."""
    applied(world, content)
    versions = row_versions()
    for same in (in_other_bytes(content), exported()):
        run = applied(world, same)
        assert {counts[0::3] + counts[1:2] for counts in kinds_of(run).values()} == {(0, 0, 0)}
        assert row_versions() == versions
    assert world.bring(as_bytes(content)).is_repeat


@searching(FEW)
@given(catalogues(), catalogues())
def test_round_trips_and_reversals_and_repetitions_hold_for_a_few_catalogues(before, after):
    in_a_house(out_and_in, before)
    in_a_house(there_and_back, before, after)
    in_a_house(again, after)


@pytest.mark.deep
@pytest.mark.timeout(900)
class TestManyCatalogues:
    """The same searched longer, each law for itself so that what fails is made small."""

    @searching(MANY)
    @given(catalogues())
    def test_out_in_and_out_again_is_the_same(self, content):
        in_a_house(out_and_in, content)

    @searching(MANY)
    @given(catalogues(), catalogues())
    def test_putting_back_is_the_inverse_of_applying(self, before, after):
        in_a_house(there_and_back, before, after)

    @searching(MANY)
    @given(catalogues(), catalogues(mode="delta"))
    def test_putting_a_delta_back_is_the_inverse_of_applying_it(self, before, after):
        in_a_house(there_and_back, before, after)

    @searching(MANY)
    @given(catalogues())
    def test_the_same_content_again_writes_nothing(self, content):
        in_a_house(again, content)
