"""`make reset`: wipes what the embedded servers of this checkout kept. Standard library only."""

from contextlib import ExitStack

from atlas.embedded.checkout import Checkout
from atlas.embedded.locks import Lock, LockHeld
from atlas.embedded.places import (
    known_roots,
    location_record,
    refuse_strangers_folder,
    remove_folder,
    system_folder,
)
from atlas.embedded.problems import CannotStart
from atlas.embedded.run_state import end_leftovers

OUR_FOLDERS = ("run", "test-*", "programs", "storage", "logs")
LOCKS = ("run.lock", "test-*.lock")


def reset(checkout: Checkout) -> int:
    """Remove databases, queues, passwords and stored files; 0 when nothing of them is left.

    Raises CannotStart while Atlas or a test run works in this checkout.
    """
    if not checkout.state.is_dir():
        print("Nothing to wipe: Atlas has not run in this checkout.")
        return 0
    with ExitStack() as held:
        for pattern in LOCKS:
            for path in sorted(checkout.state.glob(pattern)):
                held.enter_context(_held(Lock(path)))
        end_leftovers(checkout.state / "run" / "state.json")
        wiped = _wipe(checkout)
    print(f"Wiped {wiped} folders of embedded data. The next `make run` starts afresh.")
    return 0


def _held(lock: Lock) -> ExitStack:
    """Take a lock until the stack is closed; raises CannotStart where somebody works under it."""
    try:
        lock.take()
    except LockHeld as busy:
        raise CannotStart(
            f"Atlas or a test run is at work in this checkout (pid {busy.record.get('pid')}). "
            "End it first; nothing was wiped."
        ) from None
    stack = ExitStack()
    stack.callback(lock.release)
    return stack


def _wipe(checkout: Checkout) -> int:
    """Remove our own folders, wherever this checkout keeps them; give how many that were."""
    wiped = 0
    for root in known_roots(checkout):
        if root != checkout.state:
            refuse_strangers_folder(root)
        folders = [path for pattern in OUR_FOLDERS for path in sorted(root.glob(pattern))]
        for folder in [path for path in folders if path.is_dir()]:
            remove_folder(folder)
            wiped += 1
    if system_folder(checkout).is_dir():
        system_folder(checkout).rmdir()
    location_record(checkout).unlink(missing_ok=True)
    return wiped
