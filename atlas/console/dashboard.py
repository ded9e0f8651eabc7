"""The dashboard: panels of every floor, each told by the floor that owns its rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from atlas.console.colours import Tone, tone_of
from atlas.console.wording import age, left
from atlas.domain.states import ApprovalState, SwitchState
from atlas.models import ApprovalRequest, TradingState
from atlas.registries import Panel, panels
from atlas.switches import GLOBAL_SCOPE

SHOWN = 10


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel ready to be included: its template and what the template reads."""

    template: str
    context: dict[str, Any]


def panels_for(request: HttpRequest, *, now: datetime) -> list[ShownPanel]:
    """Give the panels that this user may see, from top to bottom."""
    allowed = [panel for _, panel in panels if request.user.has_perm(panel.permission)]
    allowed.sort(key=lambda panel: panel.order)
    return [ShownPanel(panel.template, panel.context(now)) for panel in allowed]


@dataclass(frozen=True, slots=True)
class OpenApproval:
    """A request that can still be decided or used, with the time that is left for it."""

    request: ApprovalRequest
    left: str


@dataclass(frozen=True, slots=True)
class TightSwitch:
    """A switch below the global one that is not free."""

    row: TradingState
    tone: Tone
    since: str


def open_approvals(*, now: datetime) -> QuerySet[ApprovalRequest]:
    """Give the requests that wait for a second person."""
    return ApprovalRequest.objects.filter(
        state=ApprovalState.PENDING.value, expires_at__gt=now
    ).select_related("requester")


def approvals_context(now: datetime) -> dict[str, Any]:
    """Tell which requests are open."""
    found = open_approvals(now=now).order_by("expires_at")[:SHOWN]
    return {"approvals": [OpenApproval(one, left(one.expires_at, now=now)) for one in found]}


def switches_context(now: datetime) -> dict[str, Any]:
    """Tell which switches below the global one are thrown."""
    scope, _ = GLOBAL_SCOPE
    thrown = TradingState.objects.exclude(state=SwitchState.ACTIVE.value).exclude(scope=scope)
    rows = list(thrown.order_by("-changed_at")[: SHOWN + 1])
    return {
        "switches": [
            TightSwitch(row, tone_of(row.state), age(row.changed_at, now=now))
            for row in rows[:SHOWN]
        ],
        "more": len(rows) > SHOWN,
    }


def register() -> None:
    """Put the ground floor's own panels up; called once when the app is ready."""
    panels.add(
        "approvals",
        Panel(15, "atlas/console/approvals.html", approvals_context, "atlas.view_approvalrequest"),
    )
    panels.add(
        "switches",
        Panel(40, "atlas/console/switches.html", switches_context, "atlas.view_tradingstate"),
    )
