"""What the Chairman types to steer: shape only, the rules are the operations'."""

from collections.abc import Callable
from datetime import datetime, time, tzinfo
from typing import Any

from django import forms

from allocation.catalog.models import PHASES, SubAgent, Tier
from allocation.directives.models import OVER, StrategicDirective
from allocation.display.fields import obey, reason_field
from allocation.floors.operations import check_expiry

ALL, ONE_SD, ONE_RUN = "all", "sd", "run"
SCOPES = [
    (ALL, "All runs"),
    (ONE_SD, "The runs of one SD"),
    (ONE_RUN, "One run, then it is used up"),
]


class OverrideForm(forms.Form):
    """A new override."""

    sub_agent = forms.ModelChoiceField(
        SubAgent.objects.order_by("code"),
        label="Sub-agent",
        to_field_name="code",
        error_messages={"required": "Choose a sub-agent."},
    )
    phase = forms.ChoiceField(choices=[(ALL, "All phases"), *PHASES])
    tier = forms.ModelChoiceField(
        Tier.objects.order_by("rank"),
        to_field_name="name",
        error_messages={"required": "Choose a tier."},
    )
    scope = forms.ChoiceField(label="Acts on", choices=SCOPES, initial=ALL)
    sd = forms.ModelChoiceField(
        StrategicDirective.objects.exclude(status__in=OVER).order_by("code"),
        label="SD",
        to_field_name="code",
        required=False,
        empty_label="None",
        help_text="Needed for the runs of one SD; may be added for one run.",
    )
    until = forms.DateField(
        label="Until the end of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until this budget week ends.",
    )
    reason = reason_field(
        "Say why: an override needs a reason.", "It stands in the audit trail of every run."
    )

    def __init__(
        self,
        *args: Any,
        now: datetime,
        zone: tzinfo,
        end_of_week: Callable[[], datetime],
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.now = now
        self.zone = zone
        self.end_of_week = end_of_week
        for name in ("sub_agent", "tier"):
            self.fields[name].empty_label = "Choose"  # type: ignore[attr-defined]  # a choice field

    def clean_until(self) -> datetime:
        """The last minute of the day, or the end of the week."""
        day = self.cleaned_data["until"]
        if day is None:
            return self.end_of_week()
        expires_at = datetime.combine(day, time(23, 59), tzinfo=self.zone)
        obey(lambda: check_expiry(expires_at, self.now))
        return expires_at

    def clean(self) -> None:
        """One SD must be named, and named for nothing else."""
        given = super().clean() or self.cleaned_data
        scope, sd = given.get("scope"), given.get("sd")
        if "sd" in self.errors:
            return
        if scope == ONE_SD and sd is None:
            self.add_error("sd", "Choose the SD whose runs it acts on.")
        if scope == ALL and sd is not None:
            self.add_error("sd", "It would act on all runs: choose the scope of one SD, or no SD.")

    def given(self) -> dict[str, Any]:
        """The arguments for `create_override`."""
        data = self.cleaned_data
        return {
            "sub_agent": data["sub_agent"],
            "phase": "" if data["phase"] == ALL else data["phase"],
            "tier": data["tier"],
            "reason": data["reason"],
            "expires_at": data["until"],
            "sd_code": data["sd"].code if data["sd"] else "",
            "one_run": data["scope"] == ONE_RUN,
        }


class RunNowForm(forms.Form):
    """The override that lets a deferred run go."""

    tier = forms.ModelChoiceField(
        Tier.objects.order_by("rank"),
        to_field_name="name",
        empty_label=None,
        help_text="What it runs on; not below a floor that never gives way.",
    )
    reason = reason_field("Say why: an override needs a reason.")
