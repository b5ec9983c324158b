"""An import of transcripts: progress, and what came of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from allocation.display import format as fmt
from allocation.policy.plain import safe
from allocation.usage.transcripts.importing import ImportSummary, Progress
from budgetctl.cli.printing import Line, console, row

if TYPE_CHECKING:
    from allocation.directives.models import StrategicDirective

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Done:
    """What an import did, and how many budget weeks were made for the history it brought."""

    summary: ImportSummary
    weeks: int


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """A bar on standard error, which is drawn only where that is a terminal."""
    columns = (TextColumn(title), BarColumn(bar_width=30), DownloadColumn(), TimeRemainingColumn())
    err = console(stderr=True)
    with Bar(*columns, console=err, transient=True, disable=not err.is_terminal) as drawn:
        task = drawn.add_task("", total=None)
        yield lambda read, total: drawn.update(task, completed=read, total=total)


def read(
    paths: Sequence[Path],
    *,
    now: datetime,
    sd: "StrategicDirective | None" = None,
    phase: str = "",
    progress: Progress | None = None,
) -> Done:
    """Import into the database here, which must be open."""
    from allocation.usage.operations import import_transcripts

    summary = import_transcripts(paths=paths, now=now, sd=sd, phase=phase, progress=progress)
    return Done(summary, _make_weeks(now))


def _make_weeks(now: datetime) -> int:
    """History without a week would have no limit to be judged by.

    Also where this import brought nothing: one that was cut off may have.
    """
    from django.db.models import Min

    from allocation.budgets.operations import ensure_weeks
    from allocation.budgets.weeks import LONG_AGO
    from allocation.usage.models import UsageRecord

    records = UsageRecord.objects.filter(hour__gte=LONG_AGO)  # which has an index
    earliest: datetime | None = records.aggregate(hour=Min("hour"))["hour"]
    return ensure_weeks(since=earliest, now=now) if earliest else 0


def as_json(done: Done) -> dict[str, Any]:
    """The summary. `skipped` are files that were left out, with the reason."""
    found = done.summary
    return {
        "files": found.files,
        "files_read": found.files_read,
        "bytes": found.bytes,
        "lines": found.lines,
        "new": found.new,
        "improved": found.improved,
        "unchanged": found.unchanged,
        "unreadable_lines": found.unreadable,
        "unknown_models": dict(sorted(found.unknown_models.items())),
        "skipped": [{"path": str(each.path), "reason": each.reason} for each in found.skipped],
        "weeks_made": done.weeks,
    }


def as_text(done: Done) -> Iterator[Line]:
    """The summary for a reader."""
    found = done.summary
    new_in = "" if found.files_read == found.files else f", {found.files_read:,} with something new"
    yield row("FILES", f"{found.files:,}{new_in}")
    yield row("LINES", f"{found.lines:,} read")
    yield row(
        "RECORDS",
        f"{found.new:,} new, {found.improved:,} improved, {found.unchanged:,} unchanged",
    )
    if found.unreadable:
        yield row("UNREADABLE", f"{fmt.counted(found.unreadable, 'line')} could not be read")
    if found.unknown_models:
        names = ", ".join(
            f"{safe(name) or 'no name'} ({count:,})"
            for name, count in found.unknown_models.most_common(MOST_NAMED)
        )
        yield row("UNKNOWN", f"{names}: counted, cost unknown. Add models and prices in the admin.")
    for each in found.skipped[:MOST_NAMED]:
        yield row("SKIPPED", f"{safe(str(each.path))}: {each.reason}")
    if len(found.skipped) > MOST_NAMED:
        yield row("SKIPPED", f"and {len(found.skipped) - MOST_NAMED:,} more")
    if done.weeks:
        yield row("WEEKS", f"{fmt.counted(done.weeks, 'budget week')} made for this history")
