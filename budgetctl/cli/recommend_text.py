"""A recommendation as text."""

from collections.abc import Iterator

from rich.text import Text

from allocation.decisions.models import Decision
from allocation.policy.recommend import Outcome, Recommendation, Task
from allocation.policy.zones import Zone
from budgetctl.cli.printing import Line, row, safe
from budgetctl.cli.printing import zone as zone_text


def answer(
    task: Task, found: Recommendation, zone: Zone, decision: Decision | None
) -> Iterator[Line]:
    """The tier first, then how the rules came to it."""
    who = f"{safe(task.sub_agent)} in {task.phase}"
    if found.tier is not None:
        yield Text.assemble(f"{who}: run on ", (found.tier.name, "bold"))
    elif found.outcome is Outcome.DEFER:
        yield Text.assemble(f"{who}: ", ("defer", "bold"), " to the next budget week")
    else:
        yield Text.assemble(f"{who}: ", (found.outcome.value, "bold"))
    for step in found.path:
        yield row(step.rule, safe(step.sentence))
    if found.outcome is not Outcome.OFF:
        yield row("zone", zone_text(zone))
    logged = f"logged as decision {decision.pk}" if decision else "a what-if: nothing was logged"
    yield row("decision", logged)
