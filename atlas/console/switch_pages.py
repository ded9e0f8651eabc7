"""The kill switch and its counterpart: plain pages with plain forms, fit for a browser without
scripts, and each change one POST.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from atlas.audit import Actor
from atlas.console.acting import act_page, go_to, require_right, say_refusal
from atlas.console.display import pill
from atlas.console.forms import HaltForm, RestoreForm
from atlas.console.sentence import global_switch
from atlas.console.step_up import asks_for_code, require_step_up
from atlas.domain.errors import DomainRefusal, Temporary
from atlas.domain.states import SwitchScope, SwitchState
from atlas.models import ApprovalRequest, TradingState
from atlas.restoring import open_request, restore_or_ask
from atlas.switches import needs_second_person, tighten

HALT, RESTORE = "atlas.halt_trading", "atlas.restore_trading"
PAGE_METHODS = ["GET", "HEAD", "POST"]
MALFORMED = 400


@require_http_methods(PAGE_METHODS)
def halt_page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Halt or reduce one switch, the global one unless another is named; one POST does it."""
    require_right(request, HALT)
    row = _switch(pk)
    form = HaltForm(request.POST or None)
    if request.method != "POST":
        return _show_halt(request, row, form)
    if not form.is_valid():
        return _show_halt(request, row, form, status=MALFORMED)
    now = timezone.now()
    state = SwitchState(form.cleaned_data["state"])
    try:
        done = tighten(
            scope=(row.scope, row.key),
            state=state,
            reason=form.cleaned_data["reason"],
            actor=Actor.of_request(request),
            now=now,
        )
    except (DomainRefusal, Temporary) as refusal:
        return _show_halt(request, row, form, status=say_refusal(request, refusal))
    _say_halted(request, done, changed=done.changed_at == now)
    return go_to(request, reverse("admin:index"))


def _say_halted(request: HttpRequest, row: TradingState, *, changed: bool) -> None:
    """Say what stands now: this halt, or one that came before it."""
    name = sentence(name_of(row))
    if not changed:
        messages.info(request, f"{name} was {row.state} already: {row.reason}")
        return
    promise = "no order starts" if row.state == SwitchState.HALTED else "positions only shrink"
    messages.warning(request, f"{name} is {row.state} from now on: {promise}.")


def _show_halt(
    request: HttpRequest, row: TradingState, form: HaltForm, *, status: int = 200
) -> TemplateResponse:
    context = {"switch": row, "name": name_of(row), "pill": pill(row.state), "form": form}
    return act_page(
        request, "atlas/console/halt.html", context, title=f"Halt {name_of(row)}", status=status
    )


@require_http_methods(PAGE_METHODS)
def restore_page(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Restore one switch, or ask the second person that it needs."""
    require_right(request, RESTORE)
    row = _switch(pk)
    form = RestoreForm(request.POST or None, present=SwitchState(row.state))
    if request.method != "POST":
        return _show_restore(request, row, form)
    if not form.is_valid():
        return _show_restore(request, row, form, status=MALFORMED)
    state = SwitchState(form.cleaned_data["state"])
    try:
        done = restore_or_ask(
            row=row,
            state=state,
            reason=form.cleaned_data["reason"],
            actor=Actor.of_request(request),
            proof=require_step_up(request),
            now=timezone.now(),
        )
    except (DomainRefusal, Temporary) as refusal:
        return _show_restore(request, row, form, status=say_refusal(request, refusal))
    if isinstance(done, ApprovalRequest):
        messages.info(
            request, "Nothing changed yet: a second person must approve this request first."
        )
        return go_to(request, reverse("admin:decide", args=[done.pk]))
    messages.success(request, f"{sentence(name_of(done))} is {done.state} from now on.")
    return go_to(request, reverse("admin:index"))


def _show_restore(
    request: HttpRequest, row: TradingState, form: RestoreForm, *, status: int = 200
) -> TemplateResponse:
    now = timezone.now()
    needs_two = needs_second_person((row.scope, row.key))
    looser = [
        state
        for state in (SwitchState.ACTIVE, SwitchState.REDUCING)
        if state.severity < SwitchState(row.state).severity
    ]
    requests = [open_request(row, state, now=now) for state in looser] if needs_two else []
    context = {
        "switch": row,
        "name": name_of(row),
        "pill": pill(row.state),
        "form": form,
        "is_loose": not looser,
        "needs_two": needs_two,
        "asks_for_code": asks_for_code(request),
        "requests": [one for one in requests if one is not None],
    }
    return act_page(
        request,
        "atlas/console/restore.html",
        context,
        title=f"Restore {name_of(row)}",
        status=status,
    )


def name_of(row: TradingState) -> str:
    """Name a switch for people: `all trading`, or its scope and key."""
    if row.scope == SwitchScope.GLOBAL:
        return "all trading"
    return f"{row.scope.lower()} {row.key}"


def _switch(pk: int | None) -> TradingState:
    """Give the switch that a page is about."""
    return global_switch() if pk is None else get_object_or_404(TradingState, pk=pk)


def sentence(text: str) -> str:
    """Begin a sentence with these words, whose other letters stay as they are."""
    return text[:1].upper() + text[1:]
