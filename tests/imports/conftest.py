"""What tests of imports run with."""

import io

import pytest
from django.core.management import call_command

from imports.storage import ContentStore
from tests.imports.builders import as_bytes
from tests.imports.world import World


@pytest.fixture
def world(tmp_path):
    """Give an installation with an empty store."""
    return World(ContentStore(tmp_path / "store"))


@pytest.fixture
def command(settings, tmp_path):
    """Run the management command in this process; gives exit code, output and errors."""
    settings.ATLAS_STORAGE_DIR = tmp_path / "storage"

    def run(*arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("import_export", *arguments, stdout=out, stderr=err)
        except SystemExit as ending:
            return int(ending.code or 0), out.getvalue(), err.getvalue()
        return 0, out.getvalue(), err.getvalue()

    return run


@pytest.fixture
def file(tmp_path):
    """Write a file to import; gives its path."""

    def write(content, name: str = "export.json") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else as_bytes(content))
        return str(path)

    return write
