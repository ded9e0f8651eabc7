"""What a run has started, on disk: so that the next one can end what a killed one left behind."""

import signal
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from atlas.embedded.checkout import read_record, write_private
from atlas.embedded.children import RUN_WORD
from atlas.embedded.processes import ProcessId, carrying, end_all, identify

PATIENCE_SECONDS = 10.0


@dataclass
class RunState:
    """The children of one run, each named by number and start time."""

    path: Path
    run: str
    children: dict[str, ProcessId] = field(default_factory=dict)

    def add(self, name: str, pid: int) -> None:
        """Note a child that was just started."""
        process = identify(pid)
        if process is not None:
            self.children[name] = process
            self._write()

    def remove(self, name: str) -> None:
        """Note that a child is gone."""
        if self.children.pop(name, None) is not None:
            self._write()

    def clear(self) -> None:
        """Note that nothing is left of this run."""
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        """Write the whole state anew."""
        children = {name: asdict(process) for name, process in self.children.items()}
        write_private(self.path, {"run": self.run, "children": children})


def end_leftovers(path: Path) -> int:
    """End what is left of an earlier run, by its own record; give how many processes that were.

    Call it while holding the run lock: only then is the earlier run known to be over. A process
    whose number was given to somebody else since is left alone.
    """
    record = read_record(path)
    if record is None:
        return 0
    ended = end_run(path, run=str(record.get("run")))
    path.unlink(missing_ok=True)
    return ended


def end_run(path: Path, *, run: str) -> int:
    """End every process of the run named `run`; give how many that were.

    Where the record at `path` is a later run's, only processes that carry the name are ended.
    """
    record = read_record(path) or {}
    recorded = _recorded(record.get("children")) if record.get("run") == run else []
    left = [*recorded, *carrying(f"{RUN_WORD}={run}")]
    left = [process for process in dict.fromkeys(left) if process.is_alive]
    end_all(left, first=signal.SIGTERM, patience=PATIENCE_SECONDS)
    return len(left)


def _recorded(children: Any) -> list[ProcessId]:
    """Read the recorded children; what is malformed is not ours."""
    if not isinstance(children, dict):
        return []
    entries = [entry for entry in children.values() if isinstance(entry, dict)]
    return [
        ProcessId(entry["pid"], entry["started"])
        for entry in entries
        if isinstance(entry.get("pid"), int) and isinstance(entry.get("started"), str)
    ]
