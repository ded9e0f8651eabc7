"""The pages of approvals: asking, the exact change before and after, the two answers, taking back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from atlas.approval_kinds import KINDS, ApprovalKind, change_lines, kind_named, why_stale
from atlas.approvals import (
    OPEN,
    decide_approval,
    present_state,
    request_approval,
    withdraw_approval,
)
from atlas.audit import Actor
from atlas.console.acting import act_page, go_to, require_right, say_refusal
from atlas.console.display import pill
from atlas.console.forms import DecideForm, ask_form
from atlas.console.step_up import asks_for_code, require_step_up
from atlas.console.switch_pages import MALFORMED, PAGE_METHODS
from atlas.console.wording import left
from atlas.domain.errors import DomainRefusal
from atlas.domain.states import ApprovalState
from atlas.models import ApprovalRequest, TradingState
from atlas.restoring import RESTORE_KIND

LOOK = "atlas.view_approvalrequest"


@require_http_methods(PAGE_METHODS)
def decide_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a request to who may see it; take the answer of who may give it."""
    require_right(request, LOOK)
    asked = get_object_or_404(ApprovalRequest.objects.select_related("requester"), pk=pk)
    if request.method != "POST":
        return _show(request, asked, DecideForm())
    require_right(request, kind_named(asked.kind).decide)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _show(request, asked, form, status=MALFORMED)
    refusal = _refused(lambda: _decide(request, asked, form))
    if refusal is not None:
        return _show(request, asked, form, status=say_refusal(request, refusal))
    messages.success(request, f"The request is {asked.state.lower()}.")
    return go_to(request, reverse("admin:decide", args=[asked.pk]))


@require_http_methods(["POST"])
def withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own request back."""
    require_right(request, LOOK)
    asked = get_object_or_404(ApprovalRequest, pk=pk)
    refusal = _refused(
        lambda: withdraw_approval(
            asked,
            reason=request.POST.get("reason", "").strip(),
            actor=Actor.of_request(request),
            now=timezone.now(),
        )
    )
    if refusal is not None:
        say_refusal(request, refusal)
    else:
        messages.success(request, "The request is taken back.")
    return go_to(request, reverse("admin:decide", args=[asked.pk]))


@require_http_methods(PAGE_METHODS)
def ask_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Ask for a change of a kind that has no page of its own."""
    wanted = KINDS.get(kind)
    if wanted is None or not wanted.fields:
        raise Http404(f"{kind} is not asked for here")
    require_right(request, wanted.ask)
    form = ask_form(wanted.fields)(request.POST or None)
    if request.method != "POST":
        return _show_ask(request, wanted, form)
    if not form.is_valid():
        return _show_ask(request, wanted, form, status=MALFORMED)
    made: list[ApprovalRequest] = []
    refusal = _refused(lambda: made.append(_ask(request, kind, form)))
    if refusal is not None:
        return _show_ask(request, wanted, form, status=say_refusal(request, refusal))
    messages.info(request, "Nothing changed yet: a second person must approve this request first.")
    return go_to(request, reverse("admin:decide", args=[made[0].pk]))


def _ask(request: HttpRequest, kind: str, form: Any) -> ApprovalRequest:
    """Write the request; its subject is what its first field names."""
    fields = kind_named(kind).fields
    change = {name: form.cleaned_data[name] for name in fields}
    proof = require_step_up(request)
    with transaction.atomic():
        return request_approval(
            kind=kind,
            subject=(fields[0], str(change[fields[0]])[:120]),
            change=change,
            reason=form.cleaned_data["reason"],
            requester=Actor.of_request(request),
            proof=proof,
            now=timezone.now(),
        )


def _decide(request: HttpRequest, asked: ApprovalRequest, form: DecideForm) -> None:
    """Write the answer and its audit row together; what ran out or went stale stays ended."""
    proof = require_step_up(request)
    refused: DomainRefusal | None = None
    with transaction.atomic():
        try:
            decide_approval(
                asked,
                approve=form.cleaned_data["decision"] == "approve",
                reason=form.cleaned_data["reason"],
                approver=Actor.of_request(request),
                proof=proof,
                now=timezone.now(),
            )
        except DomainRefusal as refusal:
            refused = refusal
    if refused is not None:
        raise refused


def _refused(act: Callable[[], object]) -> DomainRefusal | None:
    """Do an act; gives the refusal where there is one."""
    try:
        act()
    except DomainRefusal as refusal:
        return refusal
    return None


def _show(
    request: HttpRequest, asked: ApprovalRequest, form: DecideForm, *, status: int = 200
) -> TemplateResponse:
    now = timezone.now()
    kind = kind_named(asked.kind)
    is_yours = asked.requester_id == request.user.pk
    state = present_state(asked, now=now)
    stale = why_stale(asked) if asked.state in OPEN else ""
    waits = state == ApprovalState.PENDING and not stale
    context = {
        "asked": asked,
        "kind": kind,
        "pill": pill(state),
        "lines": change_lines(asked.before, asked.change),
        "form": form,
        "left": left(asked.expires_at, now=now),
        "is_yours": is_yours,
        "waits": waits,
        "stale": stale,
        "may_decide": waits and not is_yours and request.user.has_perm(kind.decide),
        "may_withdraw": is_yours and state in OPEN,
        "asks_for_code": kind.is_grave or asks_for_code(request),
        "next_page": _next_page(asked) if state == ApprovalState.APPROVED and not stale else "",
    }
    return act_page(
        request, "atlas/console/decide.html", context, title=f"Request {asked.pk}", status=status
    )


def _show_ask(
    request: HttpRequest, kind: ApprovalKind, form: Any, *, status: int = 200
) -> TemplateResponse:
    context = {"kind": kind, "form": form, "asks_for_code": True}
    return act_page(
        request, "atlas/console/ask.html", context, title=f"Ask: {kind.title}", status=status
    )


def _next_page(asked: ApprovalRequest) -> str:
    """Give the page where an approved change is carried out."""
    if asked.kind != RESTORE_KIND:
        return ""
    row = get_object_or_404(TradingState, pk=asked.subject_id)
    return reverse("admin:restore_scope", args=[row.pk])
