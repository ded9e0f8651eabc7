"""API keys in the console: who has one, what it opens, when it was used; issued, rotated, revoked.

A fresh key is in the answer to the POST that made it and nowhere else: a message or a redirect would
put it into the session's row.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from atlas.api.access import SCOPE_MEANINGS, Scope
from atlas.api_keys import (
    DEFAULT_LIFE,
    DEFAULT_OVERLAP,
    DEFAULT_REQUESTS_PER_MINUTE,
    LONGEST_LIFE,
    LONGEST_NAME,
    LONGEST_OVERLAP,
    Issued,
    issue_key,
    revoke_key,
    rotate_key,
    why_ended,
)
from atlas.audit import Actor
from atlas.console.acting import dialog_action, go_to, say_refusal
from atlas.console.display import page_of, pill
from atlas.console.facts import FactAdmin
from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import DomainRefusal
from atlas.models import ApiKey
from atlas.models.keys import MOST_REQUESTS_PER_MINUTE

MANAGE = "atlas.manage_api_keys"


class IssueForm(ReasonDialogForm):
    """The terms of a new key."""

    name = forms.CharField(
        label="What it is for", max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget()
    )
    owner = forms.ModelChoiceField(
        label="Who answers for it",
        queryset=User.objects.filter(is_active=True).order_by("username"),
        widget=UnfoldAdminSelectWidget(),
    )
    scopes = forms.MultipleChoiceField(
        label="What it opens beyond the public part",
        choices=[(scope.value, f"{scope}: {SCOPE_MEANINGS[scope]}") for scope in Scope],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    requests_per_minute = forms.IntegerField(
        min_value=1,
        max_value=MOST_REQUESTS_PER_MINUTE,
        initial=DEFAULT_REQUESTS_PER_MINUTE,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    days = forms.IntegerField(
        label="Days that it works",
        min_value=1,
        max_value=LONGEST_LIFE.days,
        initial=DEFAULT_LIFE.days,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


class RotateForm(ReasonDialogForm):
    """How long the old key goes on working, and why it is replaced."""

    overlap_days = forms.IntegerField(
        label="Days that the old key goes on working",
        min_value=0,
        max_value=LONGEST_OVERLAP.days,
        initial=DEFAULT_OVERLAP.days,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


class ApiKeyAdmin(FactAdmin):
    """API keys: which server may ask for what, how often, until when, and who answers for it?"""

    icon = "vpn_key"
    list_display = (
        "prefix",
        "name",
        "state",
        "owner",
        "opens",
        "requests_per_minute",
        "expiry_date",
        "last_used_at",
    )
    list_display_links = ("prefix", "name")
    list_filter = ("revoked", "owner")
    search_fields = ("=prefix", "name", "owner__username")
    list_select_related = ("owner",)
    fields = (
        *("prefix", "name", "state", "owner", "opens", "requests_per_minute"),
        *("created", "issued_by", "expiry_date", "replaced_by"),
        *("last_used_at", "last_used_address"),
        *("revoked_at", "revoked_by", "revocation_reason"),
    )
    readonly_fields = ("state", "opens")
    actions_list: Any = ("issue",)
    actions_detail = ("rotate", "revoke")

    def state(self, row: ApiKey) -> SafeString:
        """Say whether the key opens anything."""
        if row.revoked:
            return pill("REVOKED")
        return pill("EXPIRED" if why_ended(row, now=timezone.now()) else "ACTIVE")

    def opens(self, row: ApiKey) -> str:
        """Name the key's scopes."""
        return ", ".join(row.scopes) or "what is public"

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether this user may issue, rotate and revoke keys."""
        return request.user.has_perm(MANAGE)

    @dialog_action(
        title="Issue an API key",
        consequence="Whoever has the key may ask as long as it works. It is shown once.",
        button="Issue",
        permission="manage",
        form=IssueForm,
    )
    def issue(self, request: HttpRequest, form: IssueForm) -> HttpResponse:
        """Issue a key and show it this once."""
        terms, now = form.cleaned_data, timezone.now()
        issued = issue_key(
            name=terms["name"],
            owner=terms["owner"],
            scopes={Scope(scope) for scope in terms["scopes"]},
            requests_per_minute=terms["requests_per_minute"],
            expires_at=now + timedelta(days=terms["days"]),
            reason=terms["reason"],
            actor=Actor.of_request(request),
            now=now,
        )
        return _shown_once(request, issued)

    @dialog_action(
        title="Rotate this key",
        consequence="A new key with the same rights is made and shown once. The old one goes on "
        "working for the days that you give.",
        button="Rotate",
        permission="manage",
        form=RotateForm,
    )
    def rotate(self, request: HttpRequest, form: RotateForm, object_id: str) -> HttpResponse:
        """Issue a successor and show it this once."""
        key = get_object_or_404(ApiKey, pk=object_id)
        try:
            issued = rotate_key(
                key,
                overlap=timedelta(days=form.cleaned_data["overlap_days"]),
                reason=form.cleaned_data["reason"],
                actor=Actor.of_request(request),
                now=timezone.now(),
            )
        except DomainRefusal as refusal:
            say_refusal(request, refusal)
            return go_to(request, page_of(key))
        return _shown_once(request, issued)

    @dialog_action(
        title="Revoke this key",
        consequence="It opens nothing from this moment on, and nothing brings it back.",
        button="Revoke",
        permission="manage",
    )
    def revoke(self, request: HttpRequest, form: ReasonDialogForm, object_id: str) -> HttpResponse:
        """End a key at once."""
        key = get_object_or_404(ApiKey, pk=object_id)
        reason, actor = form.cleaned_data["reason"], Actor.of_request(request)
        try:
            revoke_key(key, reason=reason, actor=actor, now=timezone.now())
        except DomainRefusal as refusal:
            say_refusal(request, refusal)
        else:
            messages.success(request, f"The key {key.prefix} opens nothing any more.")
        return go_to(request, page_of(key))


def _shown_once(request: HttpRequest, issued: Issued) -> HttpResponse:
    """Show a fresh key in the place of the dialog that made it; nobody keeps this answer."""
    context = {"word": issued.word, "row": issued.row, "page": page_of(issued.row)}
    answer = TemplateResponse(request, "atlas/console/fresh_key.html", context)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["HX-Retarget"] = answer.headers["HX-Reselect"] = "#dialog"
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer
