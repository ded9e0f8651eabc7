"""Writes the tables of fields in `docs/import-schema.md` from the published schemas.

`python -m imports.schema.document` writes them, with `--check` it only tells whether they are stale.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imports.schema import FOLDER, published_schema

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "import-schema.md"
BEGIN, END = "<!-- fields of {name}: begin -->", "<!-- fields of {name}: end -->"
RECORDS = {
    "header": "The header",
    "benchmark": "benchmark",
    "benchmark_point": "benchmark_point: a price of a benchmark",
    "strategy": "strategy",
    "vault": "vault",
    "performance": "performance: a point of a series",
    "holding": "holding",
    "trade": "trade",
    "report": "report: claims of the producer",
}
Json = dict[str, Any]


def tables_of_v1() -> str:
    """Write the records of version 1.0, a table each."""
    schema = published_schema("1.0")
    definitions = schema["$defs"]
    parts = []
    for name, title in RECORDS.items():
        fields = definitions[f"{name}_fields"]
        parts.append(f"#### {title}\n\n{fields['description']}\n\n{_table(fields, definitions)}")
    return "\n\n".join(parts)


def tables_of_llm_context() -> str:
    """Write the sections of the older format, a table each."""
    schema = json.loads((FOLDER / "llm_context_1_0.json").read_text(encoding="utf-8"))
    definitions = schema["$defs"]
    parts = []
    for name, section in schema["properties"].items():
        fields = section.get("items", section)
        title = f"#### `{name}`\n\n{section['description']}"
        if "properties" in fields:
            title += f"\n\n{_table(fields, definitions)}"
        parts.append(title)
    return "\n\n".join(parts)


def _table(fields: Json, definitions: Json) -> str:
    """Write one table: name, type and bounds, needed or not, meaning."""
    required = set(fields.get("required", ()))
    lines = ["| field | type | needed | meaning |", "|---|---|---|---|"]
    for name, field in fields["properties"].items():
        needed = "yes" if name in required else "no"
        meaning = field.get("description") or _resolved(field, definitions).get("description", "")
        kind = "; ".join(_kinds(field, definitions))
        cells = (f"`{name}`", kind, needed, meaning)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _resolved(field: Json, definitions: Json) -> Json:
    """Follow a reference."""
    if "$ref" not in field:
        return field
    found: Json = definitions[field["$ref"].rsplit("/", maxsplit=1)[-1]]
    return found


def _kinds(field: Json, definitions: Json) -> Iterator[str]:
    """Say what a value may be, in words."""
    own = _resolved(field, definitions)
    choices = own.get("anyOf") or own.get("oneOf")
    if choices:
        yield " or ".join("; ".join(_kinds(one, definitions)) for one in choices)
        return
    if "const" in own:
        yield f"`{own['const']}`"
    elif "enum" in own:
        yield " or ".join(f"`{word}`" for word in own["enum"])
    else:
        kind = own.get("type", "anything")
        yield " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in own:
        yield "of " + "; ".join(_kinds(own["items"], definitions))
    yield from _bounds(own)


def _bounds(own: Json) -> Iterator[str]:
    """Say what bounds a value."""
    words = {
        "format": "{}",
        "minimum": "at least {}",
        "maximum": "at most {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minItems": "at least {}",
        "maxItems": "at most {}",
        "maxProperties": "at most {} entries",
    }
    for key, wording in words.items():
        if key in own:
            value = own[key]
            yield wording.format(f"{value:g}" if isinstance(value, float) else value)
    if own.get("multipleOf") == 1:
        yield "whole"


def rendered(text: str) -> str:
    """Give the document with its tables as they must be."""
    for name, tables in (("1.0", tables_of_v1()), ("llm_context", tables_of_llm_context())):
        begin, end = BEGIN.format(name=name), END.format(name=name)
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n\n{tables}\n\n{end}{after}"
    return text


def main(arguments: list[str]) -> int:
    """Write the document, or check it; 1 where it is stale."""
    present = DOCUMENT.read_text(encoding="utf-8")
    wanted = rendered(present)
    if "--check" in arguments:
        if present == wanted:
            return 0
        sys.stderr.write("docs/import-schema.md is stale; run python -m imports.schema.document\n")
        return 1
    DOCUMENT.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
