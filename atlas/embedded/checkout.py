"""Where one checkout keeps its local state, and the private files in there."""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
PASSABLE_FOLDER = 0o711  # root's services run as another user, who must pass through and not look


@dataclass(frozen=True)
class Checkout:
    """One copy of the project on this machine; two copies never share state."""

    root: Path

    @property
    def state(self) -> Path:
        """Folder of everything that the launcher writes, apart from the virtual environment."""
        return self.root / ".atlas"

    @property
    def logs(self) -> Path:
        """Folder of the logs of installs and test services."""
        return self.state / "logs"

    @property
    def digest(self) -> str:
        """Short name of this checkout, derived from its path; differs between two copies."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:12]

    def make_state(self) -> Path:
        """Create the state folder, closed to other users; raises OSError where that is refused."""
        make_folder(self.state)
        make_folder(self.logs)
        return self.state


def make_folder(path: Path) -> Path:
    """Create a folder of our own: private, or passable where root's services must pass."""
    mode = PASSABLE_FOLDER if os.geteuid() == 0 else PRIVATE_FOLDER
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)
    return path


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file that only its owner reads, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where there is none or an interrupted write left half of one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None
