"""Acknowledging and resolving alerts from their pages."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from atlas.audit import Actor
from atlas.console.acting import go_to, say_refusal
from atlas.console.display import page_of
from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import DomainRefusal
from atlas.models import Alert


def handle_alert(
    request: HttpRequest, form: ReasonDialogForm, object_id: str, act: Callable[..., Alert]
) -> HttpResponse:
    """Do one act on an alert and say what it came to; somebody else may have been faster."""
    alert = get_object_or_404(Alert, pk=object_id)
    reason = form.cleaned_data["reason"]
    try:
        act(alert, reason=reason, actor=Actor.of_request(request), now=timezone.now())
    except DomainRefusal as refusal:
        say_refusal(request, refusal)
    else:
        messages.success(request, f"The alert is {alert.state.lower()}.")
    return go_to(request, page_of(alert))
