"""`make run`: one run of Atlas per checkout, from the first server to an orderly end."""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from atlas.embedded.checkout import Checkout, make_folder
from atlas.embedded.credentials import Credentials
from atlas.embedded.launch import Addresses, Launch
from atlas.embedded.locks import Lock, LockHeld
from atlas.embedded.output import Output
from atlas.embedded.problems import CannotStart
from atlas.embedded.run_state import RunState, end_leftovers
from atlas.embedded.services import FLOWER_USER, plan_services
from atlas.embedded.supervisor import StopRequested, Supervisor

PURPOSE = "run"
SETTINGS = "DJANGO_SETTINGS_MODULE"


def run(checkout: Checkout, environ: Mapping[str, str], *, python: Path) -> int:
    """Run Atlas until somebody ends it; 0 after an orderly end. Raises CannotStart."""
    refuse_production(environ)
    checkout.make_state()
    folder = make_folder(checkout.state / PURPOSE)
    with held_run_lock(checkout) as lock:
        output = Output()
        left = end_leftovers(folder / "state.json")
        if left:
            output.say(f"Ended {left} processes that an earlier run, which was killed, had left.")
        word = secrets.token_hex(8)
        with closing(Supervisor(output, RunState(folder / "state.json", word))) as supervisor:
            supervisor.catch_signals()
            return _run(Launch(checkout, environ, python, word, supervisor), lock)


def _run(launch: Launch, lock: Lock) -> int:
    """Start, tend, and end in order whatever happens."""
    supervisor, began = launch.supervisor, time.monotonic()
    folder = launch.checkout.state / PURPOSE
    try:
        services = plan_services(
            launch.checkout, launch.environ, purpose=PURPOSE, is_for_tests=False
        )
        addresses = launch.begin(services)
        lock.note(url=addresses.web)
        _announce(supervisor.output, addresses, seconds=time.monotonic() - began)
        if launch.environ.get("ATLAS_FLOWER_BASIC_AUTH"):
            supervisor.output.say("  Flower asks for what ATLAS_FLOWER_BASIC_AUTH says.")
        else:
            _tell_flower_login(supervisor.output, services.credentials, folder)
        while True:
            supervisor.pump(1.0)
    except StopRequested:
        supervisor.output.say("Ending everything that was started.")
    finally:
        supervisor.stop_all()
    supervisor.output.say("Ended. The data is kept; `make run` goes on where this run stopped.")
    return 0


def _announce(output: Output, addresses: Addresses, *, seconds: float) -> None:
    """Say that Atlas is ready, and where."""
    output.say(f"Atlas is ready in {seconds:.1f} s. Ctrl-C ends it.")
    for line in addresses.lines:
        output.say(line)
    if not addresses.has_signer:
        output.say("  The signer worker was not started: ATLAS_SIGNER_DATABASE_URL is not set.")


def _tell_flower_login(output: Output, credentials: Credentials, folder: Path) -> None:
    """Print Flower's password once in the life of this checkout; later say where it is kept."""
    shown = folder / "flower-password-shown"
    if shown.exists():
        place = folder / "credentials.json"
        output.say(f"  Flower asks for user {FLOWER_USER}; the password is kept in {place}")
        return
    password = credentials.flower_password
    output.say(f"  Flower asks for user {FLOWER_USER}, password {password} (shown this once)")
    shown.touch()


@contextmanager
def held_run_lock(checkout: Checkout) -> Iterator[Lock]:
    """Hold the right to run Atlas in this checkout; raises CannotStart where it already runs."""
    lock = Lock(checkout.state / "run.lock")
    try:
        lock.take()
    except LockHeld as held:
        raise CannotStart(_already_runs(held)) from None
    try:
        yield lock
    finally:
        lock.release()


def _already_runs(held: LockHeld) -> str:
    """Say who runs Atlas in this checkout, and where."""
    pid, url = held.record.get("pid", "unknown"), held.record.get("url")
    where = f"at {url}" if url else "and is just starting"
    return (
        f"Atlas already runs in this checkout (pid {pid}) {where}. "
        f"End it with Ctrl-C in its terminal or `kill {pid}`, then try again."
    )


def refuse_production(environ: Mapping[str, str]) -> None:
    """Raise CannotStart under production settings: this command makes demo users."""
    if environ.get(SETTINGS, "").endswith("production"):
        raise CannotStart(
            f"`make run` is for one's own machine and makes demo data; {SETTINGS} asks for "
            "production. Unset it, or start the processes of the Procfile instead."
        )
