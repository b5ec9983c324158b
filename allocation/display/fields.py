"""Form fields over `allocation.display.reading`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError

from allocation.display.format import tokens as in_groups
from allocation.display.reading import read_tokens
from allocation.policy.errors import RuleError
from allocation.policy.plain import is_blank

Value = TypeVar("Value")


def count_field(most: int, *, least: int = 0, **options: Any) -> forms.IntegerField:
    """A count from `least` to `most`, which says so of whatever else is typed."""
    sentence = f"Write a whole number from {least} to {in_groups(most)}."
    messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence)
    return forms.IntegerField(min_value=least, max_value=most, error_messages=messages, **options)


class TextAmountField(forms.Field):
    """One line of text that is read as something else. Subclasses say how, in `read`."""

    def __init__(self, *, attributes: dict[str, str], **options: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off"} | attributes)
        super().__init__(widget=widget, **options)

    def to_python(self, value: Any) -> Any:
        """What was typed, read; None if nothing was."""
        text = typed(value)
        if not text:
            return None
        return obey(lambda: self.read(text))

    def read(self, text: str) -> Any:
        """The value behind a text. Raises RuleError with one sentence."""
        raise NotImplementedError


class TokensField(TextAmountField):
    """A count of tokens as people write it: 150,000, 150k or 1.2M. Gives an int, None if empty."""

    def __init__(self, **options: Any) -> None:
        # Not a number input: those refuse "150k" before it can be read.
        super().__init__(attributes={"class": "number"}, **options)

    def read(self, text: str) -> int:
        """The count."""
        return read_tokens(text)

    def prepare_value(self, value: Any) -> Any:
        """A number in groups of three; what was typed stays as it was typed."""
        return in_groups(value) if isinstance(value, int) else value


class MomentField(forms.DateTimeField):
    """A moment on the owner's clock."""

    def to_python(self, value: Any) -> datetime | None:
        """The moment, where the clock shows it once."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            raise ValidationError(
                "The clocks change in that hour, so it comes twice or not at all: write a time "
                "before or after it."
            ) from error


class ReasonField(forms.CharField):
    """Why something is done. Signs that nobody sees are no reason."""

    def to_python(self, value: Any) -> str:
        """What was typed; nothing if none of it can be seen."""
        text = str(super().to_python(value))
        return "" if is_blank(text) else text


def reason_field(missing: str = "", help_text: str = "") -> forms.CharField:
    """A reason. `missing` is the sentence for whoever gives none; without one nobody must."""
    return ReasonField(
        max_length=300,
        required=bool(missing),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": missing},
        help_text=help_text,
    )


def typed(value: Any) -> str:
    """The text of a field without spaces around it and characters that no page can show."""
    return str(value or "").replace("\x00", "").strip()


def obey(read: Callable[[], Value]) -> Value:
    """What a rule makes of an input; what it refuses stands as its sentence beside the field."""
    try:
        return read()
    except RuleError as error:
        raise ValidationError(str(error)) from error
