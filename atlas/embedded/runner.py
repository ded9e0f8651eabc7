"""`make run`: one run of Atlas per checkout, from the first server to an orderly end."""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from atlas.embedded.addresses import choose_addresses
from atlas.embedded.checkout import Checkout, make_folder
from atlas.embedded.credentials import Credentials
from atlas.embedded.launch import Launch
from atlas.embedded.locks import Lock, LockHeld
from atlas.embedded.output import Output
from atlas.embedded.problems import CannotStart
from atlas.embedded.run_state import RunState, end_leftovers
from atlas.embedded.services import FLOWER_USER, plan_services
from atlas.embedded.supervisor import StopRequested, Supervisor
from atlas.embedded.watchdog import Watchdog

PURPOSE = "run"
SETTINGS = "DJANGO_SETTINGS_MODULE"


def run(checkout: Checkout, environ: Mapping[str, str], *, python: Path) -> int:
    """Run Atlas until somebody ends it; 0 after an orderly end. Raises CannotStart."""
    began = time.monotonic()
    refuse_production(environ)
    checkout.make_state()
    folder = make_folder(checkout.state / PURPOSE)
    with held_run_lock(checkout) as lock:
        output = Output()
        left = end_leftovers(folder / "state.json")
        if left:
            output.say(f"Ended {left} processes that an earlier run, which was killed, had left.")
        word = run_name()
        supervisor = Supervisor(output, RunState(folder / "state.json", word))
        watchdog = Watchdog(checkout, supervisor.state, python=python)
        with (
            closing(supervisor),
            closing(watchdog),
            closing(choose_addresses(environ)) as addresses,
        ):
            supervisor.catch_signals()
            services = plan_services(checkout, environ, purpose=PURPOSE, is_for_tests=False)
            connections = services.connections(environ, prefix=f"atlas-{checkout.digest[:8]}")
            launch = Launch(
                checkout, environ, python, word, supervisor, services, connections, addresses
            )
            return _run(launch, lock, began=began)


def run_name() -> str:
    """Draw the name of a run; its processes carry it in their environment."""
    return secrets.token_hex(8)


def _run(launch: Launch, lock: Lock, *, began: float) -> int:
    """Start, tend, and end in order whatever happens."""
    supervisor, output = launch.supervisor, launch.supervisor.output
    try:
        launch.begin()
        lock.note(url=launch.addresses.web)
        _announce(launch, seconds=time.monotonic() - began)
        while True:
            supervisor.pump(1.0)
    except StopRequested:
        output.say("Ending everything that was started.")
    finally:
        supervisor.stop_all()
    output.say("Ended. The data is kept; `make run` goes on where this run stopped.")
    return 0


def _announce(launch: Launch, *, seconds: float) -> None:
    """Say that Atlas is ready, where, and how to get in."""
    say = launch.supervisor.output.say
    say(f"Atlas is ready in {seconds:.1f} s. Ctrl-C ends it.")
    for line in launch.addresses.lines:
        say(line)
    if not launch.has_signer:
        say("  The signer worker was not started: ATLAS_SIGNER_DATABASE_URL is not set.")
    if not launch.makes_demo:
        say("  A database of your own gets no demo operators and deployments. Make an account with")
        say("  `manage.py createsuperuser`, or start with ATLAS_DEBUG=true to get the demo.")
    if launch.environ.get("ATLAS_FLOWER_BASIC_AUTH"):
        say("  Flower asks for what ATLAS_FLOWER_BASIC_AUTH says.")
    else:
        folder = launch.checkout.state / PURPOSE
        _tell_flower_login(launch.supervisor.output, launch.services.credentials, folder)


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
