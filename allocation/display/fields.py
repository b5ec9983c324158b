"""Form fields over `allocation.display.reading`."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from allocation.display.format import tokens as in_groups
from allocation.display.reading import read_tokens
from allocation.policy.errors import RuleError


class TokensField(forms.CharField):
    """A count of tokens as people write it: 150,000, 150k or 1.2M. Gives an int, None if empty."""

    def __init__(self, **options: Any) -> None:
        # Not a number input: those refuse "150k" before it can be read.
        attributes = {"inputmode": "text", "autocomplete": "off", "class": "number"}
        super().__init__(widget=forms.TextInput(attrs=attributes), **options)

    def to_python(self, value: Any) -> int | None:
        """Read what was typed."""
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        try:
            return read_tokens(text)
        except RuleError as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        """A number in groups of three; what was typed stays as it was typed."""
        return in_groups(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another count was typed, however it is written."""
        try:
            return self.to_python(data) != self.to_python(self.prepare_value(initial))
        except ValidationError:
            return True
