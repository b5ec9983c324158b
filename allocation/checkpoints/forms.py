"""What the Chairman types at a checkpoint, and the file of a spreadsheet: shape only."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from allocation.audit.shown import shown_field
from allocation.catalog.models import PHASES, Tier
from allocation.checkpoints.defaults import Defaults
from allocation.checkpoints.mix_text import read_mix, write_mix
from allocation.checkpoints.models import KINDS, MOST_TOKENS, Checkpoint
from allocation.checkpoints.operations import AMOUNTS, NO_TOKENS, Entry
from allocation.checkpoints.spreadsheet import MOST_BYTES
from allocation.directives.models import StrategicDirective
from allocation.display.fields import TextAmountField, TokensField, count_field, reason_field
from allocation.display.format import tokens as in_groups
from allocation.policy.mix import check_mix
from allocation.policy.phases import CheckpointKind, Phase

BROKEN = "The form has lost its name; open it anew."

_HANDOVERS = {kind.value for kind in CheckpointKind if kind.is_handover}


class MixField(TextAmountField):
    """A model mix as people write it; gives shares in whole percent by tier, {} if empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(attributes={"autocapitalize": "none", "spellcheck": "false"}, **options)

    def to_python(self, value: Any) -> dict[str, int]:
        """The shares."""
        return super().to_python(value) or {}

    def read(self, text: str) -> dict[str, int]:
        """The shares, of tiers that there are."""
        mix, _ = read_mix(text)
        return check_mix(mix, frozenset(Tier.objects.values_list("name", flat=True)))

    def prepare_value(self, value: Any) -> Any:
        """Shares as text; what was typed stays as it was typed."""
        return write_mix(value) if isinstance(value, dict) else value


class SdField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """An SD, named with its phase and title."""

    def label_from_instance(self, obj: StrategicDirective) -> str:
        """SD-PERF-OPT-001 in PLAN – Faster pages."""
        where = f" in {obj.phase}" if obj.phase else f", {obj.get_status_display()}"
        return f"{obj.code}{where}{f' – {obj.title}' if obj.title else ''}"


