"""Where imported files are kept, and with which credentials other places are reached."""

from pathlib import Path
from typing import Any

from config.env import Environment
from imports.credentials import S3Credentials, parse_credentials

S3_SCHEME = "s3://"


def place_of(environment: Environment) -> tuple[Path, str]:
    """Give the working folder, and the bucket with its prefix where files are kept in one."""
    url = environment.storage_url
    if url.startswith(S3_SCHEME):
        return environment.state_dir / "storage", url.removeprefix(S3_SCHEME).strip("/")
    return (Path(url) if url else environment.state_dir / "storage"), ""


def access_of(environment: Environment) -> S3Credentials:
    """Give the installation's own access to S3."""
    return S3Credentials(
        endpoint_url=environment.s3_endpoint_url,
        region=environment.s3_region,
        access_key_id=environment.s3_access_key_id,
        secret_access_key=environment.s3_secret_access_key,
    )


def named_credentials_of(environment: Environment) -> dict[str, Any]:
    """Give the credentials that sources of imports name."""
    held = environment.import_credentials
    return parse_credentials(held.get_secret_value() if held else "")
