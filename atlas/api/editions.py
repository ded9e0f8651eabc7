"""Which code wrote an answer: cached bytes and ETags of one edition never serve another."""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("atlas", "config", "execution", "imports", "onchain", "strategies")


@cache
def code_edition() -> str:
    """Give a digest over all source of this process, by path and content."""
    state = hashlib.blake2b(digest_size=12)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            state.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
            state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()
