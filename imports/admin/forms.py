"""The forms of imports: handing a file in, and agreeing to what it changes."""

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from atlas.console.forms import ReasonDialogForm
from imports.formats.registry import AUTO, format_names
from imports.store_places import LARGEST_FILE_BYTES


class HandInForm(forms.Form):
    """A file, and the format that it must be in."""

    file = forms.FileField(
        label="Export file",
        allow_empty_file=False,
        widget=UnfoldAdminFileFieldWidget(),
        help_text=f"JSON or lines of JSON, plain, .gz or .zst; up to {LARGEST_FILE_BYTES // 2**20:,} MB.",
    )
    wanted_format = forms.ChoiceField(
        label="Format",
        choices=[(name, name) for name in format_names()],
        initial=AUTO,
        widget=UnfoldAdminSelectWidget(),
        help_text="Another format than the chosen one is refused.",
    )


class ApplyDialogForm(ReasonDialogForm):
    """Why, and whether bad records may be left out."""

    allow_partial = forms.BooleanField(
        label="Apply without the rejected records",
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Only matters where the file holds bad records.",
    )
