"""The second person's page: the exact change, who asked and why, and the two answers."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from atlas.approvals import decide_approval
from atlas.audit import Actor
from atlas.console.acting import act_page, go_to, require_right, say_refusal
from atlas.console.display import pill
from atlas.console.forms import DecideForm
from atlas.console.switch_pages import MALFORMED, PAGE_METHODS
from atlas.console.wording import left
from atlas.domain.errors import DomainRefusal
from atlas.domain.states import ApprovalState
from atlas.models import ApprovalRequest, TradingState
from atlas.restoring import RESTORE_KIND

DECIDE, LOOK = "atlas.decide_approval", "atlas.view_approvalrequest"


@require_http_methods(PAGE_METHODS)
def decide_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a request to who may see it; take the answer of who may give it."""
    require_right(request, LOOK)
    asked = get_object_or_404(ApprovalRequest.objects.select_related("requester"), pk=pk)
    if request.method != "POST":
        return _show(request, asked, DecideForm())
    require_right(request, DECIDE)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _show(request, asked, form, status=MALFORMED)
    refusal = _decide(request, asked, form)
    if refusal is not None:
        return _show(request, asked, form, status=say_refusal(request, refusal))
    messages.success(request, f"The request is {asked.state.lower()}.")
    return go_to(request, reverse("admin:decide", args=[asked.pk]))


def _decide(request: HttpRequest, asked: ApprovalRequest, form: DecideForm) -> DomainRefusal | None:
    """Write the answer and its audit row together; a request that expired stays expired."""
    with transaction.atomic():
        try:
            decide_approval(
                asked,
                approve=form.cleaned_data["decision"] == "approve",
                reason=form.cleaned_data["reason"],
                approver=Actor.of_request(request),
                now=timezone.now(),
            )
        except DomainRefusal as refusal:
            return refusal
    return None


def _show(
    request: HttpRequest, asked: ApprovalRequest, form: DecideForm, *, status: int = 200
) -> TemplateResponse:
    now = timezone.now()
    is_yours = asked.requester_id == request.user.pk
    waits = asked.state == ApprovalState.PENDING and asked.expires_at > now
    context = {
        "asked": asked,
        "pill": pill(asked.state),
        "form": form,
        "left": left(asked.expires_at, now=now),
        "is_yours": is_yours,
        "may_decide": waits and not is_yours and request.user.has_perm(DECIDE),
        "next_page": _next_page(asked) if asked.state == ApprovalState.APPROVED else "",
    }
    return act_page(
        request, "atlas/console/decide.html", context, title=f"Request {asked.pk}", status=status
    )


def _next_page(asked: ApprovalRequest) -> str:
    """Give the page where an approved change is carried out."""
    if asked.kind != RESTORE_KIND:
        return ""
    row = get_object_or_404(TradingState, pk=asked.subject_id)
    return reverse("admin:restore_scope", args=[row.pk])
