"""Forms for rows whose every change is audited."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminIntegerFieldWidget, AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms.models import construct_instance

from allocation.audit.operations import Written, facts, locked, subject_of
from allocation.audit.shown import Changed, Read, check_shown, refuse, shown, shown_field
from allocation.display.fields import ReasonField
from allocation.policy.errors import RuleError, check_seen

# Django's classes take type arguments only while types are checked.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[models.Model]
    InlineFormSet = forms.BaseInlineFormSet[models.Model, models.Model, ModelForm]
else:
    ModelForm = forms.ModelForm
    InlineFormSet = forms.BaseInlineFormSet

# What PostgreSQL keeps in an integer. SQLite would take more, which no page has room for.
_MOST = 2**31 - 1
COUNT = {
    "widget": AdminIntegerFieldWidget,
    "max_value": _MOST,
    "error_messages": {"max_value": f"Write a whole number up to {_MOST:,}."},
}


class ShownForm(ModelForm):
    """A form that notices when its row was changed by somebody else while it was filled in.

    It does so as audit.shown describes, with all columns that `read` gives of the row.
    """

    read: Read = staticmethod(facts)

    shown = shown_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.initial.items():
            if isinstance(value, Decimal):
                self.initial[name] = short(value)
        if self.instance.pk is not None:
            self.initial["shown"] = shown(self.instance, read=self.read)

    def clean(self) -> dict[str, Any]:
        """Compare what was shown with what is stored, and lock the row until the form is saved."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._check_lines()
        if self.instance.pk is None:
            return cleaned
        stored = locked(self.instance)
        if stored is None:
            raise ValidationError(
                "Somebody deleted this while you were editing. Copy what you need from here."
            )
        seen = cleaned.get("shown") or "{}"
        try:
            check_shown(stored, seen, subject=subject_of(stored), read=self.read)
        except Changed as error:
            refuse(self, error, None)
        return cleaned

    def _check_lines(self) -> None:
        """Refuse a name that was pasted with signs that nobody sees: nothing would go by it."""
        for name in {*self.changed_data} & self.cleaned_data.keys():
            field = self.fields[name]
            one_line = isinstance(field, forms.CharField) and isinstance(
                field.widget, forms.TextInput
            )
            if one_line:
                try:
                    check_seen(str(self.cleaned_data[name]), "This")
                except RuleError as error:
                    self.add_error(name, str(error))


def short(value: Decimal) -> Decimal:
    """The same number without zeros at its end: 450000.00 is read as 450000."""
    whole = value.to_integral_value()
    return whole if value == whole else value.normalize()


class AuditedForm(ShownForm):
    """The form of a row whose changes are audited, with the reason for them.

    The admin that makes the form sets who acts and when. `reason_required` belongs to tables whose
    changes move limits, money or tiers. An unchanged row needs no reason.
    """

    actor: str
    now: datetime
    reason_required = False

    reason = ReasonField(
        required=False,
        max_length=2000,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Why you make this change. It stands in the audit trail.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written: list[Written] = []
        reason = self.fields.get("reason")
        if reason is not None and self.reason_required:
            reason.help_text = "Needed: why you make this change. It stands in the audit trail."

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where one is needed."""
        cleaned = super().clean()
        changed = {*self.changed_data} - {"reason", "shown"}
        missing = not cleaned.get("reason") and "reason" not in self.errors
        if self.reason_required and changed and missing:
            self.add_error("reason", "Say why: this change needs a reason.")
        return cleaned


class OperationForm(AuditedForm):
    """A form that is saved by an operation, whose refusal is shown like any other mistake."""

    def operate(self) -> models.Model:
        """Call the operation with what was entered. May raise RuleError."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        """Check each field; what holds between them and between rows is the operation's to say.

        Django would check the constraints of the table here, and name them as the database does.
        """
        form: Any = self  # the stubs do not know what Django's own _post_clean calls
        given, left_out = self._meta.fields, self._meta.exclude
        self.instance = construct_instance(form, self.instance, given, left_out)
        try:
            self.instance.clean_fields(exclude=form._get_validation_exclusions())
        except ValidationError as error:
            form._update_errors(error)
        if self.errors:
            return
        # Tried and taken back, so that a refusal is known while the form can still say so.
        try:
            with transaction.atomic():
                self.operate()
                transaction.set_rollback(True)
        except RuleError as error:
            self.add_error(None, str(error))


class AuditedFormSet(InlineFormSet):
    """Rows edited on the page of another one; the reason on that page holds for them too."""

    reason_required = False

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name each field by its row: Django labels those of a table by their column's head, which
        no browser ties to them."""
        super().add_fields(form, index)
        row = form.instance if form.instance.pk else f"another {form.instance._meta.verbose_name}"
        for field in form.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs["aria-label"] = f"{field.label} of {row}"

    def clean(self) -> None:
        """Ask for a reason where one is needed."""
        super().clean()
        if self.reason:
            return
        if self.reason_required and self.has_changed():
            raise ValidationError("Say why, in the field Reason: this change needs a reason.")
        if any(getattr(form, "cleaned_data", {}).get("DELETE") for form in self.forms):
            raise ValidationError("Say why, in the field Reason: a deletion needs a reason.")

    @property
    def reason(self) -> str:
        """The reason as entered on the page."""
        return str(AuditedForm.base_fields["reason"].to_python(self.data.get("reason", "")))
