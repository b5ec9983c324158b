"""What the Chairman types about the budget rule: shape, and each rule beside its own field."""

from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict

from allocation.audit.shown import shown_field
from allocation.budgets.models import WEEKDAYS, BudgetRule, Meter
from allocation.budgets.operations import COLUMNS, RuleChange, check_limit, check_timezone
from allocation.display.fields import TextAmountField, obey
from allocation.display.reading import read_tokens
from allocation.policy.errors import RuleError
from allocation.policy.zones import Bounds, effective_limit


class LimitField(TextAmountField):
    """A limit in tokens (500,000 or 500k) or, under a meter in dollars, in dollars (125.50)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(attributes={"class": "number"}, **options)

    def read(self, text: str) -> Decimal:
        """The limit."""
        try:
            return _amount(text)
        except RuleError as error:
            raise RuleError(
                f"“{text[:40]}” is not a limit; write 500,000, 500k or 125.50."
            ) from error

    def prepare_value(self, value: Any) -> Any:
        """In groups of three, cents only where there are some; what was typed stays."""
        if not isinstance(value, Decimal):
            return value
        return f"{value:,.2f}".removesuffix(".00")


def _percent(label: str, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=5, decimal_places=2, help_text=help_text)


def _amount(text: str) -> Decimal:
    typed = text.strip().removeprefix("$").strip()
    whole, point, cents = typed.rpartition(".")
    if point and cents.isascii() and cents.isdigit() and len(cents) <= 2:
        return read_tokens(whole or "0") + Decimal(f"0.{cents}")
    return Decimal(read_tokens(typed))


class RuleForm(forms.Form):
    """The budget rule, all of it but the switch."""

    limit = LimitField(help_text="For a week, in the unit of the meter.")
    reserve_percent = _percent("Reserve, %", "The share of the limit that is held back.")
    meter = forms.ModelChoiceField(
        queryset=Meter.objects.all(), empty_label=None, widget=forms.RadioSelect
    )
    reset_weekday = forms.TypedChoiceField(label="Weekday", choices=WEEKDAYS, coerce=int)
    reset_time = forms.TimeField(
        label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    timezone = forms.CharField(
        label="Time zone",
        max_length=64,
        widget=forms.TextInput(attrs={"list": "time-zones", "spellcheck": "false"}),
    )
    yellow_percent = _percent("Yellow from, %")
    orange_percent = _percent("Orange from, %")
    red_percent = _percent("Red from, %")
    reason = forms.CharField(max_length=300, required=False)

    bounds = ("yellow_percent", "orange_percent", "red_percent")

    def __init__(self, data: QueryDict | None = None, *, rule: BudgetRule) -> None:
        """`rule` is the rule as it stands: it fills the fields in."""
        super().__init__(data, initial={name: _shown(getattr(rule, name)) for name in COLUMNS})
        self.rule = rule
        self.fields["shown"] = shown_field(rule, COLUMNS)

    def clean_limit(self) -> Decimal:
        """A limit that a week can have."""
        limit: Decimal = self.cleaned_data["limit"]
        obey(lambda: check_limit(limit))
        return limit

    def clean_reserve_percent(self) -> Decimal:
        """A share that leaves something."""
        reserve: Decimal = self.cleaned_data["reserve_percent"]
        obey(lambda: effective_limit(Decimal(1), reserve))
        return reserve

    def clean_timezone(self) -> str:
        """A zone that this computer knows."""
        name: str = self.cleaned_data["timezone"].strip()
        obey(lambda: check_timezone(name))
        return name

    def clean(self) -> None:
        """The bounds must rise, and a meter in another unit needs a limit in that unit."""
        given = super().clean() or self.cleaned_data
        self._check_bounds(*(given.get(name) for name in self.bounds))
        meter, limit = given.get("meter"), given.get("limit")
        if meter is None or limit is None:
            return
        was, now = self.rule.meter.to_policy().in_dollars, meter.to_policy().in_dollars
        if was != now and limit == self.rule.limit:
            units = ("tokens", "US dollars")
            self.add_error(
                "limit",
                f"This limit was in {units[was]} and the meter counts {units[now]}: "
                "give a new limit with it.",
            )

    def _check_bounds(
        self, yellow: Decimal | None, orange: Decimal | None, red: Decimal | None
    ) -> None:
        """What is wrong stands beside the first bound that is not above the one before."""
        if yellow is None or orange is None or red is None:
            return
        try:
            Bounds(yellow, orange, red)
        except RuleError as error:
            rises = [yellow > 0, yellow < orange, orange < red <= 100]
            self.add_error(self.bounds[rises.index(False)], str(error))

    def change(self) -> RuleChange:
        """What a valid form changes; saved as it was, it keeps the limit."""
        given = {name: self.cleaned_data[name] for name in COLUMNS}
        changed = {name: new for name, new in given.items() if new != getattr(self.rule, name)}
        return RuleChange(**(changed or {"limit": given["limit"]}))


class SwitchForm(forms.Form):
    """Turning budgetctl on or off."""

    enabled = forms.TypedChoiceField(
        choices=[("1", "on"), ("0", "off")],
        coerce=lambda value: value == "1",
        widget=forms.HiddenInput,
    )
    reason = forms.CharField(max_length=300, required=False)


def _shown(value: Any) -> Any:
    """A percentage without the zeros that its column adds; a limit is written by its field."""
    if isinstance(value, Decimal) and value < 1000:
        return value.normalize() + 0 if value == value.to_integral() else value
    return value


def time_zones() -> list[str]:
    """The names to choose from: cities only, without old aliases such as EST5EDT."""
    return sorted(name for name in available_timezones() if "/" in name and name[:3] != "Etc")
