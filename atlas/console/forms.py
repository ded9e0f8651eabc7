"""The forms behind the buttons that act: each says why, and the grave ones ask for a word."""

from typing import Any

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from atlas.domain.states import SwitchState

REASON_LENGTH = 500
RESTORE_WORD = "RESTORE"
TARGETS = {
    SwitchState.ACTIVE: "Active: everything may trade",
    SwitchState.REDUCING: "Reducing: positions may shrink, none may grow",
}


class HaltForm(forms.Form):
    """Halt or reduce: the reason is filled in already, so that one POST is enough."""

    state = forms.ChoiceField(
        choices=[(one.value, one.value) for one in (SwitchState.HALTED, SwitchState.REDUCING)]
    )
    reason = forms.CharField(required=False)

    prefilled = "stopped by hand from the console"

    def clean_reason(self) -> str:
        """Take what was written, or the prefilled reason: a halt never fails for its words."""
        return (str(self.cleaned_data["reason"]) or self.prefilled)[:REASON_LENGTH]


class RestoreForm(forms.Form):
    """Restore: a target, a reason, and the typed word that shows that it is meant."""

    state = forms.ChoiceField(label="Restore to", widget=UnfoldAdminRadioSelectWidget())
    reason = forms.CharField(
        label="Reason",
        max_length=REASON_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        help_text="A sentence: why is it safe to trade again?",
    )
    word = forms.CharField(
        label=f"Type {RESTORE_WORD}",
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, present: SwitchState, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["state"]
        field.choices = [
            (target.value, words)
            for target, words in TARGETS.items()
            if target.severity < present.severity
        ]
        field.initial = SwitchState.ACTIVE.value

    def clean_word(self) -> str:
        """Check the typed word on the server, letter by letter."""
        word = str(self.cleaned_data["word"])
        if word != RESTORE_WORD:
            raise forms.ValidationError(f"Type {RESTORE_WORD} in capitals to restore.")
        return word


class DecideForm(forms.Form):
    """Approve or reject another person's request."""

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")])
    reason = forms.CharField(
        label="Reason", max_length=REASON_LENGTH, widget=UnfoldAdminTextInputWidget()
    )


def ask_form(fields: tuple[str, ...]) -> type[forms.Form]:
    """Make the form of a change from the names of its fields, with a reason at the end."""
    made: dict[str, Any] = {
        name: forms.CharField(
            label=name.replace("_", " ").capitalize(),
            max_length=120,
            widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        )
        for name in fields
    }
    made["reason"] = forms.CharField(
        label="Reason", max_length=REASON_LENGTH, widget=UnfoldAdminTextInputWidget()
    )
    return type("AskForm", (forms.Form,), made)


class ReasonDialogForm(BaseDialogForm):
    """The form of a dialog that needs nothing but a reason."""

    reason = forms.CharField(
        label="Reason", max_length=REASON_LENGTH, widget=UnfoldAdminTextInputWidget()
    )
