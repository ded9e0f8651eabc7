"""The schema document is written from the models, whole, and its drift is noticed."""

import re

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from atlas.schema_doc import APPS, schema_markdown

OWN_MODELS = [model for label in APPS for model in apps.get_app_config(label).get_models()]


@pytest.fixture(scope="module")
def text():
    return schema_markdown()


def test_every_app_with_tables_of_its_own_is_in_it():
    installed = {config.label for config in apps.get_app_configs() if "." not in config.name}
    rooms = {"atlas", "strategies", "onchain", "imports", "execution"}
    assert rooms <= installed
    assert set(APPS) == rooms


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_each_table_has_its_words_columns_constraints_and_triggers(text, model):
    section = text.split(f"\n### {model.__name__}\n")[1].split("\n### ")[0]
    assert f"`{model._meta.db_table}`" in section
    assert " ".join(model.__doc__.split()) in section
    for field in model._meta.local_fields:
        if field.column:
            assert f"| `{field.column}` |" in section
    for rule in [*model._meta.constraints, *getattr(model._meta, "triggers", [])]:
        assert f"`{rule.name}`" in section


def test_each_app_has_one_diagram_and_every_line_of_it_is_well_formed(text):
    diagrams = re.findall(r"```mermaid\nerDiagram\n(.*?)```", text, re.DOTALL)
    assert len(diagrams) == len(APPS)
    entity = re.compile(r"    \w+ \{|    \}|        [a-z]+ \w+( PK| FK)?")
    relation = re.compile(r'    \w+ (\|o|\|\|)--(o\||o\{) \w+ : "\w+"')
    lines = [line for diagram in diagrams for line in diagram.splitlines()]
    assert [
        line for line in lines if not (entity.fullmatch(line) or relation.fullmatch(line))
    ] == []
    assert any(relation.fullmatch(line) for line in lines)


def test_a_stale_document_is_refused_and_a_fresh_one_passes(tmp_path, capsys):
    document = tmp_path / "schema.md"
    with pytest.raises(CommandError, match="stale"):
        call_command("schema_doc", "--check", file=document)
    call_command("schema_doc", file=document)
    call_command("schema_doc", "--check", file=document)
    document.write_text(document.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(CommandError, match="make schema"):
        call_command("schema_doc", "--check", file=document)
