"""Which user the embedded servers run as: oneself, or as root somebody without rights.

PostgreSQL refuses to run as root, and rightly so. As root the servers take the user who called
sudo, else `nobody`; data that exists keeps the owner it has.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atlas.embedded.problems import CannotStart

NOBODY = "nobody"
SHELL = "/bin/sh"


@dataclass(frozen=True)
class ServiceUser:
    """The user and group of the servers; `is_other` where that is not this process's own."""

    uid: int
    gid: int
    is_other: bool

    def runs(self, argv: Sequence[str | Path]) -> bool:
        """Tell whether this user can run a command to a good end."""
        try:
            done = subprocess.run(
                [str(part) for part in argv],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd="/",
                check=False,
                user=self.uid if self.is_other else None,
                group=self.gid if self.is_other else None,
                extra_groups=[] if self.is_other else None,
            )
        except OSError:
            return False
        return done.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can go into a folder: every folder above lets them pass."""
        return self.runs([SHELL, "-c", 'cd -- "$1"', SHELL, folder])

    def own(self, path: Path) -> None:
        """Make a file or folder this user's."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)


def choose_service_user(environ: Mapping[str, str], *, data: Path) -> ServiceUser:
    """Choose the servers' user; raises CannotStart where root finds nobody to step down to."""
    if os.geteuid() != 0:
        return ServiceUser(os.geteuid(), os.getegid(), is_other=False)
    owner = _owner_of(data)
    if owner is not None:
        return owner
    caller = environ.get("SUDO_UID", "")
    if caller.isdigit() and int(caller) != 0 and _is_known(int(caller)):
        return _as_other(pwd.getpwuid(int(caller)))
    try:
        return _as_other(pwd.getpwnam(NOBODY))
    except KeyError:
        raise CannotStart(
            "PostgreSQL does not run as root and this system has no user `nobody`. "
            "Run `make run` as an ordinary user."
        ) from None


def _owner_of(data: Path) -> ServiceUser | None:
    """Give the user who owns existing data, if it is not root."""
    try:
        status = data.stat()
    except FileNotFoundError:
        return None
    if status.st_uid == 0 or not _is_known(status.st_uid):
        return None
    return _as_other(pwd.getpwuid(status.st_uid))


def _as_other(entry: pwd.struct_passwd) -> ServiceUser:
    """Turn an entry of the user list into a service user."""
    return ServiceUser(entry.pw_uid, entry.pw_gid, is_other=True)


def _is_known(uid: int) -> bool:
    """Tell whether the system has a name for a user number (PostgreSQL asks for it)."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
