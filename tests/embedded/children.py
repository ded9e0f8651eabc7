"""Child processes of tests: their names and their words, known to be there."""

import subprocess

from atlas.embedded.processes import ProcessId, identify


def named(pid: int) -> ProcessId:
    """Name a process that must be running."""
    found = identify(pid)
    assert found is not None
    return found


def line_of(process: subprocess.Popen[bytes]) -> bytes:
    """Read the next line that a child says."""
    assert process.stdout is not None
    return bytes(process.stdout.readline())


def put_away(process: subprocess.Popen[bytes]) -> None:
    """End a child and close what connects to it."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
