"""Who is told what: the environment of each process of Atlas.

The owner's database address reaches the schema commands alone, the signer's address and every
signer setting the signer worker alone. What a child is not told it cannot leak.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OWNER_ONLY = "ATLAS_MIGRATE_DATABASE_URL"
SIGNER_ONLY_PREFIX = "ATLAS_SIGNER_"
FLOWER_LOGIN = "ATLAS_FLOWER_BASIC_AUTH"
FLOWER_READS = "FLOWER_BASIC_AUTH"  # from the environment, for arguments are seen by everybody
STRANGERS = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP"}  # another venv's habits


@dataclass(frozen=True, repr=False)
class Connections:
    """Where the servers are, as each role; None where a role has no address of its own."""

    app_url: str
    owner_url: str | None
    signer_url: str | None
    redis_url: str
    redis_prefix: str
    secret_key: str
    flower_login: str
    is_embedded: bool
    extra: Mapping[str, str] = field(default_factory=dict)


def clean_environment(environ: Mapping[str, str], *, python: Path) -> dict[str, str]:
    """Give the caller's environment without another Python's settings, with ours in front."""
    kept = {name: value for name, value in environ.items() if name not in STRANGERS}
    programs = str(python.parent)
    kept["PATH"] = os.pathsep.join([programs, environ.get("PATH", os.defpath)])
    kept["VIRTUAL_ENV"] = str(python.parent.parent)
    kept["PYTHONUNBUFFERED"] = "1"
    return kept


def process_environment(
    environ: Mapping[str, str], connections: Connections, *, process: str
) -> dict[str, str]:
    """Compose the environment of one process of the running stack.

    `process` is its ATLAS_PROCESS. Settings that the caller made are kept, except those that this
    process must not know.
    """
    told = {
        name: value
        for name, value in environ.items()
        if name not in {OWNER_ONLY, FLOWER_LOGIN, FLOWER_READS}
        and not name.startswith(SIGNER_ONLY_PREFIX)
    }
    told |= _shared(environ, connections)
    told["ATLAS_PROCESS"] = process
    if process == "migrate" and connections.owner_url:
        told[OWNER_ONLY] = connections.owner_url
    if process == "signer":
        told |= _signer_settings(environ, connections)
    if process == "flower":
        told[FLOWER_READS] = environ.get(FLOWER_LOGIN) or connections.flower_login
    return told


def command_environment(environ: Mapping[str, str], connections: Connections) -> dict[str, str]:
    """Compose the environment of a developer's command or a test run, which may play every role."""
    told = {name: value for name, value in environ.items() if name != "ATLAS_PROCESS"}
    told |= _shared(environ, connections) | _signer_settings(environ, connections)
    if connections.owner_url:
        told[OWNER_ONLY] = connections.owner_url
    return told


def _shared(environ: Mapping[str, str], connections: Connections) -> dict[str, str]:
    """Give what every process is told."""
    return {
        "ATLAS_SECRET_KEY": environ.get("ATLAS_SECRET_KEY") or connections.secret_key,
        "ATLAS_DATABASE_URL": connections.app_url,
        "ATLAS_REDIS_URL": connections.redis_url,
        "ATLAS_REDIS_PREFIX": environ.get("ATLAS_REDIS_PREFIX") or connections.redis_prefix,
        "ATLAS_EMBEDDED": "true" if connections.is_embedded else "false",
        **connections.extra,
    }


def _signer_settings(environ: Mapping[str, str], connections: Connections) -> dict[str, str]:
    """Give what the signer alone is told."""
    told = {name: value for name, value in environ.items() if name.startswith(SIGNER_ONLY_PREFIX)}
    if connections.signer_url:
        told["ATLAS_SIGNER_DATABASE_URL"] = connections.signer_url
    return told
