"""Deployments and what bounds them."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from atlas.audit import Actor
from atlas.console.acting import dialog_action, go_to
from atlas.console.display import list_of, money, number, page_of, pills
from atlas.console.facts import FactAdmin, FactInline
from atlas.console.forms import ReasonDialogForm
from atlas.console.sparkline import place_across
from atlas.domain.promotion import Stage
from execution.admin.acts import run_by_form
from execution.admin.columns import SIDE
from execution.admin.limits import WRITE_LIMITS, LimitsDialogForm, change_by_form
from execution.admin.parameters import ParametersDialogForm, change_parameters_by_form
from execution.admin.previews import preview_page
from execution.limits_in_use import limits_in_use
from execution.mandates import parameters_in_force
from execution.models import (
    CycleRun,
    Deployment,
    FeedClock,
    Fill,
    GuardrailLimits,
    Order,
    Position,
)
from execution.panels import equity_of, recent_points
from execution.parameter_changes import version_in_force
from execution.promotion import promotion_of
from execution.services import set_status
from execution.track_marks import marks_of, places_of
from execution.vocabulary import DeploymentStatus

TABLE_POINTS = 15
CHART_WIDTH, CHART_HEIGHT = 720, 140


class PositionInline(FactInline):
    """What the deployment holds."""

    model = Position
    columns = ("market", SIDE, money("size_usd"), money("collateral_usd"), "changed_at")


class LimitsInline(FactInline):
    """Its limits, the valid version first."""

    model = GuardrailLimits
    columns = (
        "version",
        money("max_order_notional_usd"),
        money("max_position_notional_usd"),
        number("max_leverage_ratio"),
        "reason",
        "created_by",
        "created_at",
    )


@admin.register(Deployment)
class DeploymentAdmin(FactAdmin):
    """Deployments: which strategy trades on which account, how, and what is it worth?"""

    icon = "rocket_launch"
    list_display = (
        "__str__",
        pills("mode"),
        pills("status", title="schedule"),
        "timeframe",
        "cadence_seconds",
        "feed",
        "created_at",
    )
    list_filter = ("mode", "status", "timeframe", "feed")
    search_fields = ("strategy__slug", "strategy__name")
    list_select_related = ("strategy", "vault")
    inlines = (PositionInline, LimitsInline)
    actions_detail = ("run_now", "pause", "resume", "change_parameters", "change_limits")
    change_form_outer_before_template = "execution/console/deployment.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page that shows what the next cycle would decide."""
        page = path(
            "<int:object_id>/preview/",
            self.admin_site.admin_view(preview_page),
            name="execution_deployment_preview",
        )
        return [page, *super().get_urls()]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer to pause what runs and to resume what is paused."""
        row = self.get_object(request, object_id)
        runs = row is not None and row.status == DeploymentStatus.ENABLED
        hidden = "execution_deployment_resume" if runs else "execution_deployment_pause"
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.action_name != hidden]

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the user may pause and resume."""
        return request.user.has_perm("execution.pause_deployment")

    def has_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the user may run paper cycles by hand."""
        return request.user.has_perm("execution.run_paper_cycle")

    def has_parameters_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the user may write new versions of parameters."""
        return request.user.has_perm("execution.change_deployment")

    def has_limits_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the user may write new versions of limits."""
        return request.user.has_perm(WRITE_LIMITS)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show equity beside the deployment and lead to its rows."""
        row = self.get_object(request, object_id)
        extra = {} if row is None else _beside(row)
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    @dialog_action(
        title="Run a paper cycle now",
        consequence="A worker runs one cycle on the market of this moment, through the same gate as "
        "the schedule's. It may trade on paper.",
        button="Run now (paper)",
        permission="run",
    )
    def run_now(self, request: HttpRequest, form: ReasonDialogForm, object_id: str) -> HttpResponse:
        """Have a worker run a cycle at once."""
        row = get_object_or_404(Deployment.objects.detailed(), pk=object_id)
        return run_by_form(request, form, row)

    @dialog_action(
        title="Pause this deployment",
        consequence="The schedule starts no further cycle of it. Its open positions stay open.",
        button="Pause",
        permission="pause",
    )
    def pause(self, request: HttpRequest, form: ReasonDialogForm, object_id: str) -> HttpResponse:
        """Take the deployment off the schedule."""
        return _set(request, form, object_id, DeploymentStatus.PAUSED)

    @dialog_action(
        title="Resume this deployment",
        consequence="The schedule runs its cycles again, from the next slot on.",
        button="Resume",
        permission="pause",
    )
    def resume(self, request: HttpRequest, form: ReasonDialogForm, object_id: str) -> HttpResponse:
        """Put the deployment back on the schedule."""
        return _set(request, form, object_id, DeploymentStatus.ENABLED)

    @dialog_action(
        title="Change the parameters of this deployment",
        consequence=(
            "A new version counts from the next cycle on and marks the track record; a cycle that "
            "has begun ends on the old one. A live deployment needs a second person."
        ),
        button="Change parameters",
        permission="parameters",
        form=ParametersDialogForm,
    )
    def change_parameters(
        self, request: HttpRequest, form: ParametersDialogForm, object_id: str
    ) -> HttpResponse:
        """Write the next version of the rule's parameters."""
        row = get_object_or_404(Deployment, pk=object_id)
        return change_parameters_by_form(request, form, row)

    @dialog_action(
        title="Change the limits of this deployment",
        consequence=(
            "A new version counts from the next order on; what is left empty stays as it is. Loosening "
            "what binds a live deployment needs a second person."
        ),
        button="Change limits",
        permission="limits",
        form=LimitsDialogForm,
    )
    def change_limits(
        self, request: HttpRequest, form: LimitsDialogForm, object_id: str
    ) -> HttpResponse:
        """Write the next version of the limits."""
        return change_by_form(request, form, get_object_or_404(Deployment, pk=object_id))


