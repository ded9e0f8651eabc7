"""Where the embedded servers keep their data, so that their user can reach it.

The place is the checkout's own `.atlas` folder. Where root's servers run as another user who may
not pass the folders above (a home of mode 0700), it is a folder of this checkout in the system's
place for files that outlive a reboot; `.atlas/location.json` remembers which, so that a changed
permission never makes data seem lost.
"""

import shutil
import stat
from os import geteuid
from pathlib import Path

from atlas.embedded.checkout import (
    PASSABLE_FOLDER,
    Checkout,
    make_folder,
    read_record,
    write_private,
)
from atlas.embedded.problems import CannotStart
from atlas.embedded.service_user import ServiceUser

SYSTEM_PLACE = Path("/var/tmp")  # noqa: S108  # owner and mode of our folder there are checked


def location_record(checkout: Checkout) -> Path:
    """Name the file that remembers where the data is."""
    return checkout.state / "location.json"


def service_root(checkout: Checkout, user: ServiceUser) -> Path:
    """Give the folder below which the servers of this checkout keep their data; make it if needed.

    Raises CannotStart where the remembered folder cannot be used any more.
    """
    known = read_record(location_record(checkout))
    root = Path(known["folder"]) if known else _choose_root(checkout, user)
    if root != checkout.state:
        _make_system_folder(root)
    if not user.can_enter(root):
        raise CannotStart(
            f"The database's user (uid {user.uid}) can no longer reach {root}. "
            "Restore the permissions of the folders above it (chmod o+x), or run `make reset`."
        )
    if known is None:
        write_private(location_record(checkout), {"folder": str(root)})
    return root


def _choose_root(checkout: Checkout, user: ServiceUser) -> Path:
    """Choose the checkout's own folder where the servers' user can reach it."""
    if user.can_enter(checkout.state):
        return checkout.state
    return system_folder(checkout)


def system_folder(checkout: Checkout) -> Path:
    """Name this checkout's folder outside the checkout."""
    return SYSTEM_PLACE / f"atlas-{checkout.digest}"


def _make_system_folder(folder: Path) -> None:
    """Create our folder in a place where anybody may create; refuse one that is not ours."""
    folder.mkdir(mode=PASSABLE_FOLDER, exist_ok=True)
    refuse_strangers_folder(folder)
    folder.chmod(PASSABLE_FOLDER)


def refuse_strangers_folder(folder: Path) -> None:
    """Raise CannotStart unless `folder` is a real folder that only we can write to."""
    status = folder.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == geteuid()
    if is_ours and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return
    raise CannotStart(
        f"{folder} was made by somebody else or others may write to it. "
        "Find out who made it, remove it and try again."
    )


def purpose_folder(checkout: Checkout, user: ServiceUser, purpose: str) -> Path:
    """Give the folder of one purpose (`run`, `test-0`) below the service root; make it if needed."""
    return make_folder(service_root(checkout, user) / purpose)


def known_roots(checkout: Checkout) -> list[Path]:
    """List the folders below which servers of this checkout may have kept data."""
    known = read_record(location_record(checkout)) or {}
    roots = {checkout.state, system_folder(checkout), Path(known.get("folder", checkout.state))}
    return sorted(root for root in roots if root.is_dir() and not root.is_symlink())


def remove_folder(folder: Path) -> None:
    """Remove a folder of ours with all it holds; nothing where there is none."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
