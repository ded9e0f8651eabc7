"""What pip's and venv's last words mean to the person who ran `make`."""

from pathlib import Path

NO_SPACE = ("No space left on device", "Disk quota exceeded", "[Errno 28]")
NO_NETWORK = (
    "NewConnectionError",
    "NameResolutionError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "nodename nor servname",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Read timed out",
    "ProxyError",
    "SSLError",
    "CERTIFICATE_VERIFY_FAILED",
    "Connection refused",
    "Connection reset",
    "Connection aborted",
    "Network is unreachable",
    "IncompleteRead",
    "Max retries exceeded",
)
NOT_WRITABLE = ("Read-only file system", "Permission denied")
SHOWN_CHARACTERS = 300


def explain_pip(said: str, log: Path) -> str:
    """Turn a failed `pip install` into one sentence with its remedy."""
    if _has(said, NO_SPACE):
        return "No disk space left while installing. Free about 1.5 GB and try again."
    if "DO NOT MATCH THE HASHES" in said:
        return (
            "A downloaded package does not match its locked hash, so nothing of it was installed. "
            f"Try again from a network that you trust; what pip saw is in {log}."
        )
    if _has(said, NO_NETWORK):
        return (
            "The package registry cannot be reached. Check the network (and HTTPS_PROXY or "
            f"PIP_INDEX_URL, where you need them) and try again; what pip saw is in {log}."
        )
    if "No matching distribution found" in said:
        return (
            f"The registry has no build of a locked package for this machine: {_last_error(said)} "
            "Use a 64-bit Linux or macOS with Python 3.11, or an index that has it."
        )
    if _has(said, NOT_WRITABLE):
        return (
            f"The virtual environment cannot be written: {_last_error(said)} "
            "Use a checkout that is yours and not read-only."
        )
    return f"The installation failed: {_last_error(said)} The whole log is {log}; try again."


def explain_venv(said: str) -> str:
    """Turn a failed `python -m venv` into one sentence with its remedy."""
    if _has(said, NO_SPACE):
        return "No disk space left for the virtual environment. Free about 1.5 GB and try again."
    if "ensurepip" in said:
        return (
            "This Python 3.11 lacks its venv module. Install it (Debian and Ubuntu: "
            "apt install python3.11-venv) and try again."
        )
    if _has(said, NOT_WRITABLE):
        return (
            f"The virtual environment cannot be made: {_last_error(said)} "
            "Use a checkout that is yours and not read-only."
        )
    return (
        f"The virtual environment cannot be made: {_last_error(said)} Remove .venv and try again."
    )


def _has(said: str, signs: tuple[str, ...]) -> bool:
    """Tell whether any of the signs occurs."""
    return any(sign in said for sign in signs)


def _last_error(said: str) -> str:
    """Give the last line that names an error, else the last line, cut to a readable length."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "Error", "error"))]
    last = (errors or lines or ["it said nothing"])[-1]
    return last[:SHOWN_CHARACTERS] + ("" if last.endswith(".") else ".")
