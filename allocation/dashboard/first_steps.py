"""What the Chairman does on the first day, until the first usage is counted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from allocation.budgets.operations import limit_was_set
from allocation.claude_code.models import HarnessSession
from allocation.directives.models import StrategicDirective
from allocation.usage.models import UsageHour


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, why, and where; `next` on the first one that is not done."""

    title: str
    why: str
    url: str
    action: str
    done: bool
    next: bool = False


def first_steps() -> Sequence[Step]:
    """The steps in order; none once any usage was ever counted. Four queries at most."""
    if UsageHour.objects.exists():
        return []
    steps = [
        Step(
            "Set the limit of the week",
            "As it ships it is a guess, and so are the hour of its reset and the time zone.",
            reverse("budgets:change-rule"),
            "Set limit",
            limit_was_set(),
        ),
        Step(
            "Connect Claude Code",
            "Then every request is counted as it happens, and each sub-agent runs on its tier.",
            reverse("claude_code:connect"),
            "Connect Claude Code",
            HarnessSession.objects.exists(),
        ),
        Step(
            "Create the first SD",
            "What is burned is counted for a strategic directive, and its checkpoints are logged.",
            reverse("directives:create-sd"),
            "Create SD",
            StrategicDirective.objects.exists(),
        ),
    ]
    undone = [step for step in steps if not step.done]
    return [replace(step, next=step in undone[:1]) for step in steps]
