"""The document of the import format says what the schemas and the code say."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from imports.formats.content import BytesContent
from imports.formats.registry import open_export
from imports.options import EXIT_CODES
from imports.schema import published_schema
from imports.schema.document import DOCUMENT, main, rendered

ROOT = Path(__file__).resolve().parents[2]
TEXT = DOCUMENT.read_text()


def test_the_tables_of_fields_are_those_of_the_schemas():
    assert rendered(TEXT) == TEXT, "run python -m imports.schema.document"
    assert main(["--check"]) == 0


def test_a_stale_document_is_noticed(tmp_path, monkeypatch, capsys):
    stale = tmp_path / "import-schema.md"
    stale.write_text(TEXT.replace("`nav_per_share_usd`", "`nav`"))
    monkeypatch.setattr("imports.schema.document.DOCUMENT", stale)
    assert main(["--check"]) == 1
    assert "is stale" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_the_example_is_a_valid_export():
    found = re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    example = json.loads(found[1])
    jsonschema.Draft202012Validator(published_schema("1.0")).validate(example)
    opened = open_export(BytesContent(json.dumps(example).encode()))
    assert sum(len(batch.records) for batch in opened.export.batches()) == 2


CODES = sorted(
    set(
        re.findall(
            r"`([a-z_]+)`", TEXT[TEXT.index("| code | severity") : TEXT.index("## Versions")]
        )
    )
)


@pytest.mark.parametrize("code", CODES)
def test_every_code_that_is_told_exists(code):
    sources = [*ROOT.glob("imports/**/*.py"), *ROOT.glob("strategies/rules/*.py")]
    assert any(f'"{code}"' in path.read_text() for path in sources)


def test_every_exit_code_is_told():
    for line in EXIT_CODES.splitlines()[1:]:
        number = line.split()[0]
        assert f"| {number} | " in TEXT
