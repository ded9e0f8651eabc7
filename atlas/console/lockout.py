"""What happens when a login is closed after wrong passwords: a page, an alert, an audit row."""

from datetime import timedelta
from typing import Any

from axes.helpers import get_client_username
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from atlas.access_alerts import LOCKED_OUT
from atlas.alerts import raise_alert
from atlas.audit import Actor, record
from atlas.client_address import client_address
from atlas.models import AuditEvent

ACTION = "session.lock_out"
TOO_MANY = 429


def address_of(request: HttpRequest) -> str | None:
    """Give the client's address as far as our own proxies vouch for it."""
    return client_address(request) or None


def locked_out(
    request: HttpRequest, _answer: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Answer whoever is locked out; one row a lock is noted, each attempt counted."""
    now, address = timezone.now(), client_address(request)
    name = str(get_client_username(request, credentials) or "")[:150]
    subject = ("login", f"{name}@{address}"[:120])
    since = now - _cool_off()
    if not AuditEvent.objects.filter(
        action=ACTION, subject_type=subject[0], subject_id=subject[1], occurred_at__gt=since
    ).exists():
        record(
            action=ACTION,
            subject=subject,
            actor=Actor(
                name="somebody",
                address=address or None,
                request_id=str(getattr(request, "request_id", "")),
            ),
            now=now,
        )
    message = f"Too many wrong passwords for {name!r} from {address or 'an unknown address'}."
    raise_alert(LOCKED_OUT, subject=subject, message=message, now=now)
    return render(request, "atlas/console/locked_out.html", status=TOO_MANY)


def _cool_off() -> timedelta:
    """Give how long a login stays locked."""
    patience: timedelta = getattr(settings, "AXES_COOLOFF_TIME")  # noqa: B009  # the plug-in knows it as a setting only
    return patience
