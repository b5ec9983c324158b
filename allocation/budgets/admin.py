"""The admin of the budget rule, the meters and the budget weeks."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from allocation.audit.admin_base import (
    AuditedAdmin,
    NamedValuesFilter,
    RecordAdmin,
    SingleRowAdmin,
)
from allocation.audit.forms import AuditedForm, OperationForm
from allocation.audit.operations import Written
from allocation.budgets.models import BudgetRule, BudgetWeek, Meter
from allocation.budgets.operations import RuleChange, change_rule, check_unit
from allocation.catalog.models import Tier
from allocation.display.fields import obey

REMETERED = "All usage is now counted with this meter, except in weeks that are closed."


class BudgetRuleForm(OperationForm):
    """The rule. Only what was changed is handed on, so that what was not stays as it is."""

    instance: BudgetRule

    class Meta:
        labels = {
            "enabled": "budgetctl is on",
            "yellow_percent": "Yellow from, %",
            "orange_percent": "Orange from, %",
            "red_percent": "Red from, %",
        }
        help_texts = {
            "enabled": "Off, each sub-agent runs on its registered default tier, and nothing is "
            "forecast.",
            "reserve_percent": "The share of the limit that is held back.",
            "reset_time": "On the clock of the time zone below.",
            "timezone": "For example America/Los_Angeles. All times are shown in it.",
        }

    def operate(self) -> BudgetRule:
        """Change it."""
        changed = {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name in RuleChange.__dataclass_fields__
        }
        return change_rule(
            change=RuleChange(**changed),
            actor=self.actor,
            now=self.now,
            reason=self.cleaned_data["reason"],
        )


@admin.register(BudgetRule)
class BudgetRuleAdmin(SingleRowAdmin):
    """The rule. It is turned off, not deleted."""

    form = BudgetRuleForm
    fieldsets = (
        ("On or off", {"fields": ("enabled",)}),
        (
            "The week",
            {
                "fields": ("limit", "reserve_percent", "meter"),
                "description": "A new limit or reserve holds for the running week too. The limit "
                "is in the meter’s unit: tokens, or US dollars.",
            },
        ),
        (
            "The reset",
            {
                "fields": ("reset_weekday", "reset_time", "timezone"),
                "description": "The running week ends at the next reset after a change.",
            },
        ),
        (
            "Zones",
            {
                "fields": (("yellow_percent", "orange_percent", "red_percent"),),
                "description": "Where each zone begins, in percent of the limit less the reserve. "
                "They must rise.",
            },
        ),
    )

    def subject(self, row: Any) -> str:
        """As the operation calls it."""
        return str(row)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Change the rule, and say so if history is counted anew by it."""
        super().save_model(request, obj, form, change)
        if "meter" in form.changed_data:
            self.message_user(request, REMETERED, messages.INFO)


class MeterForm(AuditedForm):
    """A meter in use keeps its unit."""

    def clean_tier_weights(self) -> dict[str, str]:
        """No weights where the field was emptied: each tier weighs 1 then. A misspelt tier would
        weigh 1 as well."""
        weights: dict[str, str] = self.cleaned_data["tier_weights"] or {}
        known = [tier.name for tier in Tier.objects.all()]
        if isinstance(weights, dict) and (unknown := sorted(weights.keys() - {*known})):
            there_are = ", ".join(known)
            raise ValidationError(f"“{unknown[0]}” is not a tier; there are {there_are}.")
        return weights

    def clean_weighting(self) -> str:
        """Refuse to turn tokens into dollars under a limit that stays."""
        weighting: str = self.cleaned_data["weighting"]
        obey(lambda: check_unit(meter_pk=self.instance.pk, weighting=weighting))
        return weighting


@admin.register(Meter)
class MeterAdmin(AuditedAdmin):
    """How raw tokens become budget tokens."""

    form = MeterForm
    reason_required = True
    list_display = ("name", "weighting", "input", "output", "cache_write_5m", "cache_write_1h",
                    "cache_read")  # fmt: skip
    fieldsets = (
        (None, {"fields": ("name",)}),
        (
            "What a token weighs",
            {
                "fields": ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read"),
                "description": "Budget tokens are tokens × the weight of their kind × the weight "
                "of their model. A change counts history anew, except closed weeks.",
            },
        ),
        ("What a model weighs", {"fields": ("weighting", "reference_price", "tier_weights")}),
    )

    def after_change(self, request: HttpRequest, written: list[Written]) -> None:
        """Say so if history is counted anew."""
        used = BudgetRule.objects.values_list("meter_id", flat=True)
        if any(row.pk in used for row, _ in written):
            self.message_user(request, REMETERED, messages.INFO)


@admin.register(BudgetWeek)
class BudgetWeekAdmin(RecordAdmin):
    """The budget weeks. They follow from the rule."""

    list_display = ("start", "end", "of_limit", "of_reserve", "closed_at", "of_burned",
                    "budget_zone", "meter_name")  # fmt: skip
    fields = list_display
    list_filter = ("budget_zone", ("meter_name", NamedValuesFilter))
    date_hierarchy = "start"

    @admin.display(description="limit", ordering="limit")
    def of_limit(self, row: BudgetWeek) -> str:
        """In the unit of the meter."""
        return _figure(row.limit)

    @admin.display(description="reserve, %", ordering="reserve_percent")
    def of_reserve(self, row: BudgetWeek) -> str:
        """The share of the limit that is held back."""
        return _figure(row.reserve_percent)

    @admin.display(description="budget tokens burned", ordering="tokens_burned", empty_value="–")
    def of_burned(self, row: BudgetWeek) -> str | None:
        """As it was when the week was closed."""
        return None if row.tokens_burned is None else _figure(row.tokens_burned)


def _figure(value: Decimal) -> str:
    """In groups of three, hundredths only where there are some."""
    return f"{value:,.2f}".removesuffix(".00")
