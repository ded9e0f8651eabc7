"""What tests of the catalogue run with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from imports.storage import ContentStore
from tests.imports.world import World
from tests.strategies.world import SAMPLE


@pytest.fixture
def sample(tmp_path: Path, db: None) -> World:
    """Bring the sample export into the catalogue, and give what imports into it."""
    del db
    world = World(ContentStore(tmp_path / "store"))
    world.run(SAMPLE.read_bytes())
    return world


@pytest.fixture(scope="module")
def committed_sample(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Bring the sample export into the catalogue once for the tests of a module."""
    del django_db_setup
    assert str(connection.settings_dict["NAME"]).startswith("test_")
    world = World(ContentStore(tmp_path_factory.mktemp("sample") / "store"))
    with django_db_blocker.unblock():
        try:
            assert world.run(SAMPLE.read_bytes()).state == "APPLIED"
            yield world
        finally:
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def standing(committed_sample: World, db: None) -> World:
    """Give the sample export as it stands for a whole module; what a test changes vanishes after it.

    Only for modules whose other tests do not mind that it is there.
    """
    del db
    return committed_sample
