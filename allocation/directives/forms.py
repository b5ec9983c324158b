"""What the Chairman types about an SD: shape only, the rules are the operations'."""

from collections.abc import Sequence
from typing import Any

from django import forms

from allocation.audit.shown import shown_field
from allocation.directives.models import Priority, StrategicDirective
from allocation.directives.operations import SdFacts, check_estimate, read_title
from allocation.display.fields import TokensField, count_field, obey
from allocation.policy.complexity import LEVELS, Level, complexity_of

CODE = StrategicDirective._meta.get_field("code")
BY_RUBRIC = "rubric"
COMPLEXITIES = [
    (BY_RUBRIC, "By the rubric, from the two fields below"),
    *((str(level), str(level)) for level in LEVELS),
]


class SdForm(forms.Form):
    """An SD's facts. Complexity is chosen, or follows from lines of code and dependencies."""

    code = forms.CharField(
        label="Code",
        max_length=60,
        help_text="For example SD-PERF-OPT-001.",
        error_messages={"required": "Give the SD a code."},
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )
    title = forms.CharField(max_length=200, required=False)
    complexity = forms.ChoiceField(
        choices=COMPLEXITIES,
        help_text="Choose a level of the rubric, or leave it to what is given below.",
        error_messages={
            "required": "Choose the complexity, from 1 to 5.",
            "invalid_choice": "Complexity goes from 1 to 5.",
        },
    )
    lines = count_field(100_000_000, label="Lines of code", required=False)
    dependencies = count_field(1_000_000, required=False)
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, initial=Priority.NORMAL)
    critical = forms.BooleanField(
        required=False,
        help_text="Critical work keeps better tiers for longer as the week fills up.",
    )
    estimate = TokensField(
        label="Estimated tokens",
        required=False,
        help_text="150,000 or 150k. Empty to estimate from its sub-agents.",
    )

    def __init__(
        self,
        *args: Any,
        rubric: Sequence[Level],
        sd: StrategicDirective | None = None,
        **options: Any,
    ) -> None:
        """`sd` is the SD that the form changes, and fills the fields in; None for a new one."""
        names = SdFacts.__slots__ if sd else ()
        options["initial"] = {name: getattr(sd, name) for name in names}
        super().__init__(*args, **options)
        self.fields["shown"] = shown_field(sd, names)
        self.rubric = rubric

    def clean_code(self) -> str:
        """The code in capitals, checked as the table checks it."""
        return str(CODE.clean(self.cleaned_data["code"].upper(), None))

    def clean_title(self) -> str:
        """The title in one line, without signs that nobody sees."""
        return obey(lambda: read_title(self.cleaned_data["title"]))

    def clean_estimate(self) -> int | None:
        """A count that one SD can burn."""
        estimate: int | None = self.cleaned_data["estimate"]
        obey(lambda: check_estimate(estimate))
        return estimate

    def clean(self) -> None:
        """A complexity must come from somewhere."""
        given = super().clean() or self.cleaned_data
        if given.get("complexity") == BY_RUBRIC and self.by_rubric is None:
            self.add_error(
                "complexity", "Choose a complexity, or give the lines of code or dependencies."
            )

    @property
    def by_rubric(self) -> int | None:
        """The level that the rubric gives, None without lines and dependencies."""
        given = self.cleaned_data
        lines, dependencies = given.get("lines"), given.get("dependencies")
        if lines is None and dependencies is None:
            return None
        return complexity_of(lines=lines, dependencies=dependencies, rubric=self.rubric)

    def _complexity(self, chosen: str) -> int:
        return (self.by_rubric or 0) if chosen == BY_RUBRIC else int(chosen)

    def facts(self) -> SdFacts:
        """The facts of a valid form. A chosen complexity stands before the rubric's."""
        given = self.cleaned_data
        return SdFacts(
            code=given["code"],
            title=given["title"],
            complexity=self._complexity(given["complexity"]),
            priority=given["priority"],
            critical=given["critical"],
            estimate=given["estimate"],
        )
