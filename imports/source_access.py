"""The credentials that a source names, each only for where it may be sent."""

from urllib.parse import urlsplit

from django.conf import settings

from atlas.domain.errors import NeedsHuman
from imports.credentials import HeaderCredentials, S3Credentials
from imports.models import ImportSource


def authorization(source: ImportSource) -> dict[str, str]:
    """Give the header that the source's credentials ask for, to the one host that may have it."""
    held = _credentials(source)
    if held is None:
        return {}
    host = (urlsplit(source.address).hostname or "").lower()
    if not isinstance(held, HeaderCredentials) or held.host.lower() != host:
        raise NeedsHuman(
            f"The credentials {source.credentials!r} of {source.name} are not for {host}; "
            "look at ATLAS_IMPORT_CREDENTIALS."
        )
    return {held.header.lower(): held.value.get_secret_value()}


def s3_access(source: ImportSource) -> S3Credentials:
    """Give the access to S3 that the source names, or the installation's own."""
    held = _credentials(source)
    if held is None:
        own: S3Credentials = settings.ATLAS_S3_SECRETS
        return own
    if not isinstance(held, S3Credentials):
        raise NeedsHuman(
            f"The credentials {source.credentials!r} of {source.name} are not for S3; "
            "look at ATLAS_IMPORT_CREDENTIALS."
        )
    return held


def _credentials(source: ImportSource) -> HeaderCredentials | S3Credentials | None:
    """Give what the environment holds under the name that the source uses."""
    if not source.credentials:
        return None
    held: HeaderCredentials | S3Credentials | None = settings.ATLAS_IMPORT_SECRETS.get(
        source.credentials
    )
    if held is None:
        raise NeedsHuman(
            f"{source.name} names the credentials {source.credentials!r}, which "
            "ATLAS_IMPORT_CREDENTIALS does not have."
        )
    return held