class AmountsForm(forms.Form):
    """What was burned: for a new checkpoint and for the correction of one."""

    # What is required depends on the checkpoint that is chosen, which a browser does not know.
    use_required_attribute = False

    tokens = TokensField(
        required=False,
        help_text="Fresh tokens of the phase, for example 150,000, 150k or 1.2M.",
        error_messages={"required": NO_TOKENS},
    )
    mix = MixField(
        label="Model mix",
        required=False,
        help_text="For example sonnet=70, opus=30, or sonnet for all of it.",
    )
    rework_cycles = count_field(1_000, required=False)
    lines_modified = count_field(100_000_000, label="Lines of code", required=False)
    note = forms.CharField(
        max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_tokens(self) -> int | None:
        """A count that a week can burn."""
        tokens: int | None = self.cleaned_data["tokens"]
        if tokens is not None and tokens > MOST_TOKENS:
            raise ValidationError(f"{in_groups(tokens)} tokens are more than any week can burn.")
        return tokens

    def amounts(self) -> dict[str, Any]:
        """The amounts of a valid form, as the operations name them."""
        given = self.cleaned_data
        return {
            "tokens": given["tokens"],
            "mix": given["mix"],
            "rework_cycles": given["rework_cycles"] or 0,
            "lines_modified": given["lines_modified"],
            "note": given["note"],
        }


class CheckpointForm(AmountsForm):
    """A new checkpoint, filled in from its SD's state.

    `submission` names the form, so that it logs once however often it is sent. `filled` carries
    what was filled in, so that another SD or checkpoint can fill in again what nobody touched.
    """

    sd = SdField(
        label="SD",
        queryset=StrategicDirective.objects.none(),
        empty_label="Choose an SD",
        error_messages={
            "required": "Choose an SD.",
            "invalid_choice": "No checkpoint can be logged for this SD: it is completed, archived "
            "or gone.",
        },
    )
    kind = forms.ChoiceField(label="Checkpoint", choices=KINDS)
    phase = forms.ChoiceField(choices=PHASES, help_text="The phase that burned the tokens.")
    submission = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"invalid": BROKEN, "required": BROKEN}
    )
    filled = forms.CharField(widget=forms.HiddenInput, required=False)
    field_order = (
        "sd", "kind", "tokens", "mix", "phase", "rework_cycles", "lines_modified", "note",
    )  # fmt: skip
    filled_in = ("sd", "kind", "phase", "tokens", "mix")

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        sds: QuerySet[StrategicDirective],
        defaults: Defaults | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> None:
        """`typed` goes before the defaults: what somebody entered before they were filled in."""
        initial = {"submission": uuid4()} | (defaults.initial() if defaults else {})
        super().__init__(data, initial=initial)
        self.fields["sd"].queryset = sds  # type: ignore[attr-defined]  # a choice field
        kind = (self.initial if data is None else data).get("kind")
        self.fields["tokens"].required = kind in _HANDOVERS
        focused = "tokens" if defaults and defaults.sd else "sd"
        self.fields[focused].widget.attrs["autofocus"] = data is None and not typed
        if defaults and defaults.captured:
            self.fields["tokens"].help_text = (
                f"{in_groups(defaults.captured)} were captured since the last checkpoint of "
                f"{defaults.phase}; only what is beyond them is counted by hand."
            )
        if data is None:
            shown = {name: self._shown(name) for name in self.filled_in}
            self.initial = {**self.initial, "filled": json.dumps(shown), **(typed or {})}

    def _shown(self, name: str) -> str:
        """What a field is filled in with, as the browser sends it back."""
        field = self.fields[name]
        value = field.prepare_value(self.get_initial_for_field(field, name))
        return "" if value is None else str(value)

    def entry(self) -> Entry:
        """What a valid form logs."""
        given = self.cleaned_data
        return Entry(
            kind=CheckpointKind(given["kind"]), phase=Phase(given["phase"]), **self.amounts()
        )

    def says(self, checkpoint: Checkpoint) -> bool:
        """Whether what was sent are the amounts of a checkpoint."""
        if self.errors.keys() & {*AMOUNTS}:
            return False
        sent = self.amounts()
        sent["mix"] = {tier: share for tier, share in sent["mix"].items() if share}
        return all(getattr(checkpoint, name) == value for name, value in sent.items())


class CorrectionForm(AmountsForm):
    """What a checkpoint should have said."""

    def __init__(self, data: QueryDict | None = None, *, checkpoint: Checkpoint) -> None:
        super().__init__(data, initial={name: getattr(checkpoint, name) for name in AMOUNTS})
        self.fields["shown"] = shown_field(checkpoint, AMOUNTS)
        self.fields["tokens"].required = CheckpointKind(checkpoint.kind).is_handover


class SheetForm(forms.Form):
    """A spreadsheet to look at before anything is logged."""

    file = forms.FileField(
        label="CSV file",
        help_text="Up to 5,000 rows and 2 MB. You will see every row before anything is logged.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        error_messages={
            "required": "Choose a CSV file.",
            "empty": "The file is empty.",
            "missing": "Choose a CSV file.",
        },
    )

    def clean_file(self) -> bytes:
        """The bytes of the file. Its size is checked before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError("The file is larger than 2 MB; split it.")
        content: bytes = file.read()
        return content


class ApprovalForm(forms.Form):
    """How far a paused SD may go on, and why."""

    amount = TokensField(
        label="Tokens",
        error_messages={"required": "Say how many tokens: 20,000 or 20k."},
        help_text="Fresh tokens, on top of what it has burned: 20,000 or 20k.",
    )
    reason = reason_field("Say why: an approval needs a reason.")
