"""Logging in and out of the console, each way noted in the audit log.

The notes are written by the form and the pages themselves, not by Django's signals: they stand in
the order of the act, and nothing elsewhere can switch them off.
"""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.forms import AuthenticationForm

from atlas import sessions
from atlas.audit import Actor, record
from atlas.client_address import client_address


class AuditedLoginForm(AuthenticationForm):
    """The login form of the theme; a refused login leaves an audit row."""

    def clean(self) -> dict[str, Any]:
        """Check the password. What was typed is not written down unless it names an account."""
        try:
            checked: dict[str, Any] = super().clean()
        except ValidationError:
            _note_refused(self.request, str(self.cleaned_data.get("username", "")))
            raise
        return checked


def note_login(request: HttpRequest) -> None:
    """Start the clocks of the new session and note who logged in."""
    user, now = request.user, timezone.now()
    if not isinstance(user, User):
        raise TypeError("nobody has logged in")
    sessions.begin(request.session, user, now=now)
    record(action="session.login", subject=user, actor=Actor.of_request(request), now=now)


def note_logout(request: HttpRequest) -> None:
    """Note who logs out; strangers leave no row."""
    if isinstance(request.user, User):
        record(
            action="session.logout",
            subject=request.user,
            actor=Actor.of_request(request),
            now=timezone.now(),
        )


def note_own_password(request: HttpRequest) -> None:
    """Note that a person gave himself a new password."""
    user = request.user
    if isinstance(user, User):
        record(
            action="user.change_own_password",
            subject=user,
            actor=Actor.of_request(request),
            now=timezone.now(),
        )


def _note_refused(request: HttpRequest | None, typed: str) -> None:
    """Note a refused login under the account that was tried, if there is one of that name."""
    user = User.objects.filter(username=typed).first()
    record(
        action="session.refused",
        subject=("auth.user", "" if user is None else str(user.pk)),
        actor=Actor(
            name="somebody",
            address=(client_address(request) or None) if request else None,
            request_id=str(getattr(request, "request_id", "")),
        ),
        now=timezone.now(),
        after={"name": "no such account" if user is None else user.get_username()},
    )
