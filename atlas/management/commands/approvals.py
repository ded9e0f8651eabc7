"""Read the requests for a second person's word from the shell; deciding needs a person and a code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from atlas.approval_kinds import change_lines, kind_named
from atlas.approvals import present_state
from atlas.domain.states import ApprovalState
from atlas.models import ApprovalRequest

SHOWN = 50


class Command(BaseCommand):
    """`approvals list` names the newest, `approvals show NUMBER` tells one whole."""

    help = "Lists requests for a second person's word, or shows one with its exact change."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="the newest requests")
        listing.add_argument("--state", choices=[one.value for one in ApprovalState])
        listing.add_argument("--kind", help="for example switch.restore")
        showing = verbs.add_parser("show", help="one request with its exact change")
        showing.add_argument("number", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write lines for people."""
        lines = self._listed(options) if options["verb"] == "list" else self._told(options)
        for line in lines:
            self.stdout.write(line)

    def _listed(self, options: dict[str, Any]) -> list[str]:
        rows = ApprovalRequest.objects.select_related("requester", "approver")
        for name in ("state", "kind"):
            if options[name]:
                rows = rows.filter(**{name: options[name]})
        now = timezone.now()
        found = [
            f"{row.pk}  {row.kind}  {present_state(row, now=now)}  {row.requester.get_username()}"
            f"  until {row.expires_at:%Y-%m-%d %H:%M} UTC  {row.reason}"
            for row in rows[:SHOWN]
        ]
        return found or ["No approval is recorded."]

    def _told(self, options: dict[str, Any]) -> list[str]:
        row = ApprovalRequest.objects.filter(pk=options["number"]).first()
        if row is None:
            raise CommandError(f"There is no request {options['number']}.")
        kind = kind_named(row.kind)
        lines = [
            f"{row.pk} {row.kind}: {present_state(row, now=timezone.now())}",
            f"{kind.title}. {kind.meaning}",
            f"asked by {row.requester.get_username()} at {row.requested_at:%Y-%m-%d %H:%M:%S} UTC",
            f"reason: {row.reason}",
            f"valid until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC",
            f"hash {row.change_hash}",
        ]
        if row.approver is not None:
            lines.append(f"decided by {row.approver.get_username()}: {row.decision_reason}")
        if row.void_reason:
            lines.append(f"void: {row.void_reason}")
        changes = change_lines(row.before, row.change)
        return lines + [f"  {one.name}: {one.before} -> {one.after}" for one in changes]
