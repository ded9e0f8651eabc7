"""API keys from the shell: issue, rotate, revoke and list them.

The key itself is the only thing that goes to standard output when one is made, so that it can be
piped into the place where it will lie; it is shown this once.
"""

import getpass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.api.access import SCOPE_MEANINGS, Scope
from atlas.api_keys import (
    DEFAULT_LIFE,
    DEFAULT_OVERLAP,
    DEFAULT_REQUESTS_PER_MINUTE,
    Issued,
    issue_key,
    revoke_key,
    rotate_key,
    why_ended,
)
from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from atlas.models import ApiKey


class Command(BaseCommand):
    """One verb an act: create, rotate, revoke, list."""

    help = "Manages API keys: create, rotate, revoke, list."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a verb and what it needs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        _add_create(verbs.add_parser("create", help="issue a key and print it once"))
        rotate = verbs.add_parser("rotate", help="issue a successor and print it once")
        rotate.add_argument("prefix", help="the key's prefix, as `list` shows it")
        rotate.add_argument("--overlap-days", type=int, default=DEFAULT_OVERLAP.days)
        rotate.add_argument("--reason", required=True)
        revoke = verbs.add_parser("revoke", help="end a key at once, for good")
        revoke.add_argument("prefix", help="the key's prefix, as `list` shows it")
        revoke.add_argument("--reason", required=True)
        verbs.add_parser("list", help="show every key, the newest first")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the verb says; a refusal is worded and ends with code 1."""
        acts = {
            "create": self._create,
            "rotate": self._rotate,
            "revoke": self._revoke,
            "list": self._list,
        }
        try:
            acts[options["verb"]](options)
        except AtlasError as refused:
            raise CommandError(refused.message) from refused

    def _create(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        issued = issue_key(
            name=options["name"],
            owner=_account(options["owner"]),
            scopes={Scope(scope) for scope in options["scope"]},
            requests_per_minute=options["per_minute"],
            expires_at=now + timedelta(days=options["days"]),
            actor=_shell(),
            now=now,
        )
        self._show(issued)

    def _rotate(self, options: dict[str, Any]) -> None:
        old = _key(options["prefix"])
        overlap = timedelta(days=options["overlap_days"])
        issued = rotate_key(
            old, overlap=overlap, reason=options["reason"], actor=_shell(), now=timezone.now()
        )
        old.refresh_from_db()
        self.stderr.write(f"{old} works until {old.expiry_date:%Y-%m-%d %H:%M} UTC.")
        self._show(issued)

    def _revoke(self, options: dict[str, Any]) -> None:
        row = revoke_key(
            _key(options["prefix"]), reason=options["reason"], actor=_shell(), now=timezone.now()
        )
        self.stdout.write(f"{row} is revoked.")

    def _list(self, _options: dict[str, Any]) -> None:
        now = timezone.now()
        for key in ApiKey.objects.select_related("owner"):
            state = why_ended(key, now=now) or f"works until {key.expiry_date:%Y-%m-%d}"
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
            scopes = ",".join(key.scopes) or "public"
            self.stdout.write(
                f"{key.prefix}  {key.name}  {key.owner.get_username()}  {scopes}  "
                f"{key.requests_per_minute}/min  {state}  used {used}"
            )

    def _show(self, issued: Issued) -> None:
        """Print the key alone; what is said about it goes to standard error."""
        row = issued.row
        self.stderr.write(f"{row} works until {row.expiry_date:%Y-%m-%d}; it is not shown again:")
        self.stdout.write(issued.word)


def _add_create(parser: CommandParser) -> None:
    """Take the terms of a new key."""
    scopes = "; ".join(f"{scope}: {meaning}" for scope, meaning in SCOPE_MEANINGS.items())
    parser.add_argument("--name", required=True, help="what it is for")
    parser.add_argument("--owner", required=True, help="the account that answers for it")
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        choices=[scope.value for scope in Scope],
        help=f"what it opens beyond the public part, once for each. {scopes}",
    )
    parser.add_argument("--per-minute", type=int, default=DEFAULT_REQUESTS_PER_MINUTE)
    parser.add_argument("--days", type=int, default=DEFAULT_LIFE.days, help="how long it works")


def _account(name: str) -> User:
    """Find an account; raises CommandError where there is none."""
    try:
        return User.objects.get(username=name)
    except User.DoesNotExist:
        raise CommandError(f"There is no account {name!r}") from None


def _key(prefix: str) -> ApiKey:
    """Find a key by its prefix; raises CommandError where there is none."""
    found: ApiKey | None = ApiKey.objects.filter(prefix=prefix.removeprefix("atlas_")).first()
    if found is None:
        raise CommandError(f"There is no key {prefix!r}; see: manage.py api_key list")
    return found


def _shell() -> Actor:
    """Name who acts."""
    return Actor.system(f"shell:{getpass.getuser()}")
