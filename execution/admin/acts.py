"""Acts on deployments whose carrying out is a worker's: asked for here, with a reason."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from atlas.audit import Actor
from atlas.console.acting import go_to, say_refusal
from atlas.console.display import page_of
from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import DomainRefusal, Temporary
from execution import tasks
from execution.models import Deployment
from execution.running_now import ask_to_run


def run_by_form(
    request: HttpRequest, form: ReasonDialogForm, deployment: Deployment
) -> HttpResponse:
    """Ask for a paper cycle and hand it to a worker, or say why not."""
    actor, reason = Actor.of_request(request), form.cleaned_data["reason"]
    try:
        slot = ask_to_run(deployment, reason=reason, actor=actor, read=timezone.now)
    except (DomainRefusal, Temporary) as refusal:
        say_refusal(request, refusal)
        return go_to(request, page_of(deployment))
    transaction.on_commit(
        partial(
            tasks.run_cycle_now.apply_async,
            args=(deployment.pk, slot.isoformat()),
            kwargs={"name": actor.name, "user_id": actor.user and actor.user.pk},
            expires=tasks.NOW_EXPIRES_SECONDS,
        )
    )
    messages.success(
        request, f"A worker runs the cycle of {slot:%Y-%m-%d %H:%M:%S} UTC as soon as one is free."
    )
    return go_to(request, page_of(deployment))
