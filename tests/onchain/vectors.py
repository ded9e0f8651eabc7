"""Reading the protocol's test vectors: bytes and figures made with the real contracts."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "vectors"


def load(name: str) -> Any:
    """Read one file of vectors."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def raw(text: str) -> bytes:
    """Read 0x-hexadecimal."""
    return bytes.fromhex(text.removeprefix("0x"))
