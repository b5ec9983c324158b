"""The form for a new agent token."""

from typing import Any

from django import forms

from allocation.api.models import AgentToken, Scope

EXPIRIES = [("", "never"), ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year")]


class TokenForm(forms.Form):
    """Name, scopes and expiry. What contradicts a rule is said by the operation."""

    name = forms.CharField(
        max_length=AgentToken._meta.get_field("name").max_length,
        help_text="Who will use it, for example the name of the machine. It stands in the trail.",
        error_messages={"required": "Give the token a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    scopes = forms.MultipleChoiceField(
        choices=[(value, f"{value}: {label}") for value, label in Scope.choices],
        initial=list(Scope.values),
        widget=forms.CheckboxSelectMultiple,
        help_text="None of them can change a limit, a floor, a price, an override or the switch.",
        error_messages={"required": "Choose at least one scope."},
    )
    days = forms.TypedChoiceField(
        label="Expires", choices=EXPIRIES, coerce=int, empty_value=None, required=False
    )

    def clean_name(self) -> Any:
        """Without spaces at its ends."""
        return self.cleaned_data["name"].strip()
