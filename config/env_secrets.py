"""Which strings of an environment are secrets, so that no log line carries one."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from atlas.domain.alert_channels import parse_channels
from imports.credentials import parse_credentials
from onchain.rpc.setting import parse_rpc_urls

if TYPE_CHECKING:
    from config.env import Environment


def secrets_of(environment: "Environment") -> list[str]:
    """List every secret, those inside addresses and lists included."""
    held = [getattr(environment, name) for name in type(environment).model_fields]
    secrets = [value.get_secret_value() for value in held if isinstance(value, SecretStr)]
    parts = [urlsplit(secret).password for secret in secrets if _is_one_address(secret)]
    if environment.flower_basic_auth is not None:
        parts.append(environment.flower_basic_auth.get_secret_value().partition(":")[2])
    if environment.import_credentials is not None:
        entries = parse_credentials(environment.import_credentials.get_secret_value()).values()
        parts += [secret for entry in entries for secret in entry.secrets]
    if environment.rpc_urls is not None:
        nodes = parse_rpc_urls(environment.rpc_urls.get_secret_value()).values()
        parts += [address for named in nodes for address in named.values()]
    if environment.alert_urls is not None:
        channels = parse_channels(environment.alert_urls.get_secret_value())
        parts += [secret for channel in channels for secret in channel.secrets]
    return [*secrets, *(part for part in parts if part)]


def _is_one_address(secret: str) -> bool:
    """Say whether a secret is an address, and not a list that holds some."""
    return "://" in secret and not any(mark in secret for mark in (" ", "\n", "{"))
