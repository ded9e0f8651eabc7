"""The forms of imports: handing a file in, and agreeing to what it changes."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from atlas.console.forms import ReasonDialogForm
from imports.admin.story import kind_lines
from imports.formats.registry import AUTO, format_names
from imports.models import ImportRun, ImportSource
from imports.store_places import LARGEST_FILE_BYTES
from imports.vocabulary import SourceKind


class HandInForm(forms.Form):
    """A file, the source on whose behalf it is handed in, and the format that it must be in."""

    file = forms.FileField(
        label="Export file",
        max_length=500,
        widget=UnfoldAdminFileFieldWidget(),
        help_text="JSON or lines of JSON, plain, .gz or .zst; "
        f"up to {LARGEST_FILE_BYTES // 2**20:,} MiB.",
    )
    source = forms.ModelChoiceField(
        label="Source",
        queryset=ImportSource.objects.filter(enabled=True).exclude(kind=SourceKind.STDIN),
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
        help_text="Whose export it is: its thresholds are used. Files of no source go under `file`.",
    )
    wanted_format = forms.ChoiceField(
        label="Format",
        choices=[(name, name) for name in format_names()],
        initial=AUTO,
        widget=UnfoldAdminSelectWidget(),
        help_text="A file in another format than the chosen one is refused.",
    )


class AgreeForm(ReasonDialogForm):
    """What is agreed to, shown once more: the change-set by its hash, and its counts."""

    form_before_template = "imports/console/agree.html"

    def __init__(
        self, request: HttpRequest, object_id: int | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(request, object_id, **kwargs)
        run = ImportRun.objects.filter(pk=object_id or 0).first()
        if run is None:
            raise Http404
        self.run = run

    def get_before_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        """Give what the dialog shows above its fields."""
        return {"run": self.run, "kinds": kind_lines(self.run)}


class ApplyDialogForm(AgreeForm):
    """Why, and whether bad records may be left out: asked only where there are any."""

    changeset_hash = forms.CharField(max_length=64, widget=forms.HiddenInput())
    allow_partial = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )

    def __init__(
        self, request: HttpRequest, object_id: int | str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(request, object_id, **kwargs)
        self.fields["changeset_hash"].initial = self.run.changeset_hash
        if not self.run.rejected_count:
            del self.fields["allow_partial"]
            return
        self.fields[
            "allow_partial"
        ].label = f"Leave {self.run.rejected_count:,} bad records out and apply the others"
        self.fields["allow_partial"].required = True
        self.fields["allow_partial"].error_messages["required"] = (
            "The file holds bad records: have them left out knowingly, or mend the file."
        )
