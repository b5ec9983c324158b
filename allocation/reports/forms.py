"""What people type on the pages of the reports: shape only, the operations know the rules."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from allocation.catalog.models import PHASES, SubAgent, Tier
from allocation.directives.models import StrategicDirective
from allocation.display.fields import MomentField, count_field, obey, typed
from allocation.policy.quality import MOST_COUNTED, EventKind, check_event
from allocation.reports.models import WeekLesson
from allocation.reports.operations import LONGEST_LESSON, LONGEST_NOTE, QualityFacts

MOST_OFFERED = 100


class LessonForm(forms.Form):
    """The lesson of a week; `seen` is the wording that was shown."""

    text = forms.CharField(
        label="Lesson",
        max_length=LONGEST_LESSON,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Write the lesson: a few words will do."},
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, latest: WeekLesson | None) -> None:
        initial = {"text": latest.text, "seen": latest.pk} if latest else {}
        super().__init__(data, initial=initial)


class SdCodeField(forms.CharField):
    """An SD by its code, typed or chosen from those offered. Gives the SD, None if empty."""

    def clean(self, value: Any) -> StrategicDirective | None:
        """The SD of that code."""
        code = typed(value).upper()
        if not code:
            return None
        sd = StrategicDirective.objects.filter(code=code).first()
        if sd is None:
            raise ValidationError(f"There is no SD called “{code[:60]}”.")
        return sd


class QualityForm(forms.Form):
    """What every quality event has. Subclasses add what was counted, in `counts`."""

    kind: EventKind

    sd = SdCodeField(
        label="SD",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "sds", "autocomplete": "off"}),
    )
    sub_agent = forms.ModelChoiceField(
        label="Sub-agent",
        queryset=SubAgent.objects.all(),
        to_field_name="code",
        required=False,
        empty_label="not known",
        help_text="Whose work it was.",
    )
    phase = forms.ChoiceField(choices=[("", "not known"), *PHASES], required=False)
    tier = forms.ModelChoiceField(
        queryset=Tier.objects.all(),
        to_field_name="name",
        required=False,
        empty_label="not known",
        help_text="What it ran on.",
    )
    at = MomentField(
        label="When",
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty if it happened just now.",
    )
    note = forms.CharField(
        max_length=LONGEST_NOTE, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    # Names the form, so that it logs once however often it is sent.
    submission = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid4)

    def counts(self) -> tuple[int, int]:
        """What passed and what failed, of a valid form."""
        raise NotImplementedError

    def clean(self) -> None:
        """The counts must be those of one event."""
        super().clean()
        if self.errors:
            return
        passed, failed = self.counts()
        obey(lambda: check_event(self.kind, passed=passed, failed=failed))

    def facts(self) -> QualityFacts:
        """The facts of a valid form."""
        given = self.cleaned_data
        passed, failed = self.counts()
        return QualityFacts(
            kind=self.kind,
            passed=passed,
            failed=failed,
            **{name: given[name] for name in ("sd", "sub_agent", "phase", "tier", "note")},
        )

    def key(self) -> str | None:
        """The key under which a valid form logs once."""
        submission = self.cleaned_data["submission"]
        return f"form:{submission}" if submission else None

    def at_or(self, now: datetime) -> datetime:
        """When it happened, of a valid form."""
        given: datetime | None = self.cleaned_data["at"]
        return given or now


class ReviewForm(QualityForm):
    """A code review: approved or not."""

    kind = EventKind.REVIEW
    outcome = forms.ChoiceField(
        choices=[("passed", "approved"), ("failed", "changes asked for, or refused")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the review ended."},
    )
    field_order = ("outcome",)

    def counts(self) -> tuple[int, int]:
        """One of one."""
        passed = int(self.cleaned_data["outcome"] == "passed")
        return passed, 1 - passed


class E2eForm(QualityForm):
    """A run of the end-to-end tests."""

    kind = EventKind.E2E
    passed = count_field(MOST_COUNTED, label="Tests passed")
    failed = count_field(MOST_COUNTED, label="Tests failed")
    field_order = ("passed", "failed")

    def counts(self) -> tuple[int, int]:
        """Tests."""
        return self.cleaned_data["passed"], self.cleaned_data["failed"]


class SecurityForm(QualityForm):
    """A security check."""

    kind = EventKind.SECURITY
    issues = count_field(MOST_COUNTED, label="Issues found", help_text="0 if the check found none.")
    field_order = ("issues",)

    def counts(self) -> tuple[int, int]:
        """Issues count as failed; a check passes nothing."""
        return 0, self.cleaned_data["issues"]


QUALITY_FORMS: dict[str, type[QualityForm]] = {
    form.kind.value: form for form in (ReviewForm, E2eForm, SecurityForm)
}


def offered_sds() -> list[str]:
    """The SDs that were created last, to choose from."""
    codes = StrategicDirective.objects.values_list("code", flat=True)
    return list(codes[:MOST_OFFERED])
