"""Show what the next cycle of a deployment would decide."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.domain.errors import InvalidInput
from execution.naming import deployment_of
from execution.preview import preview_cycle
from execution.preview_words import as_json, as_text


class Command(BaseCommand):
    """Signal, size and every guardrail's verdict, on the market of this moment; nothing is kept."""

    help = "Shows what the next cycle of a deployment would decide. No order, no permit, no row."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the strategy, the deployment where it has several, and the form of the answer."""
        parser.add_argument("slug", help="The strategy's slug.")
        parser.add_argument("--deployment", type=int, help="Its number, where there are several.")
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Preview the cycle and print it."""
        try:
            deployment = deployment_of(options["slug"], number=options["deployment"])
        except InvalidInput as refused:
            raise CommandError(refused.message) from refused
        preview = preview_cycle(deployment, read=timezone.now)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(preview), indent=2))
            return
        self.stdout.write(as_text(preview))
