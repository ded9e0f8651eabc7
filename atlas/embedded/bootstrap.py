"""The first step of every `make` verb: the right Python, then the virtual environment, then the verb.

Run as a script by whatever `python3` the machine has. Until the version is known to be right, this
file keeps to syntax that any Python 3 can read, so that an old one meets a sentence and not a
traceback; everything that needs Python 3.11 lives in `atlas.embedded.installation`.
"""

import os
import subprocess
import sys

WANTED = (3, 11)
MARK = "BOOTSTRAPPED_BY_ATLAS"  # set for the re-executed interpreter: a shim must not loop
REMEDY = (
    "Install Python 3.11 with its venv module (Debian and Ubuntu: apt install python3.11 "
    "python3.11-venv; macOS: brew install python@3.11; elsewhere: python.org), "
    "make sure that `python3.11` is on PATH, and try again."
)


def python_candidates(path: str):  # type: ignore[no-untyped-def]  # its type would need a newer Python
    """List every `python3.11` on PATH, in order."""
    places = [os.path.join(place, "python3.11") for place in path.split(os.pathsep) if place]
    return [place for place in places if os.access(place, os.X_OK)]


def is_wanted(executable: str) -> bool:
    """Tell whether an interpreter really is Python 3.11 (a shim may stand in for nothing)."""
    question = "import sys; raise SystemExit(sys.version_info[:2] != (3, 11))"
    try:
        answer = subprocess.call(
            [executable, "-I", "-c", question],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return answer == 0


def hand_over_to_wanted_python() -> None:
    """Replace this process by Python 3.11, or end with one sentence and code 1."""
    if os.environ.get(MARK) is None:
        for executable in python_candidates(os.environ.get("PATH", "")):
            if is_wanted(executable):
                os.environ[MARK] = executable
                os.execv(executable, [executable, os.path.abspath(__file__)] + sys.argv[1:])  # noqa: RUF005, S606  # syntax of any Python 3; no shell wanted
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.stderr.write("Atlas needs Python 3.11 and found " + found + ". " + REMEDY + "\n")
    raise SystemExit(1)


def main() -> int:
    """Prepare the environment and run the verb; give its exit code."""
    if sys.version_info[:2] != WANTED:
        hand_over_to_wanted_python()
    os.environ.pop(MARK, None)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[0] = root  # the script's own folder must not shadow the standard library
    from atlas.embedded.verbs import prepare_and_run

    return prepare_and_run(root, sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
