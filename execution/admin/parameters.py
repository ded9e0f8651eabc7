"""Parameters in the console: a form made from the rule's own declaration, and what versions there are."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from atlas.audit import Actor
from atlas.console.acting import go_to, say_refusal
from atlas.console.display import links, page_of
from atlas.console.facts import FactAdmin
from atlas.console.forms import ReasonDialogForm
from atlas.domain.errors import DomainRefusal, Temporary
from atlas.models import ApprovalRequest
from execution.mandates import parameters_in_force
from execution.models import Deployment, ParameterVersion
from execution.parameter_changes import change_or_ask
from strategies.rules.parameters import Declared, ParameterProblems, declared_by, parameters_from
from strategies.rules.registry import rule_named

LONGEST_NUMBER = 40


def _form_field(one: Declared) -> forms.Field:
    """Make the field of one parameter; what it may be is said before and, if need be, after."""
    label = one.name.replace("_", " ").capitalize()
    text = f"{one.spec.text} {one.allowed.capitalize()}."
    if one.spec.choices:
        return forms.ChoiceField(
            label=label,
            help_text=text,
            choices=[(choice, choice) for choice in one.spec.choices],
            widget=UnfoldAdminSelectWidget(),
            error_messages={"invalid_choice": f"{one.name} must be {one.allowed}"},
        )
    return forms.CharField(
        label=label,
        help_text=text,
        max_length=LONGEST_NUMBER,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class ParametersDialogForm(ReasonDialogForm):
    """The parameters of a deployment's rule as they are, to be changed with a reason."""

    def __init__(
        self, request: HttpRequest, object_id: int | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(request, object_id, **kwargs)
        deployment = Deployment.objects.filter(pk=object_id or 0).first()
        if deployment is None:
            raise Http404
        self._type = rule_named(deployment.rule).parameters_type
        self._declared = declared_by(self._type)
        present = parameters_in_force(deployment)
        for one in self._declared:
            self.fields[one.name] = _form_field(one)
            self.fields[one.name].initial = present.get(one.name, one.default)
        self.order_fields([*(one.name for one in self._declared), "reason"])

    def wanted(self) -> dict[str, Any]:
        """Give the parameters as they are wanted."""
        return {one.name: self.cleaned_data[one.name] for one in self._declared}

    def clean(self) -> dict[str, Any]:
        """Read the parameters as the rule does; each problem stands at its field."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            parameters_from(self._type, self.wanted())
        except ParameterProblems as found:
            for problem in found.detail["problems"]:
                name = problem.split(" ", 1)[0]
                self.add_error(name if name in self.fields else None, problem)
        return cleaned


def change_parameters_by_form(
    request: HttpRequest, form: ParametersDialogForm, deployment: Deployment
) -> HttpResponse:
    """Write the next version, or ask for the second person's word; say which it was."""
    try:
        done = change_or_ask(
            deployment,
            parameters=form.wanted(),
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
            "This deployment is LIVE. A second person has been asked; once they approve, send the "
            "same change again.",
        )
    else:
        messages.success(request, f"Version {done.version} counts from the next cycle on.")
    return go_to(request, page_of(deployment))


@admin.register(ParameterVersion)
class ParameterVersionAdmin(FactAdmin):
    """Parameter versions: what was a rule given, from when on, decided by whom and why?"""

    icon = "tune"
    list_display = ("version", links("deployment"), "reason", "created_by", "created_at")
    list_select_related = ("deployment__strategy",)
