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
    who = Text.assemble(f"{safe(task.sub_agent)} in {task.phase} (", zone_text(zone), ")")
    if found.outcome is Outcome.OFF:
        who = Text(f"{safe(task.sub_agent)} in {task.phase}")
    if found.tier is not None:
        yield Text.assemble(who, ": run on ", (found.tier.name, "bold"))
    elif found.outcome is Outcome.DEFER:
        yield Text.assemble(who, ": ", ("defer", "bold"), " to the next budget week")
    else:
        yield Text.assemble(who, ": ", (found.outcome.value, "bold"))
    for step in found.path:
        yield row(step.rule, safe(step.sentence))
    logged = f"logged as decision {decision.pk}" if decision else "a what-if: nothing was logged"
    yield row("decision", logged)
