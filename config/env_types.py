"""The types of settings: what an address, a network or a list must look like; no value is repeated."""

from ipaddress import ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from atlas.domain.alert_channels import parse_channels, parse_minutes
from imports.credentials import parse_credentials
from onchain.rpc.setting import parse_rpc_urls


def _split_names(value: object) -> object:
    """Read a comma-separated list."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _postgres(value: SecretStr) -> SecretStr:
    """Refuse an address that is not PostgreSQL with a host and a database name."""
    parts = _split_url(value)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ValueError("must look like postgresql://user:password@host:port/name")
    return value


def _redis(value: SecretStr) -> SecretStr:
    """Refuse an address that is not Redis."""
    if _split_url(value).scheme not in {"redis", "rediss"}:
        raise ValueError("must look like redis://host:port/0")
    return value


def _storage(value: str) -> str:
    """Refuse a store of another kind, and a bucket without a name."""
    scheme, mark, rest = value.partition("://")
    if mark and (scheme != "s3" or not rest.strip("/")):
        raise ValueError("must be a folder or s3://bucket/prefix")
    return value


def _networks(value: list[str]) -> list[str]:
    """Refuse what is no network."""
    try:
        return [str(ip_network(one)) for one in value]
    except ValueError:
        raise ValueError("must be networks like 10.0.0.0/8 or addresses, with commas") from None


def _credentials(value: SecretStr) -> SecretStr:
    """Refuse credentials that nobody could use."""
    parse_credentials(value.get_secret_value())
    return value


def _channels(value: SecretStr) -> SecretStr:
    """Refuse channels that no alert could be sent through."""
    parse_channels(value.get_secret_value())
    return value


def _minutes(value: str) -> str:
    """Refuse what is no list of minutes by severity."""
    parse_minutes(value)
    return value


def _rpc_urls(value: SecretStr) -> SecretStr:
    """Refuse nodes that nobody could ask."""
    parse_rpc_urls(value.get_secret_value())
    return value


def _split_url(value: SecretStr) -> Any:
    """Split an address; a malformed port or bracket is reported without the address."""
    try:
        parts = urlsplit(value.get_secret_value())
        _ = parts.port
    except ValueError:
        raise ValueError("is not a valid address") from None
    return parts


Names = Annotated[list[str], NoDecode, BeforeValidator(_split_names)]
Networks = Annotated[list[str], NoDecode, BeforeValidator(_split_names), AfterValidator(_networks)]
PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis)]
StorageUrl = Annotated[str, AfterValidator(_storage)]
RpcUrls = Annotated[SecretStr, AfterValidator(_rpc_urls)]
NamedCredentials = Annotated[SecretStr, AfterValidator(_credentials)]
AlertChannels = Annotated[SecretStr, AfterValidator(_channels)]
MinutesBySeverity = Annotated[str, AfterValidator(_minutes)]
