"""Limits in the console: what is in force, what a version changed, and writing the next one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from atlas.audit import Actor
from atlas.console.acting import go_to, say_refusal
from atlas.console.display import links, money, number, page_of
from atlas.console.facts import FactAdmin
from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import DomainRefusal, Temporary
from atlas.domain.limit_fields import LIMIT_FIELDS, LimitField, Unit
from atlas.models import ApprovalRequest
from execution.limit_changes import Level, change_or_ask
from execution.limits_in_use import difference
from execution.models import Deployment, GuardrailLimits

WRITE_LIMITS = "execution.add_guardraillimits"
LONGEST_LIST = 1_000


def _form_field(one: LimitField) -> forms.Field:
    """Make the field of one limit: bounded, empty for "as it is"."""
    widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    shared: dict[str, Any] = {"label": one.label.capitalize(), "required": False, "widget": widget}
    if one.unit is Unit.NAMES:
        text = f"{one.help} Separated by commas."
        return forms.CharField(max_length=LONGEST_LIST, help_text=text, **shared)
    bounds: dict[str, Any] = {
        "min_value": one.lowest,
        "max_value": one.highest,
        "help_text": f"{one.help} {one.unit.value}, {one.lowest} to {one.highest}.",
    }
    if one.unit in {Unit.USD, Unit.RATIO}:
        return forms.DecimalField(**bounds, **shared)
    return forms.IntegerField(**bounds, **shared)


class LimitsDialogForm(ReasonDialogForm):
    """The next version of a deployment's limits; what is left empty stays as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in LIMIT_FIELDS:
            self.fields[one.name] = _form_field(one)

    def wanted(self) -> dict[str, Any]:
        """Give the limits that were filled in."""
        found: dict[str, Any] = {}
        for one in LIMIT_FIELDS:
            value = self.cleaned_data.get(one.name)
            if value is None or value == "":
                continue
            names = one.unit is Unit.NAMES
            found[one.name] = [part.strip() for part in value.split(",")] if names else value
        return found


def change_by_form(
    request: HttpRequest, form: LimitsDialogForm, deployment: Deployment
) -> HttpResponse:
    """Write the next version, or ask for the second person's word; say which it was."""
    try:
        done = change_or_ask(
            Level(deployment=deployment),
            limits=form.wanted(),
            reason=form.cleaned_data["reason"],
            actor=Actor.of_request(request),
            now=timezone.now(),
        )
    except (DomainRefusal, Temporary) as refusal:
        say_refusal(request, refusal)
        return go_to(request, page_of(deployment))
    if isinstance(done, ApprovalRequest):
        messages.warning(
            request,
            "These limits bind a live deployment and would get looser. A second person has been "
            "asked; once they approve, send the same change again.",
        )
    else:
        messages.success(request, f"Version {done.version} of the limits is in force.")
    return go_to(request, page_of(deployment))


@admin.register(GuardrailLimits)
class GuardrailLimitsAdmin(FactAdmin):
    """Limits: what may a deployment risk at most, since when, decided by whom and why?"""

    icon = "shield"
    list_display = (
        "version",
        "scope",
        links("deployment"),
        money("max_order_notional_usd"),
        money("max_position_notional_usd"),
        number("max_leverage_ratio"),
        "reason",
        "created_by",
        "created_at",
    )
    list_filter = ("scope",)
    list_select_related = ("deployment__strategy",)
    change_form_outer_before_template = "execution/console/limits.html"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what the version changed."""
        row = self.get_object(request, object_id)
        extra = {} if row is None else {"changes": difference(_before(row), row), "limits": row}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})


def _before(row: GuardrailLimits) -> GuardrailLimits | None:
    """Find the version before."""
    return GuardrailLimits.objects.filter(
        scope=row.scope, deployment=row.deployment_id, vault=row.vault_id, version=row.version - 1
    ).first()
