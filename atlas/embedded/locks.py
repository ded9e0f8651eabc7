"""One lock file for one thing at a time in a checkout; the kernel frees it when its holder dies."""

import errno
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from atlas.embedded.checkout import PRIVATE_FILE
from atlas.embedded.processes import ProcessId, identify

NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


class LockHeld(Exception):
    """Somebody else holds the lock; `record` is what they wrote about themselves."""

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__("the lock is held")
        self.record = record


class Lock:
    """An exclusive lock on a file.

    The kernel's file lock decides. On file systems without one the record in the file decides: it
    names the holder by process number and start time, and a dead holder holds nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self, **record: Any) -> None:
        """Take the lock and write who holds it; raises LockHeld at once where it is taken."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            self._claim(handle)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        self.note(**record)

    def take_patiently(self, *, seconds: float) -> None:
        """Take the lock, waiting for its holder; raises LockHeld when `seconds` have passed."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.take()
            except LockHeld:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(0.2)

    def note(self, **record: Any) -> None:
        """Write who holds the lock and what others should know of them."""
        if self._handle is None:
            return
        me = identify(os.getpid())
        text = json.dumps({"pid": os.getpid(), "started": me.started if me else "", **record})
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def release(self) -> None:
        """Free the lock; the file stays, so that nobody locks a deleted one."""
        if self._handle is None:
            return
        os.ftruncate(self._handle, 0)
        os.close(self._handle)
        self._handle = None

    def _claim(self, handle: int) -> None:
        """Claim the open file; raises LockHeld."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(_record(handle)) from None
        except OSError as problem:
            if problem.errno not in NO_LOCKS_HERE:
                raise
            record = _record(handle)
            if holder_is_alive(record):
                raise LockHeld(record) from None


def holder_is_alive(record: dict[str, Any]) -> bool:
    """Tell whether the process that wrote a lock's record still runs."""
    pid, started = record.get("pid"), record.get("started")
    if not isinstance(pid, int) or not isinstance(started, str):
        return False
    return pid != os.getpid() and ProcessId(pid, started).is_alive


def _record(handle: int) -> dict[str, Any]:
    """Read what the holder wrote; empty where they are just writing it."""
    try:
        content = json.loads(os.pread(handle, 4096, 0) or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
