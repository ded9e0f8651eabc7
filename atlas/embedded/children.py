"""How a process of Atlas is started: its own session, tied to its parent, as the right user."""

import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from atlas.embedded.processes import tie_to_parent
from atlas.embedded.service_user import ServiceUser

RUN_WORD = "RUN_OF_ATLAS"  # in each child's environment: whose run it belongs to
PRIVATE_UMASK = 0o077


@dataclass(frozen=True)
class ChildSpec:
    """What to start, as whom, with what around it, and which signals end it.

    `stop_signal` asks it to end in order; `death_signal` is what the kernel sends it when the
    launcher is killed, when nobody is left to wait for an orderly end.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)  # holds secrets
    folder: Path
    user: ServiceUser | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stdin: bytes = field(default=b"", repr=False)  # a server's configuration, with its password


def spawn(spec: ChildSpec, *, output: int | IO[Any]) -> subprocess.Popen[bytes]:
    """Start a child as the leader of its own session; raises OSError where that is refused.

    `output` takes its standard output and error (subprocess.PIPE or an open file).
    """
    user = spec.user if spec.user is not None and spec.user.is_other else None
    child = subprocess.Popen(
        spec.argv,
        env=dict(spec.env),
        cwd=spec.folder,
        stdin=subprocess.PIPE if spec.stdin else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        umask=PRIVATE_UMASK if spec.user else -1,
        preexec_fn=tie_to_parent(spec.death_signal),  # noqa: PLW1509  # started from one thread
    )
    if child.stdin is not None:
        child.stdin.write(spec.stdin)
        child.stdin.close()
    return child
