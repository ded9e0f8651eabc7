"""The ground floor in the console: switches, approvals, alerts, the audit log, signs of life, accounts."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django_celery_beat import admin as beat_admin
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from rest_framework_api_key import admin as library_key_admin
from rest_framework_api_key.models import APIKey as LibraryKey
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter

from atlas.alerts import acknowledge, resolve
from atlas.console.accounts import AccountAdmin, RoleAdmin
from atlas.console.acting import dialog_action
from atlas.console.alert_acts import handle_alert
from atlas.console.alert_pages import AlertDeliveryAdmin, NoticesInline
from atlas.console.api_keys import ApiKeyAdmin
from atlas.console.approval_lists import ApprovalRequestAdmin
from atlas.console.display import pills
from atlas.console.facts import FactAdmin, FactInline
from atlas.console.forms import ReasonDialogForm
from atlas.console.periodic import CrontabPage, PeriodicTaskPage, TimingPage
from atlas.console.wording import age
from atlas.models import (
    Alert,
    AlertDelivery,
    ApiKey,
    ApprovalRequest,
    AuditEvent,
    AuditSeal,
    Heartbeat,
    ShippedSchedule,
    SignerAttestation,
    TradingState,
    TradingStateChange,
)

# Imported although unused: the libraries register their pages, which ours replace below.
LIBRARY_PAGES = (auth_admin, beat_admin, library_key_admin)


class ChangesInline(FactInline):
    """Every change of the switch, the newest first."""

    model = TradingStateChange
    columns = ("changed_at", "before", "after", "actor", "reason", "epoch", "approval")
    show_change_link = False
    verbose_name_plural = "Changes"


@admin.register(TradingState)
class TradingStateAdmin(FactAdmin):
    """Trading switches: how much may each scope trade, since when and why?"""

    icon = "toggle_on"
    list_display = (
        "scope",
        "shown_key",
        pills("state"),
        "reason",
        "changed_by",
        "changed_at",
        "act",
    )
    list_display_links = ("scope", "shown_key")
    list_filter = ("scope", "state")
    search_fields = ("key", "reason")
    ordering = ("scope", "key")
    inlines = (ChangesInline,)
    change_form_before_template = "atlas/console/switch_acts.html"

    def get_list_display(self, request: HttpRequest) -> Any:
        """Lead to the pages that act only who may act."""
        columns = super().get_list_display(request)
        acts = ("atlas.halt_trading", "atlas.restore_trading")
        may_act = any(request.user.has_perm(name) for name in acts)
        return columns if may_act else tuple(one for one in columns if one != "act")

    @admin.display(description="Key", ordering="key")
    def shown_key(self, row: TradingState) -> str:
        """Name what the scope names."""
        return row.key or "everything"

    @admin.display(description="Act")
    def act(self, row: TradingState) -> str:
        """Lead to the pages that halt and restore this switch."""
        return format_html(
            '<a class="ak-act ak-act-bad" href="{}">Halt…</a> '
            '<a class="ak-act" href="{}">Restore…</a>',
            reverse("admin:halt_scope", args=[row.pk]),
            reverse("admin:restore_scope", args=[row.pk]),
        )


@admin.register(Alert)
class AlertAdmin(FactAdmin):
    """Alerts: what should somebody look at, how often did it happen, and is somebody on it?"""

    icon = "notifications"
    list_display = (
        "last_seen_at",
        pills("severity"),
        "title",
        "message",
        "count",
        pills("state"),
        "acknowledged_by",
        "first_seen_at",
    )
    list_filter = ("state", "severity", "rule", ("last_seen_at", RangeDateTimeFilter))
    search_fields = ("=rule", "=dedupe_key", "=subject_id", "title", "message")
    ordering = ("-last_seen_at", "-pk")
    inlines = (NoticesInline,)
    actions_detail = ("acknowledge", "resolve")

    def has_handle_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether this user may acknowledge and resolve alerts."""
        return request.user.has_perm("atlas.handle_alert")

    @dialog_action(
        title="Acknowledge this alert",
        consequence="It is yours from now on: it goes on counting, and others see who has it.",
        button="Acknowledge",
        permission="handle",
    )
    def acknowledge(
        self, request: HttpRequest, form: ReasonDialogForm, object_id: str
    ) -> HttpResponse:
        """Take an alert on."""
        return handle_alert(request, form, object_id, acknowledge)

    @dialog_action(
        title="Resolve this alert",
        consequence="It is over. If its cause speaks again, that will be another alert.",
        button="Resolve",
        permission="handle",
    )
    def resolve(self, request: HttpRequest, form: ReasonDialogForm, object_id: str) -> HttpResponse:
        """End an alert."""
        return handle_alert(request, form, object_id, resolve)


admin.site.register(AlertDelivery, AlertDeliveryAdmin)


@admin.register(AuditEvent)
class AuditEventAdmin(FactAdmin):
    """The audit log: who did what to what, when, from where and why?"""

    icon = "history"
    list_display = ("occurred_at", "actor", "action", "subject", "reason", "address", "request_id")
    list_filter = (
        ("action", FieldTextFilter),
        ("subject_type", FieldTextFilter),
        ("occurred_at", RangeDateTimeFilter),
    )
    search_fields = ("=actor", "=subject_id", "=request_id", "reason")
    search_help_text = "Actor, subject id or request id exactly, or words of the reason"
    date_hierarchy = "occurred_at"
    list_select_related = ("actor_user",)
    ordering = ("-pk",)

    @admin.display(description="Subject", ordering="subject_type")
    def subject(self, row: AuditEvent) -> str:
        """Name the row that was acted on."""
        return f"{row.subject_type} {row.subject_id}"


@admin.register(AuditSeal)
class AuditSealAdmin(FactAdmin):
    """Seals of the audit log: which events does each link of the chain cover?"""

    icon = "lock"
    list_display = ("sealed_at", "first_event_id", "last_event_id", "event_count", "seal_hash")


@admin.register(Heartbeat)
class HeartbeatAdmin(FactAdmin):
    """Signs of life: when was each part of the house last known to be alive?"""

    icon = "ecg_heart"
    list_display = ("name", "seen_at", "ago")

    @admin.display(description="Age", ordering="seen_at")
    def ago(self, row: Heartbeat) -> str:
        """Word how long ago it was."""
        return age(row.seen_at, now=timezone.now())


@admin.register(ShippedSchedule)
class ShippedScheduleAdmin(FactAdmin):
    """Shipped schedules: as what did Atlas ship each periodic task?"""

    icon = "inventory_2"
    list_display = ("name", "default_hash", "shipped_at")


@admin.register(SignerAttestation)
class SignerAttestationAdmin(FactAdmin):
    """The signer's signs of life: does it run, does it hold a key, is live trading on there?"""

    icon = "key"
    list_display = ("attested_at", "host", "holds_key", "address", "live_trading", "code_version")
    list_filter = ("live_trading", ("attested_at", RangeDateTimeFilter))


def _replace(model: type[models.Model], page: type[Any]) -> None:
    """Put our page in the place of a library's."""
    admin.site.unregister(model)
    admin.site.register(model, page)


admin.site.unregister(LibraryKey)  # opens nothing here: our keys are atlas.ApiKey
admin.site.register(ApiKey, ApiKeyAdmin)
admin.site.register(ApprovalRequest, ApprovalRequestAdmin)
_replace(User, AccountAdmin)
_replace(Group, RoleAdmin)
_replace(PeriodicTask, PeriodicTaskPage)
_replace(CrontabSchedule, CrontabPage)
for timing in (ClockedSchedule, IntervalSchedule, SolarSchedule):
    _replace(timing, TimingPage)
