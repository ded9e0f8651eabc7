"""Send a test through every channel of alerts, and say what came of it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from atlas.alert_path import judge_tests, start_test
from atlas.alert_planning import plan_notices
from atlas.alert_sending import send_due
from atlas.models import AlertDelivery


class Command(BaseCommand):
    """Exit code 0 where every channel took the message, 1 otherwise."""

    help = "Sends a test alert through every channel of ATLAS_ALERT_URLS at once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raise, plan, send, and print each channel's answer."""
        channels = settings.ATLAS_ALERT_SECRETS
        number = start_test(channels=channels, now=timezone.now())
        if number is None:
            raise CommandError("No channel is set; see docs/alerts.md for ATLAS_ALERT_URLS")
        plan_notices(now=timezone.now(), channels=channels, terms=settings.ATLAS_ALERT_TERMS)
        send_due(clock=timezone.now, channels=channels)
        judge_tests(channels=channels, now=timezone.now())
        deliveries = AlertDelivery.objects.filter(notice__alert_id=number).order_by("channel")
        for one in deliveries:
            self.stdout.write(f"{one.channel}: {one.state.lower()} {one.error}".rstrip())
        failed = [one.channel for one in deliveries if one.state != "SENT"]
        if failed or not deliveries:
            raise CommandError(f"The test did not arrive on: {', '.join(failed) or 'any channel'}")
