"""The page of a source: how it is doing, and the acts that look at it now, silence it or wake it."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from atlas.audit import Actor, record
from atlas.console.acting import dialog_action, go_to, say_refusal
from atlas.console.display import either, number, page_of
from atlas.console.facts import FactAdmin
from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import AtlasError
from imports import tasks
from imports.actors import words_of
from imports.admin.source_form import SourceDialogForm
from imports.models import ImportSource
from imports.models.sources import HANDED
from imports.source_settings import change_source


@admin.register(ImportSource)
class ImportSourceAdmin(FactAdmin):
    """Sources: by which ways do exports reach us, how is each doing, and how suspicious are we?"""

    icon = "hub"
    list_display = (
        "name",
        "kind",
        "address",
        either("enabled", "enabled", "disabled", title="state"),
        "cadence_seconds",
        "expected_every_seconds",
        "policy",
        "looked_at",
        "arrived_at",
        "look_failure",
        number("jump_threshold_ratio"),
    )
    list_filter = ("kind", "enabled", "policy")
    actions_detail = ("fetch_now", "edit", "disable", "enable")

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the user may look at sources now, change, disable and enable them."""
        return request.user.has_perm("imports.change_importsource")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer what fits the source: files that are handed in are not fetched."""
        row = self.get_object(request, object_id)
        if row is None:
            return []
        wanted = {"edit"}
        if row.kind not in HANDED:
            wanted |= {"fetch_now", "disable"} if row.enabled else {"enable"}
        names = {f"imports_importsource_{name}" for name in wanted}
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.action_name in names]

    @dialog_action(
        title="Look at this source now",
        consequence="What has come since the last look is imported as the source's policy says.",
        button="Fetch now",
        permission="act",
    )
    def fetch_now(
        self, request: HttpRequest, form: ReasonDialogForm, object_id: str
    ) -> HttpResponse:
        """Have a worker look at the source."""
        row = get_object_or_404(ImportSource, pk=object_id)
        actor = Actor.of_request(request)
        with transaction.atomic():
            record(
                action="import_source.fetch",
                subject=row,
                actor=actor,
                now=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
            words = words_of(actor)
            transaction.on_commit(lambda: tasks.fetch_source.delay(row.pk, actor=words))
        messages.success(request, f"A worker looks at {row.name} as soon as one is free.")
        return go_to(request, page_of(row))

    @dialog_action(
        title="Change this source",
        consequence="The next look, and the next file, go by what you set here. What was imported "
        "before stays as it is.",
        button="Edit",
        permission="act",
        form=SourceDialogForm,
    )
    def edit(self, request: HttpRequest, form: SourceDialogForm, object_id: str) -> HttpResponse:
        """Change how often the source is looked at, and how suspiciously."""
        return _change(request, form, object_id, done="changed", **form.settings())

    @dialog_action(
        title="Disable this source",
        consequence="It is no longer looked at, and nobody waits for it any more.",
        button="Disable",
        permission="act",
    )
    def disable(self, request: HttpRequest, form: ReasonDialogForm, object_id: str) -> HttpResponse:
        """Take the source off its schedule."""
        return _change(request, form, object_id, done="disabled", enabled=False)

    @dialog_action(
        title="Enable this source",
        consequence="It is looked at again by its cadence; its silence counts from now.",
        button="Enable",
        permission="act",
    )
    def enable(self, request: HttpRequest, form: ReasonDialogForm, object_id: str) -> HttpResponse:
        """Put the source back on its schedule."""
        return _change(request, form, object_id, done="enabled", enabled=True)


def _change(
    request: HttpRequest, form: ReasonDialogForm, object_id: str, *, done: str, **values: Any
) -> HttpResponse:
    """Change settings, as `imports.source_settings` does it, and say what came of it."""
    row = get_object_or_404(ImportSource, pk=object_id)
    try:
        change_source(
            row,
            actor=Actor.of_request(request),
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
            **values,
        )
    except AtlasError as refusal:
        say_refusal(request, refusal)
    else:
        messages.success(request, f"{row.name} is {done}.")
    return go_to(request, page_of(row))
