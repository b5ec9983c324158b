"""What the Chairman types to apply a change, and to undo one."""

from django import forms

from allocation.decisions.forms import reason_field


class ApplyForm(forms.Form):
    """Why a change is applied."""

    reason = reason_field(
        "Say why: a change of the rules needs a reason.",
        "It becomes the ceiling’s rationale and stands in the audit trail.",
    )


class UndoForm(forms.Form):
    """Why a change is undone."""

    reason = reason_field("Say why: an undo needs a reason.", "It stands in the audit trail.")
