"""The sidebar: what an operator reaches for first, then every model that the user may see."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from atlas.console.dashboard import open_approvals

DEFAULT_ICON = "list"
FIRST = (
    ("Dashboard", "admin:index", "monitoring", ""),
    ("Trading switches", "admin:atlas_tradingstate_changelist", "toggle_on", "tradingstate"),
    ("Approvals", "admin:atlas_approvalrequest_changelist", "how_to_reg", "approvalrequest"),
    ("Alerts", "admin:atlas_alert_changelist", "notifications", "alert"),
    ("Audit log", "admin:atlas_auditevent_changelist", "history", "auditevent"),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Give the sidebar's groups. Models come from the admin's own list, so none is forgotten."""
    listed = admin.site.get_app_list(request)
    listed.sort(key=lambda app: _floor(app["app_label"]))
    return [_first_group(request), *(_group(app) for app in listed)]


def waiting_for_you(request: HttpRequest) -> str:
    """Give the number of requests that this user may decide, for the sidebar's badge."""
    if not request.user.has_perm("atlas.decide_approval"):
        return ""
    waiting = open_approvals(now=timezone.now()).exclude(requester=request.user.pk).count()
    return str(waiting or "")


def _first_group(request: HttpRequest) -> dict[str, Any]:
    """Lead to the dashboard, the switches, the open requests and the audit log."""
    items = [
        {"title": title, "link": reverse(name), "icon": icon}
        for title, name, icon, model in FIRST
        if not model or request.user.has_perm(f"atlas.view_{model}")
    ]
    badge = waiting_for_you(request)
    for item in items:
        if badge and item["title"] == "Approvals":
            item["badge"] = badge
    return {"title": "", "items": items}


def _group(app: dict[str, Any]) -> dict[str, Any]:
    """List the models of one app, those of the first group left out."""
    first = {reverse(name) for _, name, _, _ in FIRST}
    return {
        "title": str(app["name"]),
        "separator": True,
        "collapsible": True,
        "items": [
            {"title": str(model["name"]), "link": model["admin_url"], "icon": _icon(model["model"])}
            for model in app["models"]
            if model["admin_url"] and model["admin_url"] not in first
        ],
    }


def _icon(model: Any) -> str:
    """Give the symbol that the model's page chose."""
    return getattr(admin.site.get_model_admin(model), "icon", DEFAULT_ICON)


def _floor(app_label: str) -> int:
    """Sort the upper floors first: what trades is looked at more often than what it stands on."""
    labels = [config.label for config in apps.get_app_configs()]
    return -labels.index(app_label)
