"""Writing the audit log: one row for each thing that somebody or something did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest

from atlas.client_address import client_address
from atlas.models import AuditEvent
from atlas.redaction import redact_value

REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person at an address within a request, or a named automation."""

    name: str
    user: User | None = None
    address: str | None = None
    request_id: str = ""

    @classmethod
    def system(cls, name: str, *, request_id: str = "") -> "Actor":
        """Name an automation: a task, a schedule, a command."""
        return cls(name=name, request_id=request_id)

    @classmethod
    def of_request(cls, request: HttpRequest) -> "Actor":
        """Take the person behind a request; the address is as far as our own proxies vouch for it."""
        user = request.user
        if not isinstance(user, User):
            raise TypeError("an action needs a person who is logged in")
        return cls(
            name=user.get_username(),
            user=user,
            address=client_address(request) or None,
            request_id=str(getattr(request, "request_id", "")),
        )


def record(
    *,
    action: str,
    subject: models.Model | tuple[str, str],
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Write one audit event in the caller's transaction; secrets in it are removed.

    `subject` is the row that was acted on, or a (type, id) pair where there is no row.
    """
    kind, identifier = (
        subject if isinstance(subject, tuple) else (subject._meta.label_lower, str(subject.pk))
    )
    return AuditEvent.objects.create(
        occurred_at=now,
        actor=actor.name,
        actor_user=actor.user,
        address=actor.address,
        request_id=actor.request_id,
        action=action,
        subject_type=kind,
        subject_id=identifier,
        before=redact_value("before", before) if before is not None else None,
        after=redact_value("after", after) if after is not None else None,
        reason=reason[:REASON_LENGTH],
    )
