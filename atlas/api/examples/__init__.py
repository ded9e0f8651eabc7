"""Real answers for the OpenAPI document, one file an operation.

They are what the API answers over the imported sample export; `tests/api/test_examples.py` holds them
to it and writes them anew where WRITE_EXAMPLES is set.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).resolve().parent


@cache
def example_of(operation_id: str) -> Any:
    """Give the example of an operation, or None where it has none."""
    path = FOLDER / f"{operation_id}.json"
    return orjson.loads(path.read_bytes()) if path.exists() else None
