"""The list of approvals: what waits for me, what I asked for, and where to ask for more."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.approval_kinds import ABSENT, DECIDE, KINDS, change_lines
from atlas.approvals import present_state
from atlas.console.display import pill
from atlas.console.facts import FactAdmin
from atlas.domain.states import ApprovalState
from atlas.models import ApprovalRequest

FOR_ME, BY_ME, DECIDED_BY_ME = "for-me", "by-me", "decided-by-me"


class WhoseFilter(admin.SimpleListFilter):
    """Narrow the list to what concerns the person who looks."""

    title = "whose"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Name the three views of one's own."""
        return [
            (FOR_ME, "Waiting for me"),
            (BY_ME, "My requests"),
            (DECIDED_BY_ME, "Decided by me"),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ApprovalRequest]
    ) -> QuerySet[ApprovalRequest]:
        """Narrow; who may not decide has nothing waiting."""
        me = request.user.pk
        if self.value() == BY_ME:
            return queryset.filter(requester=me)
        if self.value() == DECIDED_BY_ME:
            return queryset.filter(approver=me)
        if self.value() == FOR_ME:
            waiting = queryset.filter(
                state=ApprovalState.PENDING.value, expires_at__gt=timezone.now()
            )
            allowed = request.user.has_perm(DECIDE)
            return waiting.exclude(requester=me) if allowed else queryset.none()
        return queryset


class ApprovalRequestAdmin(FactAdmin):
    """Approvals: what was asked of a second person, who decided what and why?"""

    icon = "how_to_reg"
    list_display = (
        "decide",
        "subject",
        "shown_state",
        "requester",
        "reason",
        "requested_at",
        "expires_at",
        "approver",
    )
    list_display_links = None
    list_filter = (WhoseFilter, "state", "kind", ("requested_at", RangeDateTimeFilter))
    search_fields = ("reason", "change_hash", "requester__username")
    list_select_related = ("requester", "approver")
    list_before_template = "atlas/console/approval_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Offer the kinds that this person may ask for here."""
        kinds = [
            (kind.title, reverse("admin:ask", args=[name]))
            for name, kind in KINDS.items()
            if kind.fields and request.user.has_perm(kind.ask)
        ]
        context: Any = {"kinds": kinds, **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description="Request", ordering="pk")
    def decide(self, row: ApprovalRequest) -> str:
        """Lead to the page where it is decided."""
        path = reverse("admin:decide", args=[row.pk])
        return format_html('<a class="text-link" href="{}">{} {}</a>', path, row.kind, row.pk)

    @admin.display(description="State", ordering="state")
    def shown_state(self, row: ApprovalRequest) -> str:
        """Show what counts now: a request that ran out is expired before the sweeper says so."""
        return pill(present_state(row, now=timezone.now()))

    @admin.display(description="Change")
    def subject(self, row: ApprovalRequest) -> str:
        """Word the change."""
        lines = change_lines(row.before, row.change)
        return ", ".join(f"{line.name} {line.after}" for line in lines if line.after != ABSENT)
