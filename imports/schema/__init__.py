"""The published schemas, one file a version; `docs/import-schema.md` is written from them."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def published_schema(version: str) -> dict[str, Any]:
    """Read the JSON Schema of a version, for example "1.0"."""
    name = f"v{version.replace('.', '_')}.json"
    schema: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return schema
