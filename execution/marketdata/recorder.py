"""Recorded answers of sources: written while they are asked, read back as if they answered again.

The seam is the lowest one, where bytes come from the wire, so a replayed answer goes through the same
reading, normalising and refusing as a live one. One JSON line an answer; addresses are kept without
their host, headers only where the reading needs them.
"""

import base64
import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atlas.domain.errors import InvalidInput, Temporary, UnusableData
from atlas.domain.recording import RecordingEnded
from atlas.http import Answer
from execution.marketdata.asking import Fetch

KEPT_HEADERS = ("date", "retry-after", "content-type")


class Recorder:
    """A `Fetch` that asks another one and writes down what it said, time-outs included."""

    def __init__(self, fetch: Fetch, path: Path, *, read: Callable[[], datetime]) -> None:
        self._fetch, self._path, self._read = fetch, path, read
        self._lock = threading.Lock()

    def __call__(self, url: str, *, timeout_seconds: float, max_bytes: int) -> Answer:
        """Send the request and write its end down; the line is there before anybody uses it."""
        row: dict[str, Any] = {"at": self._read().isoformat(), "target": _target(url)}
        try:
            answer = self._fetch(url, timeout_seconds=timeout_seconds, max_bytes=max_bytes)
        except Temporary as error:
            self._write({**row, "temporary": error.message})
            raise
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        body = base64.b64encode(answer.body).decode()
        self._write(
            {**row, "host": answer.host, "status": answer.status, "headers": headers, "body": body}
        )
        return answer

    def _write(self, row: dict[str, Any]) -> None:
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


class Replayer:
    """A `Fetch` that gives recorded answers, each target's in the order in which they came."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._rows: dict[str, list[dict[str, Any]]] = {}
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            row = _row(line, f"{path.name}, line {number}")
            self._rows.setdefault(row["target"], []).append(row)

    def __call__(self, url: str, *, timeout_seconds: float, max_bytes: int) -> Answer:
        """Give the next answer; RecordingEnded after the last, UnusableData for what was not asked."""
        target = _target(url)
        if target not in self._rows:
            raise UnusableData(f"{self._name} holds no answer to {target}.", code="not_recorded")
        if not self._rows[target]:
            raise RecordingEnded(f"{self._name} holds no further answer to {target}.")
        row = self._rows[target].pop(0)
        if "temporary" in row:
            raise Temporary(row["temporary"])
        body = base64.b64decode(row["body"])
        return Answer(row["host"], row["status"], row["headers"], body)


def _target(url: str) -> str:
    """Give path and query: which endpoint answered does not matter, and hosts may carry secrets."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _row(line: str, where: str) -> dict[str, Any]:
    """Read one line; InvalidInput where it is no recorded answer."""
    try:
        row: dict[str, Any] = json.loads(line)
        complete = "temporary" in row or {"host", "status", "headers", "body"} <= row.keys()
        if complete and isinstance(row["target"], str):
            return row
    except (ValueError, KeyError, AttributeError):
        pass
    raise InvalidInput(f"{where}: this is no recorded answer.")
