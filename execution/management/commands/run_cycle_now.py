"""Run one paper cycle now."""

import getpass
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from execution.naming import deployment_of
from execution.running_now import ask_to_run, run_asked


class Command(BaseCommand):
    """The same cycle as the schedule's, for one deployment, at once."""

    help = "Runs one cycle of a paper deployment now, or that of a slot which nobody has run."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the strategy, the deployment where it has several, the reason and the slot."""
        parser.add_argument("slug", help="The strategy's slug.")
        parser.add_argument("--deployment", type=int, help="Its number, where there are several.")
        parser.add_argument("--reason", required=True, help="Why it runs now.")
        parser.add_argument("--slot", help="Feed time of the slot, ISO 8601; the present if left.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the cycle and say how it ended."""
        actor = Actor.system(f"shell:{getpass.getuser()}")
        slot = _slot(options["slot"])
        try:
            deployment = deployment_of(options["slug"], number=options["deployment"])
            slot = ask_to_run(
                deployment, reason=options["reason"], actor=actor, read=timezone.now, slot=slot
            )
            cycle = run_asked(deployment, slot, read=timezone.now, actor=actor)
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{cycle}: {cycle.state} ({cycle.reason}). {cycle.message}")


def _slot(given: str | None) -> datetime | None:
    """Read the slot; a time without an offset is UTC."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise CommandError(f"--slot {given!r} is no ISO 8601 time.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_default_timezone())
