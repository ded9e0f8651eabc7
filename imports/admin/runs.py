"""The page of an import: how far it got, what is wrong with it, what it would change, and the acts."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.audit import Actor
from atlas.console.acting import dialog_action, go_to, say_refusal
from atlas.console.display import links, page_of, pills
from atlas.console.facts import FactAdmin
from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import AtlasError
from atlas.domain.states import ImportState
from imports import desk
from imports.admin import pages
from imports.admin.forms import AgreeForm, ApplyDialogForm
from imports.admin.story import story_of
from imports.carrying import APPLIED_STATES
from imports.models import ImportRun


@admin.register(ImportRun)
class ImportRunAdmin(FactAdmin):
    """Imports: how far did each file get, what is wrong with it, and what did it change?"""

    icon = "upload_file"
    list_display = (
        "received_at",
        "received_from",
        links("source"),
        pills("state"),
        "record_count",
        "rejected_count",
        "error_count",
        "warning_count",
        "requested_by",
        "ended_at",
    )
    list_filter = ("state", "source", ("received_at", RangeDateTimeFilter))
    search_fields = ("=sha256", "received_from", "=changeset_hash")
    list_select_related = ("source",)
    ordering = ("-pk",)
    list_before_template = "imports/console/hand_in_button.html"
    change_form_outer_before_template = "imports/console/run.html"
    actions_detail = ("apply", "revert", "review_again")
    fields = (
        "received_from",
        "source",
        "requested_by",
        "received_at",
        "format",
        "mode",
        "producer",
        "generated_at",
        "size_bytes",
        "sha256",
        "changeset_hash",
        "staged_at",
        "reviewed_at",
        "ended_at",
        "pruned_at",
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of an import that are no lists."""
        own: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
            ("hand-in/", pages.hand_in_page, "imports_hand_in"),
            ("<int:pk>/progress.json", pages.progress, "imports_progress"),
            ("<int:pk>/issues.csv", pages.issues_csv, "imports_issues_csv"),
            ("<int:pk>/raw/", pages.raw_record, "imports_raw_record"),
        ]
        routes = [path(route, self.admin_site.admin_view(view), name=n) for route, view, n in own]
        return [*routes, *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer what fits how far the file has got."""
        row = self.get_object(request, object_id)
        if row is None:
            return []
        wanted = set() if row.pruned_at else {"review_again"}
        wanted |= {"apply"} if row.state == ImportState.REVIEWED else set()
        wanted |= {"revert"} if row.state in APPLIED_STATES and not row.pruned_at else set()
        offered = super().get_actions_detail(request, object_id)
        names = {f"imports_importrun_{name}" for name in wanted}
        return [one for one in offered if one.action_name in names]

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the user may apply, put back and review again."""
        return request.user.has_perm("imports.change_importrun")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Tell the story of the file above its facts."""
        row = self.get_object(request, object_id)
        story = {} if row is None else {"story": story_of(row, now=timezone.now())}
        extra = {**story, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    @dialog_action(
        title="Apply this import",
        consequence="Exactly the change-set on this page enters the catalogue, in one step. "
        "Where the catalogue has moved since the review, nothing is changed.",
        button="Apply",
        permission="act",
        form=ApplyDialogForm,
    )
    def apply(self, request: HttpRequest, form: ApplyDialogForm, object_id: str) -> HttpResponse:
        """Have the reviewed change-set applied."""
        row = get_object_or_404(ImportRun, pk=object_id)
        return _act(
            request,
            row,
            lambda actor, now: desk.ask_to_apply(
                row,
                desk.Agreed(
                    form.cleaned_data["changeset_hash"],
                    allow_partial=form.cleaned_data.get("allow_partial", False),
                ),
                reason=form.cleaned_data["reason"],
                actor=actor,
                now=now,
            ),
        )

    @dialog_action(
        title="Put this import back",
        consequence="What the import changed is restored as it was. Where something was built on it "
        "since, nothing is changed.",
        button="Revert",
        permission="act",
        form=AgreeForm,
    )
    def revert(self, request: HttpRequest, form: AgreeForm, object_id: str) -> HttpResponse:
        """Have what the run changed put back."""
        row = get_object_or_404(ImportRun, pk=object_id)
        reason = form.cleaned_data["reason"]
        return _act(
            request,
            row,
            lambda actor, now: desk.ask_to_revert(row, reason=reason, actor=actor, now=now),
        )

    @dialog_action(
        title="Review this file again",
        consequence="The stored bytes are read once more and compared with the catalogue as it is "
        "now. Nothing is applied.",
        button="Review again",
        permission="act",
    )
    def review_again(
        self, request: HttpRequest, form: ReasonDialogForm, object_id: str
    ) -> HttpResponse:
        """Begin another review of the same bytes."""
        row = get_object_or_404(ImportRun, pk=object_id)
        now, actor = timezone.now(), Actor.of_request(request)
        try:
            outcome = desk.review_again(
                row, reason=form.cleaned_data["reason"], actor=actor, now=now
            )
        except AtlasError as refusal:
            say_refusal(request, refusal)
            return go_to(request, page_of(row))
        messages.success(request, desk.sentence_of(outcome))
        return go_to(request, page_of(outcome.run))


def _act(request: HttpRequest, row: ImportRun, ask: Any) -> HttpResponse:
    """Ask for something, and say what came of it on the run's page."""
    try:
        messages.success(request, ask(Actor.of_request(request), timezone.now()))
    except AtlasError as refusal:
        say_refusal(request, refusal)
    return go_to(request, page_of(row))
