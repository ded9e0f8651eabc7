"""The console's admin site: the dashboard as its front page, the state sentence on every page."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):
    """The operations console of Atlas."""

    site_title = "Atlas"
    site_header = "Atlas operations"
    index_title = "Operations"
    index_template = "atlas/console/dashboard.html"

    def extra_urls(self) -> list[URLPattern]:
        """Add the pages that act: halt and restore a switch, decide about a request."""
        from atlas.console import approval_pages, switch_pages

        pages: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("halt/", switch_pages.halt_page, "halt"),
            ("halt/<int:pk>/", switch_pages.halt_page, "halt_scope"),
            ("restore/", switch_pages.restore_page, "restore"),
            ("restore/<int:pk>/", switch_pages.restore_page, "restore_scope"),
            ("approvals/<int:pk>/", approval_pages.decide_page, "decide"),
        ]
        return [path(route, self.admin_view(view), name=name) for route, view, name in pages]

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
