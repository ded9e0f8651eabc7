"""What tests of imports run with."""

import pytest

from imports.storage import ContentStore
from tests.imports.world import World


@pytest.fixture
def world(tmp_path):
    """Give an installation with an empty store."""
    return World(ContentStore(tmp_path / "store"))