def _set(
    request: HttpRequest, form: ReasonDialogForm, object_id: str, status: DeploymentStatus
) -> HttpResponse:
    """Change whether the schedule runs a deployment, as `execution.services` does it."""
    done = set_status(
        deployment=get_object_or_404(Deployment, pk=object_id),
        status=status,
        reason=form.cleaned_data["reason"],
        actor=Actor.of_request(request),
        now=timezone.now(),
    )
    messages.success(request, f"{done} is {done.status}.")
    return go_to(request, page_of(done))


def _beside(row: Deployment) -> dict[str, Any]:
    """Give the equity series and the lists that belong to a deployment."""
    points = recent_points([row.pk]).get(row.pk, [])
    marks, drawn = marks_of(row), [one for one in points if one.share_value_usd is not None]
    mark_lines = [
        (place_across(place, len(drawn), width=CHART_WIDTH), words)
        for place, words in places_of(marks, points)
    ]
    related: list[type[models.Model]] = [CycleRun, Order, Fill]
    return {
        "equity": equity_of(row, points, width=CHART_WIDTH, height=CHART_HEIGHT),
        "preview": reverse("admin:execution_deployment_preview", args=[row.pk]),
        "promotions": [promotion_of(row, stage, now=timezone.now()) for stage in Stage],
        "parameters": parameters_in_force(row),
        "parameters_version": version_in_force(row),
        "marks": list(reversed(marks)),
        "mark_lines": mark_lines,
        "points": list(reversed(points))[:TABLE_POINTS],
        "in_use": limits_in_use(row),
        "lists": [
            (model._meta.verbose_name_plural, list_of(model, deployment=row.pk))
            for model in related
        ],
    }


@admin.register(FeedClock)
class FeedClockAdmin(FactAdmin):
    """Feed clocks: which recordings are played, how fast, and where do they stand?"""

    icon = "avg_pace"
    list_display = ("name", number("speed"), "anchor_wall_at", "anchor_feed_at", "seen_at")
