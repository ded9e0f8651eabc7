"""A strategy's folder as one file: its `llm_context.json`, with the `strategy.py` beside it inside.

The code becomes the last field of the object, so that every other byte keeps its place. Links are
not followed: a folder may name only what lies in it. Nothing in it is ever run.
"""

import io
import json
import os
import stat
from pathlib import Path

from atlas.domain.errors import InvalidInput

CONTEXT_NAME = "llm_context.json"
CODE_NAME = "strategy.py"
LARGEST_BYTES = 64 * 1024 * 1024
LARGEST_CODE_BYTES = 1024 * 1024


class UnusableFolder(InvalidInput):
    """The folder holds no strategy that could be read."""

    code = "unusable_folder"


def folder_stream(folder: Path) -> io.BytesIO:
    """Read a strategy's folder; raises UnusableFolder with what is wrong and what to do."""
    context = _read(folder / CONTEXT_NAME, LARGEST_BYTES)
    if context is None:
        raise UnusableFolder(
            f"{folder.name} holds no {CONTEXT_NAME}; name a file, or a folder of one strategy."
        )
    code = _read(folder / CODE_NAME, LARGEST_CODE_BYTES)
    if code is None:
        return io.BytesIO(context)
    try:
        text = code.decode()
    except UnicodeDecodeError:
        raise UnusableFolder(f"{folder.name}/{CODE_NAME} is not UTF-8; save it anew.") from None
    return io.BytesIO(_with_code(folder, context, text))


def _with_code(folder: Path, context: bytes, code: str) -> bytes:
    """Put the code into the object as its last field, where the object does not have it."""
    try:
        top = json.loads(context)
    except (ValueError, RecursionError):
        return context  # the import says what is wrong with it, and where
    if not isinstance(top, dict):
        return context
    inside = top.get("source_code")
    if inside is not None and inside != code:
        raise UnusableFolder(
            f"{folder.name} holds two different codes, one in {CONTEXT_NAME} and {CODE_NAME}; "
            "remove the one that is out of date."
        )
    if inside is not None:
        return context
    comma = b"," if top else b""
    body = context.rstrip()[:-1].rstrip()
    return body + comma + b'"source_code":' + json.dumps(code).encode() + b"}\n"


def _read(path: Path, largest: int) -> bytes | None:
    """Read a plain file that lies here; None where there is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = "it is a link" if path.is_symlink() else error.strerror
        raise UnusableFolder(f"{path.name} cannot be read: {reason}.") from None
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnusableFolder(f"{path.name} is no plain file.")
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise UnusableFolder(f"{path.name} is larger than {largest // 2**20} MB.")
    return data
