"""The middleware at the console's door: a password alone makes nobody an operator.

Who is logged in but still owes the second factor is nobody to every page but those where it is
shown or set up. A session past its limits is ended here. Requests without a session cookie pass
untouched, so that public answers stay the same for everybody and can be cached.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from atlas import sessions
from atlas.audit import Actor, record
from atlas.sessions import Standing

OWES = "atlas_owes"  # attribute of a request whose person still owes the second factor
UNGUARDED = frozenset({"/livez", "/readyz"})  # probes tell the same to everybody
OPEN_TO_OWING = ("login", "logout", "second_factor", "enrol")

Next = Callable[[HttpRequest], HttpResponse]


class DoorkeeperMiddleware:
    """Ends sessions past their limits and asks for the second factor before anything else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let through, lead to the second factor, or lead to the login."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path in UNGUARDED:
            return self.get_response(request)
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        now = timezone.now()
        standing = sessions.standing_of(user)
        if ending := sessions.why_ended(request.session, standing, now=now):
            return self._ended(request, user, ending)
        sessions.note_use(request.session, standing, now=now)
        if not owes(request, user, standing):
            return self.get_response(request)
        return self._owing(request, standing)

    def _ended(self, request: HttpRequest, user: User, ending: str) -> HttpResponse:
        """End the session and say why."""
        record(
            action="session.end",
            subject=user,
            actor=Actor.of_request(request),
            now=timezone.now(),
            reason=ending,
        )
        logout(request)
        messages.warning(request, ending)
        return self.get_response(request)  # the page itself leads strangers to the login

    def _owing(self, request: HttpRequest, standing: Standing) -> HttpResponse:
        """Lead to the page where the debt is paid; elsewhere the person is a stranger."""
        if request.path in open_paths():
            setattr(request, OWES, True)
            return self.get_response(request)
        if not request.path.startswith(reverse("admin:index")):
            request.user = AnonymousUser()
            return self.get_response(request)
        page = reverse("admin:second_factor" if standing.has_device else "admin:enrol")
        wanted = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return HttpResponseRedirect(f"{page}?{urlencode({'next': wanted})}")


def owes(request: HttpRequest, user: User, standing: Standing) -> bool:
    """Say whether the person still has to show the second factor in this session."""
    if not user.is_staff or sessions.has_second_factor(request.session):
        return False
    return standing.has_device or settings.ATLAS_REQUIRE_SECOND_FACTOR


def open_paths() -> frozenset[str]:
    """List the pages that are open to who still owes the second factor."""
    return frozenset(reverse(f"admin:{name}") for name in OPEN_TO_OWING)
