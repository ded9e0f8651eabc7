"""The console's admin site: the dashboard as its front page, the state sentence on every page."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.sites import UnfoldAdminSite

from atlas.console.doorkeeper import OWES
from atlas.console.logging_in import AuditedLoginForm

FOUND = 302
WITHOUT_DEVICE = (
    "You came in by a password alone: this installation is for development and demonstration. Set a "
    "one-time password device up under My access."
)


class ConsoleSite(UnfoldAdminSite):
    """The operations console of Atlas."""

    site_title = "Atlas"
    site_header = "Atlas operations"
    index_title = "Operations"
    login_form = AuditedLoginForm
    index_template = "atlas/console/dashboard.html"

    def extra_urls(self) -> list[URLPattern]:
        """Add the pages that act: halt and restore a switch, decide about a request."""
        from atlas.console import approval_pages, second_factor_pages, switch_pages

        pages: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("halt/", switch_pages.halt_page, "halt"),
            ("halt/<int:pk>/", switch_pages.halt_page, "halt_scope"),
            ("restore/", switch_pages.restore_page, "restore"),
            ("restore/<int:pk>/", switch_pages.restore_page, "restore_scope"),
            ("approvals/<int:pk>/", approval_pages.decide_page, "decide"),
            ("approvals/<int:pk>/withdraw/", approval_pages.withdraw_page, "withdraw"),
            ("approvals/ask/<str:kind>/", approval_pages.ask_page, "ask"),
            ("my-access/", second_factor_pages.my_access_page, "my_access"),
        ]
        return [
            *(path(route, self.admin_view(view), name=name) for route, view, name in pages),
            # Open to who still owes the second factor; they look at the session themselves.
            path("second-factor/", second_factor_pages.second_factor_page, name="second_factor"),
            path("enrol/", second_factor_pages.enrol_page, name="enrol"),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in staff that has shown what it owes."""
        return super().has_permission(request) and not getattr(request, OWES, False)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log in, and note it; where a password alone suffices here, say so."""
        from atlas.console.logging_in import note_login

        answer = super().login(request, extra_context)
        if request.method == "POST" and answer.status_code == FOUND:
            note_login(request)
            self._say_without_device(request)
        return answer

    def logout(  # type: ignore[override]  # Django's stubs promise a template, it redirects
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Log out, and note it."""
        from atlas.console.logging_in import note_logout

        if request.method == "POST":
            note_logout(request)
        return super().logout(request, extra_context)

    def password_change(  # type: ignore[override]  # as above
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change one's own password, and note it; the other sessions end with the old one."""
        from atlas.console.logging_in import note_own_password

        answer = super().password_change(request, extra_context)
        if request.method == "POST" and answer.status_code == FOUND:
            note_own_password(request)
        return answer

    def _say_without_device(self, request: HttpRequest) -> None:
        """Tell who came in by a password alone that this is for demonstrations only."""
        from atlas.second_factor import device_of

        if settings.ATLAS_REQUIRE_SECOND_FACTOR or not isinstance(request.user, User):
            return
        if device_of(request.user) is None:
            messages.info(request, WITHOUT_DEVICE)

    def extra_context(self, context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """Add the state sentence and the halt form to every page of who may see the console."""
        from atlas.console.forms import HaltForm
        from atlas.console.sentence import state_sentence

        if not self.has_permission(request):
            return context
        context["house_state"] = state_sentence(now=timezone.now())
        context["halt_form"] = HaltForm()
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard: the panels of every floor."""
        from atlas.console.dashboard import panels_for

        panels = panels_for(request, now=timezone.now())
        return super().index(request, {"panels": panels, **(extra_context or {})})


def installation_label(_request: HttpRequest) -> list[str]:
    """Name this installation in the header, so that two open consoles are not mixed up."""
    return [settings.ATLAS_INSTANCE_NAME, "info"]
