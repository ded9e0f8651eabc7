"""Change what a market charges on paper."""

import getpass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from execution.paper_markets import change_terms


class Command(BaseCommand):
    """A new version of a market's terms; what is not named stays as it is."""

    help = "Changes what a market charges on paper, from the next execution on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the market, the changes, their source and their reason."""
        parser.add_argument("market", help="For example ETH/USD.")
        parser.add_argument("changes", nargs="+", help="NAME=VALUE, as docs/paper-venue.md names.")
        parser.add_argument("--source", required=True, help="Where the figures come from.")
        parser.add_argument("--reason", required=True, help="Why they change.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the version and say which it is."""
        try:
            row = change_terms(
                market=options["market"],
                changes=dict(_change(given) for given in options["changes"]),
                source=options["source"],
                reason=options["reason"],
                actor=Actor.system(f"shell:{getpass.getuser()}"),
                now=timezone.now(),
            )
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{row}: counts from the next execution on.")


def _change(given: str) -> tuple[str, Decimal | int]:
    """Read NAME=VALUE; what counts whole units is a whole number."""
    name, _, text = given.partition("=")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise CommandError(f"{given!r} is not NAME=NUMBER.") from error
    if not name.endswith(("_bps", "gas_limit")):
        return name, value
    if value != value.to_integral_value():
        raise CommandError(f"{name} is a whole number, not {text}.")
    return name, int(value)
