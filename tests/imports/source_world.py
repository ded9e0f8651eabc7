"""Sources in tests: set up as an operator would, fetched from as the schedule would."""

import json
import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from atlas.audit import Actor
from atlas.models import Alert
from imports.fetching import Fetched, fetch
from imports.models import ImportSource
from imports.source_settings import create_source
from imports.storage import ContentStore
from imports.vocabulary import SourceKind

ACTOR = Actor.system("tests")


def settled() -> datetime:
    """Give a time at which files that were just written have been left alone for a while."""
    return timezone.now() + timedelta(minutes=1)


def make_source(kind: str, address: str, *, name: str = "nightly", **values: Any) -> ImportSource:
    """Set up a source that is applied at once, unless told otherwise."""
    return create_source(
        name=name,
        kind=SourceKind(kind),
        address=address,
        actor=ACTOR,
        now=timezone.now(),
        **{"policy": "apply", **values},
    )


def fetch_now(source: ImportSource, store: ContentStore, **options: Any) -> list[Fetched]:
    """Fetch from a source."""
    options.setdefault("now", settled())
    source.refresh_from_db()
    return fetch(source, store=store, actor=ACTOR, **options)


def states(done: list[Fetched]) -> list[str]:
    """Give the states of the runs that came of a fetch, or what was wrong."""
    return [str(one.outcome.run.state) if one.outcome else one.problem for one in done]


def alerts() -> dict[str, tuple[str, int]]:
    """Give the alerts: state and count by rule."""
    return {one.rule: (one.state, one.count) for one in Alert.objects.order_by("pk")}


def put(folder: Path, name: str, content: Any, *, age: int = 0) -> Path:
    """Leave a file in a folder as a producer would; `age` makes it that many seconds older."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    if age:
        then = time.time() - age
        os.utime(path, (then, then))
    return path


def names_in(folder: Path) -> list[str]:
    """Give the names in a folder without the times in front of them."""
    return sorted(path.name.partition("Z-")[2] or path.name for path in folder.iterdir())
