"""What tests of the catalogue run with."""

import pytest

from imports.storage import ContentStore
from tests.imports.world import World
from tests.strategies.world import SAMPLE


@pytest.fixture
def sample(tmp_path, db):
    """Bring the sample export into the catalogue, and give what imports into it."""
    world = World(ContentStore(tmp_path / "store"))
    world.run(SAMPLE.read_bytes())
    return world
