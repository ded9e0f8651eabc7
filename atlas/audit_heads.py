"""Heads of the audit chain, kept where the owner of the database cannot reach them.

The owner could rewrite the whole log and every seal with it, and the chain would hold. What cannot be
rewritten is a head that was written elsewhere before: each day one goes into a file of the storage
folder, into every archive that is registered, and into the log lines.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from atlas import sealing
from atlas.domain.errors import InvalidInput
from atlas.registries import archives
from atlas.sealing import Finding, Head

log = structlog.get_logger(__name__)

FOLDER = "audit-heads"


def folder() -> Path:
    """Give the folder of the heads of this installation."""
    return Path(settings.ATLAS_STORAGE_DIR) / FOLDER


def text_of(head: Head, *, now: datetime) -> str:
    """Word a head as JSON, with the installation and the moment of the export."""
    told = {**asdict(head), "exported_at": now, "instance": settings.ATLAS_INSTANCE_NAME}
    return json.dumps(told, default=str, indent=2) + "\n"


def keep(*, now: datetime) -> Path | None:
    """Export the present head everywhere; gives its file, None where nothing is sealed yet.

    A file that is there is never written again. Raises what an archive raises, after the file and
    the log line are written.
    """
    head = sealing.head()
    if head is None:
        return None
    log.info(
        "audit_head",
        seal=head.seal,
        seal_hash=head.seal_hash,
        last_event=head.last_event,
        sealed_at=head.sealed_at.isoformat(),
    )
    text = text_of(head, now=now)
    path = folder() / f"{now:%Y-%m-%dT%H%M%S}Z-seal-{head.seal}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(text, encoding="utf-8")
    for _, archive in archives:
        archive(f"{FOLDER}/{path.name}", path)
    return path


def contradictions(path: Path) -> Iterator[Finding]:
    """Compare the log with an exported head, or with every head of a folder.

    Raises InvalidInput for a file that is no exported head.
    """
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        told = _read(file)
        message = sealing.contradicts_head(int(told["seal"]), str(told["seal_hash"]))
        if message:
            yield Finding(int(told["seal"]), f"{message} (head {file.name})")


def _read(path: Path) -> dict[str, Any]:
    """Read an exported head."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {"seal": int(told["seal"]), "seal_hash": str(told["seal_hash"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} is no exported head: {error}") from error
