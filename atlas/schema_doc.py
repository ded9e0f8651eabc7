"""`docs/schema.md`: the tables of Atlas with an entity diagram, written from the models."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

APPS = ("atlas", "strategies", "onchain", "imports", "execution")
HEAD = """# Schema

Written by `manage.py schema_doc` from the models; `make check` refuses a stale copy. Series tables
have a composite primary key and no database constraint on their parent (docs/decisions/0008 says why).
"""


def schema_markdown() -> str:
    """Write the whole document."""
    parts = [HEAD]
    for label in APPS:
        config = apps.get_app_config(label)
        own = sorted(config.get_models(), key=lambda model: model.__name__)
        parts.append(f"\n## {config.verbose_name} (`{label}`)\n")
        parts.append("\n".join(["```mermaid", "erDiagram", *_diagram(own), "```", ""]))
        parts += [_section(model) for model in own]
    return "\n".join(parts).rstrip() + "\n"


def _diagram(own: list[type[models.Model]]) -> Iterator[str]:
    """Draw the entities of one app with what they point at."""
    for model in own:
        yield f"    {model.__name__} {{"
        for field in _columns(model):
            yield f"        {_kind(field)} {field.column}{_mark(field)}"
        yield "    }"
    for model in own:
        for field in _columns(model):
            if field.related_model is None:
                continue
            left = "|o" if field.null else "||"
            right = "o|" if field.unique else "o{"
            yield f'    {_target(field)} {left}--{right} {model.__name__} : "{field.name}"'


def _section(model: type[models.Model]) -> str:
    """Describe one table: what it stands for, its columns, its constraints."""
    lines = [f"### {model.__name__}", "", f"`{model._meta.db_table}`. {_doc(model)}", ""]
    lines += ["| column | type | null | points at | meaning |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(field) for field in _columns(model)]
    rules = [f"`{constraint.name}`" for constraint in model._meta.constraints]
    triggers = [f"`{trigger.name}`" for trigger in getattr(model._meta, "triggers", [])]
    if rules:
        lines += ["", "Constraints: " + ", ".join(rules) + "."]
    if triggers:
        lines += ["", "Triggers: " + ", ".join(triggers) + "."]
    return "\n".join([*lines, ""])


def _row(field: models.Field) -> str:  # type: ignore[type-arg]
    """Describe one column."""
    points_at = _target(field) if field.related_model is not None else ""
    null = "yes" if field.null else ""
    meaning = str(field.help_text).replace("|", "\\|")
    return f"| `{field.column}` | {_kind(field)} | {null} | {points_at} | {meaning} |"


def _columns(model: type[models.Model]) -> list["models.Field"]:  # type: ignore[type-arg]
    """List the real columns; a composite key is none."""
    return [field for field in model._meta.local_fields if field.column]


def _kind(field: models.Field) -> str:  # type: ignore[type-arg]
    """Name a column's type in one word."""
    return type(field).__name__.removesuffix("Field").lower() or "field"


def _mark(field: models.Field) -> str:  # type: ignore[type-arg]
    """Mark keys in the diagram."""
    if field.primary_key:
        return " PK"
    return " FK" if field.related_model is not None else ""


def _target(field: models.Field) -> str:  # type: ignore[type-arg]
    """Name what a foreign key points at."""
    related = field.related_model
    return related.__name__ if isinstance(related, type) else str(related)


def _doc(model: type[models.Model]) -> str:
    """Give the model's own words about the world, in one paragraph."""
    return " ".join((model.__doc__ or "").split())
