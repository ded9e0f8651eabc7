"""The database connection of each process: role, time-outs, persistence."""

from typing import Any
from urllib.parse import unquote, urlsplit

from config.env import Environment

DEFAULT_SIGNER_ROLE = "atlas_signer"

# Per process: statement and lock time-outs in milliseconds. The lock time-out is the shorter, the
# task or request time-out above both the longest, so that a wait ends where it is understood.
TIME_OUTS_MS: dict[str, tuple[int, int]] = {
    "web": (8_000, 3_000),
    "worker": (120_000, 10_000),
    "signer": (10_000, 3_000),
    "beat": (10_000, 5_000),
    "flower": (10_000, 5_000),
    "command": (600_000, 15_000),
    "migrate": (60_000, 4_000),
    "test": (120_000, 20_000),
}


def database_settings(environment: Environment) -> dict[str, Any]:
    """Describe the connection for the process's role, as Django wants it."""
    parts = urlsplit(environment.active_database_url)
    statement_ms, lock_ms = TIME_OUTS_MS[environment.process]
    session = (
        f"-c statement_timeout={statement_ms} -c lock_timeout={lock_ms} "
        f"-c idle_in_transaction_session_timeout={statement_ms * 2}"
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": 60 if environment.process != "test" else 0,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,  # the gate opens its own transactions (SAFETY 1.1, L1)
        "OPTIONS": {
            "connect_timeout": 5,
            "application_name": f"atlas-{environment.process}",
            "options": session,
        },
    }


def database_roles(environment: Environment) -> dict[str, str]:
    """Name the roles that `grant_roles` gives rights to: the users of the configured addresses."""
    signer = environment.signer_database_url
    return {
        "app": _user(environment.database_url.get_secret_value()),
        "signer": _user(signer.get_secret_value()) if signer else DEFAULT_SIGNER_ROLE,
    }


def _user(url: str) -> str:
    """Read the user out of a database address."""
    return unquote(urlsplit(url).username or "")
