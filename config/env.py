"""The typed environment: every setting of Atlas with its type, default and one line of help.

Every variable is named `ATLAS_<FIELD>`. A wrong environment is reported whole, one
`ATLAS_X: reason` a line, without echoing any value, and ends the process with code 1. A name
that starts with `ATLAS_` and is not listed here is a problem too: a typing error in the name of
a safety setting must not pass for its default.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.env_secrets import secrets_of
from config.env_types import (
    AlertChannels,
    MinutesBySeverity,
    NamedCredentials,
    Names,
    Networks,
    PostgresUrl,
    RedisUrl,
    RpcUrls,
    StorageUrl,
)
from imports.credentials import ENDPOINT, REGION

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "ATLAS_"

Process = Literal["web", "worker", "signer", "beat", "flower", "command", "migrate", "test"]


class Environment(BaseSettings):
    """What the process may be told from outside."""

    model_config = SettingsConfigDict(extra="forbid", hide_input_in_errors=True)

    secret_key: SecretStr = Field(
        description="Signs sessions and tokens; at least 50 characters, random, never shared.",
        min_length=50,
    )
    debug: bool = Field(default=False, description="Show tracebacks in pages; development only.")
    allowed_hosts: Names = Field(
        default=["localhost", "127.0.0.1", "[::1]"],
        description="Host names the web process answers to, separated by commas.",
    )
    csrf_trusted_origins: Names = Field(
        default=[], description="Origins whose forms are trusted (https://console.example.org)."
    )
    cors_origins: Names = Field(
        default=[], description="Origins of browsers that may read the API from another host."
    )
    trusted_proxies: Networks = Field(
        default=[],
        description="Networks of our own proxies: X-Forwarded-For is believed from there alone.",
    )
    api_visitor_per_minute: int = Field(
        default=300,
        ge=1,
        le=1_000_000,
        description="Requests a minute of one address without a key or a session.",
    )
    behind_tls: bool = Field(
        default=False,
        description="A proxy in front ends TLS and sets X-Forwarded-Proto; cookies become secure.",
    )
    process: Process = Field(
        default="command", description="Which role this process plays; decides its database role."
    )
    instance_name: str = Field(
        default="atlas", description="Name of this installation in alerts and logs.", max_length=60
    )
    database_url: PostgresUrl = Field(
        description="PostgreSQL as the app role: postgresql://user:password@host:port/name."
    )
    migrate_database_url: PostgresUrl | None = Field(
        default=None, description="PostgreSQL as the owner role; used by migrate and grant_roles."
    )
    signer_database_url: PostgresUrl | None = Field(
        default=None, description="PostgreSQL as the signer role; given to the signer worker only."
    )
    redis_url: RedisUrl = Field(description="Redis for the queue and the cache: redis://host/0.")
    redis_prefix: str = Field(
        default="atlas", description="Prefix of every Redis key, so that installations can share."
    )
    storage_url: StorageUrl = Field(
        default="",
        description="Where imported files are kept: a folder or s3://bucket/prefix; empty: state.",
    )
    s3_endpoint_url: str = Field(
        default="",
        description="S3 service other than Amazon's: https://host; may be private.",
        pattern=ENDPOINT,
    )
    s3_region: str = Field(default="", description="Region of the S3 service.", pattern=REGION)
    s3_access_key_id: SecretStr | None = Field(
        default=None, description="Key id for S3; empty: the role of the machine."
    )
    s3_secret_access_key: SecretStr | None = Field(
        default=None, description="Secret that belongs to the S3 key id."
    )
    import_inbox_dir: Path | None = Field(
        default=None, description="Folder above all inboxes of imports; empty: the state folder's."
    )
    import_credentials: NamedCredentials | None = Field(
        default=None, description="Credentials that sources of imports name: see import-sources.md."
    )
    import_keep_days: int = Field(
        default=90,
        description="Days after which the records and bytes of imports that ended are removed.",
        ge=1,
        le=3650,
    )
    metrics_allow: Networks = Field(
        default=[], description="Networks that may read /metrics (10.0.0.0/8); none by default."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="Bearer token that may read /metrics; at least 32 characters.",
        min_length=32,
    )
    state_dir: Path = Field(
        default=ROOT / ".atlas", description="Folder for local state of this checkout."
    )
    embedded: bool = Field(
        default=False, description="Set by the launcher when it runs PostgreSQL and Redis itself."
    )
    live_trading: bool = Field(
        default=False, description="One of the keys of live mode; without it no order leaves."
    )
    replay_file: Path | None = Field(
        default=None, description="Recording that `manage.py run_replay` plays (CSV, plain or .gz)."
    )
    market_data_dir: Path = Field(
        default=ROOT / "fixtures" / "market",
        description="Folder of recordings for the replay provider.",
    )
    outbound_allow: Names = Field(
        default=[],
        description="Hosts that outbound HTTP may reach; others and private ones are refused.",
    )
    outbound_allow_private: bool = Field(
        default=False, description="Let outbound HTTP reach private addresses (local tests only)."
    )
    rpc_urls: RpcUrls | None = Field(
        default=None,
        description='Nodes of chains: {"42161": {"main": "https://..."}}; see docs/rpc.md.',
    )
    alert_urls: AlertChannels | None = Field(
        default=None,
        description="Where alerts go: name@SEVERITY=apprise address, apart by spaces: see alerts.md.",
    )
    alert_cooldown_minutes: MinutesBySeverity = Field(
        default="INFO=1440,WARNING=240,CRITICAL=30",
        description="Minutes after which an alert that goes on is told again, by severity.",
    )
    alert_escalate_minutes: MinutesBySeverity = Field(
        default="WARNING=480,CRITICAL=15",
        description="Minutes after which an alert that nobody took on is told louder, by severity.",
    )
    dead_man_minutes: int = Field(
        default=5,
        ge=1,
        le=1440,
        description="Minutes without a heartbeat after which nothing but reducing is allowed.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severe line that is written."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="json for machines, console for eyes."
    )
    web_port: int = Field(
        default=8000, ge=1, le=65535, description="Port that `make run` prefers for the web server."
    )
    flower_port: int = Field(
        default=5555, ge=1, le=65535, description="Port that `make run` prefers for Flower."
    )
    flower_basic_auth: SecretStr | None = Field(
        default=None, description="user:password that Flower asks for."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `read_environment` hands over and look nowhere else.

        The process's own variables would otherwise fill what a given environment leaves out.
        """
        return (init_settings,)

    @property
    def serves(self) -> bool:
        """Say whether the process runs on its own, without a person at a terminal before it."""
        return self.process in {"web", "worker", "signer", "beat", "flower"}

    @property
    def secret_values(self) -> list[str]:
        """List every secret of this environment, the passwords inside addresses included."""
        return secrets_of(self)

    @property
    def active_database_url(self) -> str:
        """Give the database address of this process's role."""
        if self.process in {"migrate", "test"} and self.migrate_database_url:
            return self.migrate_database_url.get_secret_value()
        if self.process == "signer" and self.signer_database_url:
            return self.signer_database_url.get_secret_value()
        return self.database_url.get_secret_value()


