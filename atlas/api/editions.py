"""Which code wrote an answer: cached bytes and ETags of one edition never serve another."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ("*.py", "*.html", "*.css")
PACKAGES = ("atlas", "config", "execution", "imports", "onchain", "strategies")


@cache
def code_edition() -> str:
    """Give a digest over all source of this process, by path and content: code and templates."""
    state = hashlib.blake2b(digest_size=12)
    for package in PACKAGES:
        for path in sorted(_sources(ROOT / package)):
            state.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
            state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    """Give the files that decide how an answer looks."""
    for ending in SOURCES:
        yield from folder.rglob(ending)
