"""Gives a test run its PostgreSQL and Redis before Django's settings load.

Loaded by `-p`. The controlling process takes a slot and starts the servers (unless the caller named
servers with ATLAS_DATABASE_URL and ATLAS_REDIS_URL); parallel workers inherit its environment, each
with its own Redis prefix and state folder. The database user of the tests is the owner role, which
may create databases; the app and signer addresses are there for tests of what they may not do.
"""

import atexit
import os
import secrets
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.environment import command_environment
from atlas.embedded.problems import CannotStart, from_os_error
from atlas.embedded.slots import Slot, take_slot

PREFIX = "ATLAS_"
WORKER = "PYTEST_XDIST_WORKER"
SERVERS = {
    "ATLAS_DATABASE_URL",
    "ATLAS_MIGRATE_DATABASE_URL",
    "ATLAS_SIGNER_DATABASE_URL",
    "ATLAS_REDIS_URL",
    "ATLAS_REDIS_PREFIX",
}
_held: list[Slot] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Prepare servers and environment before any other plugin reads the settings."""
    try:
        _prepare()
    except CannotStart as problem:
        raise pytest.UsageError(problem.message) from problem
    except OSError as problem:
        raise pytest.UsageError(from_os_error(problem, doing="starting servers").message) from None
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop what this process started."""
    _release()


def _prepare() -> None:
    """Set the environment of this process: as the controller, or as one of its workers."""
    worker = os.environ.get(WORKER)
    if worker is not None:
        os.environ.update(worker_environment(os.environ, worker=worker))
        return
    told = hermetic(os.environ)
    slot = take_slot(Checkout(ROOT))
    _held.append(slot)
    atexit.register(_release)  # unconfigure is not called when the configuration itself fails
    connections = slot.start(told)
    told = command_environment(told, connections)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(told)
    os.environ["ATLAS_PROCESS"] = "test"


def hermetic(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment without the caller's settings of Atlas, except where servers are.

    A developer's exported switch must not decide how a test ends.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(PREFIX) or name in SERVERS
    }
    return {**kept, "ATLAS_SECRET_KEY": secrets.token_urlsafe(60)}


def worker_environment(environ: Mapping[str, str], *, worker: str) -> dict[str, str]:
    """Give a parallel worker its own Redis prefix and state folder."""
    prefix, state = environ["ATLAS_REDIS_PREFIX"], Path(environ["ATLAS_STATE_DIR"]) / worker
    state.mkdir(parents=True, exist_ok=True)
    return {"ATLAS_REDIS_PREFIX": f"{prefix}-{worker}", "ATLAS_STATE_DIR": str(state)}


def _release() -> None:
    """Stop the servers and free the slot, once."""
    while _held:
        _held.pop().stop()
