"""The virtual environment: made from the hash-locked requirements, known to be whole, rebuilt if not.

Standard library only, for it runs before anything is installed. A marker is written into `.venv` as
the last step of an installation; an environment without one, or whose marker no longer fits the
lock file, the place or the Python, is made anew.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from atlas.embedded.checkout import Checkout, read_record, write_private
from atlas.embedded.environment import clean_environment
from atlas.embedded.locks import Lock, LockHeld
from atlas.embedded.pip_problems import explain_pip, explain_venv
from atlas.embedded.problems import CannotStart, from_os_error
from atlas.embedded.processes import tie_to_parent

SETS = ("base", "embedded", "test", "dev")  # each holds the ones before it
NEEDED_MB = {"base": 600, "embedded": 800, "test": 1200, "dev": 1700}
STRANGE_PIP_SETTINGS = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_HASHES", "PIP_NO_DEPS"}
WAIT_SECONDS = 1800.0
HEARTBEAT_SECONDS = 20
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Installed:
    """What a whole environment was made from."""

    set: str
    lock: str
    project: str
    python: str
    root: str


class Environment:
    """The virtual environment of one checkout."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.folder = checkout.root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.marker = self.folder / "atlas-installed.json"

    def ensure(self, wanted: str) -> None:
        """Make sure that at least the set `wanted` is installed; quick when it is.

        Raises CannotStart with a sentence where that fails; the next attempt then starts over.
        """
        if self.is_whole(wanted):
            return
        lock = Lock(self.checkout.state / "setup.lock")
        try:
            lock.take_patiently(seconds=WAIT_SECONDS)
        except LockHeld as held:
            raise CannotStart(
                f"Another set-up of this checkout (pid {held.record.get('pid')}) has not ended for "
                f"{WAIT_SECONDS:.0f} s. End it and try again."
            ) from None
        try:
            if not self.is_whole(wanted):
                self._install(wanted)
        finally:
            lock.release()

    def is_whole(self, wanted: str) -> bool:
        """Tell whether `wanted` or a set that holds it stands, from the present lock files."""
        installed = self.installed()
        if installed is None or SETS.index(installed.set) < SETS.index(wanted):
            return False
        return installed == self.described(installed.set) and self._answers()

    def installed(self) -> Installed | None:
        """Read the marker; None where there is none or it is not one of ours."""
        record = read_record(self.marker) or {}
        if record.keys() != Installed.__annotations__.keys() or record["set"] not in SETS:
            return None
        return Installed(**record)

    def described(self, name: str) -> Installed:
        """Describe the environment that the present files ask for."""
        return Installed(
            set=name,
            lock=_digest(self.requirements(name)),
            project=_digest(self.checkout.root / "pyproject.toml"),
            python=sys.version.split()[0],
            root=str(self.checkout.root),
        )

    def requirements(self, name: str) -> Path:
        """Name the lock file of a set."""
        return self.checkout.root / "requirements" / f"{name}.txt"

    def _answers(self) -> bool:
        """Tell whether the environment's Python still starts (its base may have been removed)."""
        try:
            answer = subprocess.call([self.python, "-I", "-c", ""], stderr=subprocess.DEVNULL)
        except OSError:
            return False
        return answer == 0

    def _install(self, wanted: str) -> None:
        """Install what is missing: only the project, the rest of a larger set, or everything."""
        self._refuse_link()
        installed, name = self.installed(), wanted
        if installed is not None and SETS.index(installed.set) > SETS.index(wanted):
            name = installed.set
        target = self.described(name)
        keeps = installed is not None and self._is_current(installed) and self._answers()
        self.marker.unlink(missing_ok=True)
        if not keeps:
            self._make_anew(name)
        if not keeps or (installed is not None and installed.set != name):
            self._install_requirements(name)
        self._pip("--no-deps", "--no-build-isolation", "-e", ".", log="install-project.log")
        write_private(self.marker, asdict(target))

    def _is_current(self, installed: Installed) -> bool:
        """Tell whether an installed set still is what its lock file says."""
        now = self.described(installed.set)
        return (installed.lock, installed.python, installed.root) == (
            now.lock,
            now.python,
            now.root,
        )

    def _refuse_link(self) -> None:
        """Refuse to empty a folder that belongs to somebody else: emptying follows a link."""
        if self.folder.is_symlink():
            raise CannotStart(
                f"{self.folder} is a link to {self.folder.readlink()}, and what stands there was not "
                "made for this checkout. Remove the link and try again: an environment is made here."
            )

    def _make_anew(self, name: str) -> None:
        """Remove what stands in `.venv` and make an empty environment."""
        self._refuse_while_running()
        free = shutil.disk_usage(self.checkout.root).free // MEGABYTE
        if free < NEEDED_MB[name]:
            raise CannotStart(
                f"The installation needs {NEEDED_MB[name]} MB on the disk of {self.checkout.root} "
                f"and {free} MB are free. Free some space and try again."
            )
        if self.folder.exists():
            _say("The virtual environment is incomplete or out of date; making it anew.")
        done = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(self.folder)],
            env=self._environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CannotStart(explain_venv(done.stdout + done.stderr))

    def _refuse_while_running(self) -> None:
        """Refuse to pull the programs away from under a running Atlas."""
        lock = Lock(self.checkout.state / "run.lock")
        try:
            lock.take()
        except LockHeld as held:
            raise CannotStart(
                "The requirements have changed while Atlas runs from this checkout "
                f"(pid {held.record.get('pid')}). End it with Ctrl-C and try again."
            ) from None
        lock.release()

    def _install_requirements(self, name: str) -> None:
        """Install a set from its lock file, every file checked against its hash."""
        lock_file = self.requirements(name)
        count = sum("==" in line for line in lock_file.read_text(encoding="utf-8").splitlines())
        _say(f"Installing {count} packages of requirements/{name}.txt, each checked by its hash.")
        self._pip("--require-hashes", "-r", str(lock_file), log="install.log")

    def _pip(self, *options: str, log: str) -> None:
        """Run `pip install`, its words going to a log; raises CannotStart with their meaning."""
        path = self.checkout.logs / log
        argv = [str(self.python), "-m", "pip", "install", "--no-input", *options]
        with path.open("wb") as output:
            child = subprocess.Popen(
                argv,
                env=self._environ(),
                cwd=self.checkout.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=tie_to_parent(signal.SIGTERM),  # noqa: PLW1509  # started from one thread
            )
            code = _wait_aloud(child)
        if code != 0:
            raise CannotStart(explain_pip(path.read_text(encoding="utf-8", errors="replace"), path))

    def _environ(self) -> dict[str, str]:
        """Give pip's environment, without settings that would install elsewhere."""
        environ = clean_environment(os.environ, python=self.python)
        kept = {name: value for name, value in environ.items() if name not in STRANGE_PIP_SETTINGS}
        return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}


def _wait_aloud(child: subprocess.Popen[bytes]) -> int:
    """Wait for a child and say now and then that it is still at work; end it with us."""
    waited = 0
    while True:
        try:
            return child.wait(timeout=HEARTBEAT_SECONDS)
        except subprocess.TimeoutExpired:
            waited += HEARTBEAT_SECONDS
            _say(f"  still installing after {waited} s")
        except BaseException:
            child.terminate()
            child.wait()
            raise


def _digest(path: Path) -> str:
    """Hash a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _say(line: str) -> None:
    """Tell the user what happens, at once."""
    print(line, flush=True)


def prepare(checkout: Checkout, wanted: str) -> Environment:
    """Make sure that a set stands; raises CannotStart with one sentence where it cannot."""
    environment = Environment(checkout)
    try:
        checkout.make_state()
        environment.ensure(wanted)
    except OSError as problem:
        raise from_os_error(problem, doing="the set-up of this checkout") from problem
    return environment
