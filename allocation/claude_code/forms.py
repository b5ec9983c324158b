"""What the Chairman gives to apply a calibration."""

from typing import Any

from django import forms


class ApplyForm(forms.Form):
    """A reason, for the estimate that the page showed. `offered` is the key of the one of now."""

    reason = forms.CharField(
        max_length=300, help_text="Kept in the audit trail with the limit and the meter."
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, offered: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.offered = offered

    def clean(self) -> dict[str, Any]:
        """What is applied is what was looked at."""
        given = super().clean() or self.cleaned_data
        if given.get("seen") != self.offered:
            self.add_error(
                None, "The estimate has changed since the page was opened: look at it again."
            )
        return given
