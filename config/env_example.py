"""Write `.env.example` from the typed environment: `python -m config.env_example [--check]`.

With `--check` nothing is written; the exit code is 1 where the file differs from what it would be.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from config.env import PREFIX, ROOT, Environment

EXAMPLE = ROOT / ".env.example"
COMMAND = "python -m config.env_example"
HEADER = f"""\
# Every setting of Atlas, made by `{COMMAND}` from config/env.py; do not edit by hand.
# A line that starts with #ATLAS_ shows a default. Unknown ATLAS_ names stop the start.
"""


def example_text() -> str:
    """Give the text of the file: one paragraph a setting, required ones first."""
    fields = Environment.model_fields
    required = {name: field for name, field in fields.items() if field.is_required()}
    optional = {name: field for name, field in fields.items() if not field.is_required()}
    paragraphs = [_paragraph(name, field) for name, field in {**required, **optional}.items()]
    return "\n".join([HEADER, *paragraphs])


def main(arguments: Sequence[str]) -> int:
    """Write or check the file; gives the exit code."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write(f"Usage: {COMMAND} [--check]\n")
        return 2
    wanted = example_text()
    if not arguments:
        EXAMPLE.write_text(wanted, encoding="utf-8")
        return 0
    found = EXAMPLE.read_text(encoding="utf-8") if EXAMPLE.exists() else ""
    if found == wanted:
        return 0
    sys.stderr.write(f"{EXAMPLE.name} is not what config/env.py says; run `{COMMAND}`\n")
    return 1


def _paragraph(name: str, field: FieldInfo) -> str:
    """Describe one setting: its line of help, then its name with the default or empty."""
    variable = PREFIX + name.upper()
    if field.is_required():
        return f"# {field.description} Required.\n{variable}=\n"
    return f"# {field.description}\n#{variable}={_worded(field.get_default())}\n"


def _worded(default: Any) -> str:
    """Word a default as it would be written in the environment."""
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return ",".join(default)
    if isinstance(default, Path):
        return str(default.relative_to(ROOT))
    return str(default)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
