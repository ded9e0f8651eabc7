"""Asks whether a locked package has a known hole; says NOT RUN where nobody could be asked.

pip-audit ends green for packages that its service does not know, and where the service is a mirror
or away it knows none. So it is first asked about a release whose holes are long known: only who
finds those is believed.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

KNOWN_BAD = "django==3.2.0"  # CVE-2021-31542 and some sixty later ones
SECONDS = 300


def audit(python: Path, requirements: Path) -> tuple[bool | None, str]:
    """Audit a lock file: (True, "") when clean, (False, findings), or (None, why it was not run)."""
    with tempfile.TemporaryDirectory() as folder:
        bait = Path(folder) / "bait.txt"
        bait.write_text(f"{KNOWN_BAD}\n", encoding="utf-8")
        answer = _ask(python, ["-r", str(bait), "--disable-pip", "--no-deps"])
    if answer is None or not holes(answer.stdout):
        return (
            None,
            "the vulnerability service cannot be reached (it knows no hole of an old Django)",
        )
    answer = _ask(python, ["--strict", "-r", str(requirements), "--disable-pip"])
    if answer is None:
        return None, f"the vulnerability service did not answer within {SECONDS} s"
    return (True, "") if answer.returncode == 0 else (False, answer.stdout + answer.stderr)


def holes(report: str) -> list[str]:
    """List the identifiers of the holes that a JSON report of pip-audit names."""
    try:
        content: Any = json.loads(report[report.index("{") :])
    except ValueError:
        return []
    packages = content.get("dependencies", []) if isinstance(content, dict) else []
    return [hole["id"] for package in packages for hole in package.get("vulns", [])]


def _ask(python: Path, options: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """Run pip-audit; None where it takes too long."""
    argv = [str(python), "-m", "pip_audit", "--progress-spinner", "off", "-f", "json", *options]
    try:
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
