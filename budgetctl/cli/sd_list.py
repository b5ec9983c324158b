"""SDs as JSON and as a list. Needs `open_database` before it."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from allocation.directives.models import Priority, Status, StrategicDirective
from allocation.directives.page import STATUS_ORDER
from allocation.display import format as fmt
from budgetctl.cli.printing import Line, safe

OVER = (Status.COMPLETED, Status.ARCHIVED)


def sds(*, everything: bool) -> Sequence[StrategicDirective]:
    """What runs, what waits, what is put off; of equals the most important and oldest first."""
    found = StrategicDirective.objects.all()
    if not everything:
        found = found.exclude(status__in=OVER)
    order = {status.value: place for place, status in enumerate(STATUS_ORDER)}
    return sorted(found, key=lambda row: (order[row.status], -row.priority, row.created_at, row.pk))


def as_text(rows: Sequence[StrategicDirective]) -> Iterator[Line]:
    """One line for each SD, and one below it for its title or why it is deferred."""
    if not rows:
        yield "No SD is open. Propose one: budgetctl sd new SD-… --complexity 3"
        return
    width = max(len(row.code) for row in rows)
    for row in rows:
        stands = f"in {row.phase}" if row.phase else str(row.get_status_display())
        if row.phase and row.status != Status.IN_PROGRESS:
            stands = f"{row.get_status_display()} {stands}"
        marks = [f"complexity {row.complexity}/5"]
        if row.priority != Priority.NORMAL:
            marks.append(f"{Priority(row.priority).label} priority")
        if row.critical:
            marks.append("critical")
        if row.estimate is not None:
            marks.append(f"~{fmt.short(row.estimate)} tokens")
        yield Text.assemble((f"{row.code:<{width}}", "bold"), f"  {stands}; {', '.join(marks)}")
        for line in filter(None, (row.title, row.deferral_reason)):
            yield Text(f"  {safe(line)}", style="dim")
