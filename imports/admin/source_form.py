"""The form of a source: how often it is looked at, what is waited for, how suspicious we are.

Where it lies and with which credentials it is read is set on the command line: that decides which
hosts are spoken to.
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from atlas.console.forms import ReasonDialogForm
from atlas.domain.units import plain
from imports.formats.registry import format_names
from imports.models import ImportSource
from imports.models.sources import HANDED
from imports.source_settings import problems_of
from imports.vocabulary import SourcePolicy

# What only those sources have that we look at ourselves.
OF_FETCHED = ("cadence_seconds", "policy", "allow_partial", "wanted_format", "largest_bytes")
SHOWN = (
    "cadence_seconds",
    "expected_every_seconds",
    "policy",
    "allow_partial",
    "wanted_format",
    "largest_bytes",
    "jump_threshold_ratio",
    "weight_tolerance_ratio",
    "claim_tolerance_ratio",
)


def _seconds(label: str, words: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, widget=UnfoldAdminIntegerFieldWidget(), help_text=words
    )


def _share(label: str, words: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=30,
        decimal_places=18,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        help_text=words,
    )


class SourceDialogForm(ReasonDialogForm):
    """The settings of one source as they are, to be changed with a reason."""

    field_order = (*SHOWN, "reason")

    cadence_seconds = _seconds("Seconds between two looks", "Empty: only when somebody asks.")
    expected_every_seconds = _seconds(
        "Expected every so many seconds", "Longer silence raises an alert; empty: never."
    )
    policy = forms.ChoiceField(
        label="What becomes of a file",
        choices=[
            (SourcePolicy.REVIEW.value, "it waits for a person"),
            (SourcePolicy.APPLY.value, "it is applied at once"),
        ],
        widget=UnfoldAdminSelectWidget(),
    )
    allow_partial = forms.BooleanField(
        label="Apply the good records of a file that holds bad ones",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )
    wanted_format = forms.ChoiceField(
        label="Format",
        choices=[(name, name) for name in format_names()],
        widget=UnfoldAdminSelectWidget(),
    )
    largest_bytes = forms.IntegerField(
        label="Largest file in bytes", widget=UnfoldAdminIntegerFieldWidget()
    )
    jump_threshold_ratio = _share(
        "Jump of a series", "A larger step is reported; 0.5 is a half up or down."
    )
    weight_tolerance_ratio = _share(
        "Tolerance of weights", "Weights of a moment that miss 1 by more are reported."
    )
    claim_tolerance_ratio = _share(
        "Tolerance of claims", "Claimed metrics that differ from ours by more are reported."
    )

    def __init__(
        self, request: HttpRequest, object_id: int | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(request, object_id, **kwargs)
        source = ImportSource.objects.filter(pk=object_id or 0).first()
        if source is None:
            raise Http404
        self._source = source
        for name in OF_FETCHED if source.kind in HANDED else ():
            del self.fields[name]
        for name in self._names():
            value = getattr(source, name)
            self.fields[name].initial = plain(value) if isinstance(value, Decimal) else value

    def settings(self) -> dict[str, Any]:
        """Give the settings as they are wanted."""
        return {name: self.cleaned_data[name] for name in self._names()}

    def clean(self) -> dict[str, Any]:
        """Check the source as it would be; each problem stands at its field."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        for name in self._names():
            setattr(self._source, name, cleaned[name])
        for name, words in problems_of(self._source).items():
            self.add_error(name if name in self.fields else None, words)
        return cleaned

    def _names(self) -> list[str]:
        """Name the settings that this kind of source has."""
        return [name for name in SHOWN if name in self.fields]
