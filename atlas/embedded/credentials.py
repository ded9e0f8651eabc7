"""The random passwords of one embedded installation, kept in a file that only its owner reads."""

import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from atlas.embedded.checkout import read_record, write_private


@dataclass(frozen=True, repr=False)
class Credentials:
    """Passwords of the embedded servers and the key that signs sessions.

    `serial` names this set, so that a database can tell whether it was made with it.
    """

    serial: str
    secret_key: str
    superuser_password: str
    owner_password: str
    app_password: str
    signer_password: str
    redis_password: str
    flower_password: str


def make_credentials() -> Credentials:
    """Draw a new set."""
    return Credentials(
        serial=secrets.token_hex(8),
        secret_key=secrets.token_urlsafe(60),
        **{
            field.name: secrets.token_urlsafe(24)
            for field in fields(Credentials)
            if field.name.endswith("_password")
        },
    )


def kept_credentials(record: Path) -> Credentials:
    """Read this checkout's set, or draw and keep one where there is none (or not a whole one)."""
    kept = read_record(record) or {}
    names = {field.name for field in fields(Credentials)}
    if names <= kept.keys():
        return Credentials(**{name: str(kept[name]) for name in names})
    credentials = make_credentials()
    write_private(record, asdict(credentials))
    return credentials
