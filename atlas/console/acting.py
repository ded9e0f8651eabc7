"""What every page that acts has in common: a right, one POST, and an answer in words."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold import decorators
from unfold.dataclasses import ActionDialog

from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import AtlasError, Temporary

REFUSED, AWAY = 409, 503
Act = Callable[..., HttpResponse]


def require_right(request: HttpRequest, permission: str) -> None:
    """Refuse who lacks the right. Raises PermissionDenied, which becomes the 403 page."""
    if not request.user.has_perm(permission):
        raise PermissionDenied(f"This needs the permission {permission}.")


def act_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> TemplateResponse:
    """Show a page of the console with a form that acts."""
    shared = admin.site.each_context(request)
    request.current_app = admin.site.name
    return TemplateResponse(request, template, {**shared, "title": title, **context}, status=status)


def say_refusal(request: HttpRequest, refusal: AtlasError) -> int:
    """Show why an act was refused; gives the status of the answer."""
    messages.error(request, refusal.message)
    return AWAY if isinstance(refusal, Temporary) else REFUSED


def go_to(request: HttpRequest, path: str) -> HttpResponse:
    """Lead on after an act; a dialog is told by a header, since it cannot follow a redirect."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": path})
    return HttpResponseRedirect(path)


def dialog_action(
    *,
    title: str,
    consequence: str,
    button: str,
    permission: str,
    form: type[ReasonDialogForm] = ReasonDialogForm,
) -> Callable[[Act], Act]:
    """Make a method of a page an act on one row: a dialog first, one POST with a reason, a right.

    `permission` names the page's method `has_<permission>_permission`. Without scripts the dialog
    is a page of its own.
    """
    dialog = ActionDialog(
        title=title, description=consequence, form_class=form, form_submit_text=button
    )
    made: Any = decorators.action(
        description=f"{button}\u2026",
        permissions=[permission],
        dialog=dialog,
    )
    decorated: Callable[[Act], Act] = made
    return decorated