class EnvironmentProblems(Exception):
    """Carries every problem of the environment, one line each, no values."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_environment(environ: Mapping[str, str] | None = None) -> Environment:
    """Read and check the whole environment.

    Raises EnvironmentProblems with all problems at once.
    """
    environ = os.environ if environ is None else environ
    problems = _unknown_names(environ)
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name in known_names() and value != ""
    }
    environment: Environment | None = None
    try:
        environment = Environment.model_validate(values)
    except ValidationError as invalid:
        problems += [_problem(error) for error in invalid.errors(include_input=False)]
    if environment is not None:
        problems += _contradictions(environment)
    if problems or environment is None:
        raise EnvironmentProblems(sorted(problems))
    return environment


def environment_or_exit() -> Environment:
    """Read the environment for a starting process; print every problem and exit 1 if wrong."""
    try:
        return read_environment()
    except EnvironmentProblems as wrong:
        sys.stderr.write("Atlas cannot start, the environment has problems:\n")
        sys.stderr.writelines(f"  {line}\n" for line in wrong.problems)
        sys.stderr.write("Each setting is described in .env.example.\n")
        raise SystemExit(1) from None


def known_names() -> frozenset[str]:
    """List every environment name that Atlas reads."""
    return frozenset(PREFIX + field.upper() for field in Environment.model_fields)


def _unknown_names(environ: Mapping[str, str]) -> list[str]:
    """Find names that look like ours and are not."""
    unknown = sorted(n for n in environ if n.startswith(PREFIX) and n not in known_names())
    return [f"{name}: is not a setting of Atlas; check the spelling" for name in unknown]


def _problem(error: Any) -> str:
    """Word one finding of pydantic as `ATLAS_X: reason`, never with the value."""
    name = PREFIX + str(error["loc"][0]).upper()
    if error["type"] == "missing":
        return f"{name}: is required and not set"
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {reason[0].lower()}{reason[1:]}"


def _contradictions(environment: Environment) -> list[str]:
    """Find settings that are fine alone and wrong together."""
    if environment.process == "signer" and environment.signer_database_url is None:
        return ["ATLAS_SIGNER_DATABASE_URL: is required where ATLAS_PROCESS is signer"]
    if environment.process != "signer" and environment.live_trading and environment.debug:
        return ["ATLAS_DEBUG: must be false where ATLAS_LIVE_TRADING is true"]
    if (environment.s3_access_key_id is None) != (environment.s3_secret_access_key is None):
        return ["ATLAS_S3_ACCESS_KEY_ID: goes with ATLAS_S3_SECRET_ACCESS_KEY; set both or none"]
    return []
