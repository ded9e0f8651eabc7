"""What was told of an alert, on its page, and the list of messages with what became of each."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from atlas.console.display import pill, pills
from atlas.console.facts import FactAdmin, FactInline
from atlas.models import AlertDelivery, AlertNotice


@admin.display(description="Messages")
def messages_of(notice: AlertNotice) -> SafeString | str:
    """Write each channel with the state of its message, its attempts, the next one and the error."""
    told_by = notice.carried_by or notice
    deliveries = sorted(told_by.deliveries.all(), key=lambda one: one.channel)
    if not deliveries:
        return "no channel hears of it"
    return format_html_join(
        "",
        "<div>{} {} {}</div>",
        ((one.channel, pill(one.state), _words(one)) for one in deliveries),
    )


def _words(delivery: AlertDelivery) -> str:
    """Word what came of the attempts so far, and when the next one is."""
    words = f"{delivery.attempts} attempt(s)"
    if delivery.sent_at:
        return f"{words}, {delivery.sent_at:%Y-%m-%d %H:%M} UTC"
    if delivery.next_attempt_at:
        words = f"{words}, next {delivery.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{words}: {delivery.error}" if delivery.error else words


class NoticesInline(FactInline):
    """Every time that people were told, the newest first."""

    model = AlertNotice
    columns = ("made_at", pills("occasion"), pills("severity"), "count", "level", messages_of)
    show_change_link = False
    verbose_name_plural = "Told"

    def get_queryset(self, request: HttpRequest) -> Any:
        """Bring the messages along."""
        notices = super().get_queryset(request).select_related("carried_by")
        return notices.prefetch_related("deliveries", "carried_by__deliveries")


class AlertDeliveryAdmin(FactAdmin):
    """Messages about alerts: what went where, and what did not arrive?"""

    icon = "send"
    list_display = (
        "notice",
        "channel",
        pills("state"),
        "attempts",
        "next_attempt_at",
        "sent_at",
        "error",
    )
    list_filter = ("state", "channel", ("sent_at", RangeDateTimeFilter))
    search_fields = ("notice__title", "error")
    list_select_related = ("notice",)
    ordering = ("-pk",)
