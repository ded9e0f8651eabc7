"""Which code decided: a digest over the source of everything pure that decisions run through."""

import hashlib
from functools import lru_cache
from pathlib import Path

import atlas.domain
import strategies.rules

DECIDING = (atlas.domain, strategies.rules)


@lru_cache(maxsize=1)
def code_version() -> str:
    """Give the SHA-256 over the modules of the cellar and of the rules, by name and content."""
    state = hashlib.sha256()
    for package in DECIDING:
        (folder,) = package.__path__
        for path in sorted(Path(folder).glob("*.py")):
            state.update(f"{package.__name__}.{path.stem}\0".encode())
            state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()
