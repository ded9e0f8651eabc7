"""Ask a process on this host for a page: exit 0 when it answers 200. Standard library only.

`python deploy/probe.py http://127.0.0.1:8000/livez [SECONDS]`. Django answers only to names in
ATLAS_ALLOWED_HOSTS, so the first of them is sent as the host; no proxy of the environment is used.
"""

import http.client
import os
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

USAGE = "Usage: python deploy/probe.py http://HOST:PORT/PATH [SECONDS]\n"
PATIENCE_SECONDS = 4.0
OK = 200


def status(url: str, *, host: str, seconds: float) -> int:
    """Get a page and give its status; raises OSError or HTTPException where nobody answers."""
    parts = urlsplit(url)
    wire = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=seconds)
    try:
        wire.request("GET", parts.path or "/", headers={"Host": host})
        return wire.getresponse().status
    finally:
        wire.close()


def allowed_host(names: str) -> str:
    """Choose a host name that Django answers to from a list such as ATLAS_ALLOWED_HOSTS."""
    first = names.split(",", maxsplit=1)[0].strip().lstrip(".")
    return first or "localhost"


def main(arguments: Sequence[str]) -> int:
    """Probe once; 0 when well, 1 when not, 2 on wrong use."""
    if not arguments or not arguments[0].startswith("http://"):
        sys.stderr.write(USAGE)
        return 2
    seconds = float(arguments[1]) if len(arguments) > 1 else PATIENCE_SECONDS
    host = allowed_host(os.environ.get("ATLAS_ALLOWED_HOSTS", ""))
    try:
        found = status(arguments[0], host=host, seconds=seconds)
    except (OSError, http.client.HTTPException) as problem:
        sys.stderr.write(f"{arguments[0]} does not answer: {problem}\n")
        return 1
    sys.stdout.write(f"{arguments[0]} answers {found}\n")
    return 0 if found == OK else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
