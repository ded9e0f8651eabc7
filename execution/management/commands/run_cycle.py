"""Run one paper cycle now."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.audit import Actor
from atlas.domain.errors import AtlasError
from execution.cycle import run_cycle
from execution.feeds import clock_for
from execution.models import Deployment
from execution.vocabulary import CycleOrigin


class Command(BaseCommand):
    """The same cycle as the schedule's, for one deployment, at once."""

    help = "Runs one cycle of a paper deployment now, or that of a slot which nobody has run."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the deployment and, if wanted, the slot."""
        parser.add_argument("deployment", type=int, help="Number of the deployment.")
        parser.add_argument("--slot", help="Feed time of the slot, ISO 8601; the present if left.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the cycle and say how it ended."""
        deployment = Deployment.objects.detailed().filter(pk=options["deployment"]).first()
        if deployment is None:
            raise CommandError(f"There is no deployment {options['deployment']}.")
        if deployment.is_live:
            raise CommandError("This deployment is LIVE: only paper cycles are run by hand.")
        slot = _slot(options["slot"]) or clock_for(deployment, read=timezone.now).now()
        try:
            cycle = run_cycle(
                deployment=deployment,
                slot=slot,
                read=timezone.now,
                origin=CycleOrigin.MANUAL,
                actor=Actor.system("manage.py run_cycle"),
            )
        except AtlasError as refused:
            raise CommandError(refused.message) from refused
        if cycle is None:
            raise CommandError(
                f"The slot {slot:%Y-%m-%d %H:%M:%S} UTC has been run already, or a cycle of this "
                "deployment is running."
            )
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
