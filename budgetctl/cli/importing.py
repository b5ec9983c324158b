"""An import of transcripts: progress, and what came of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allocation.display import format as fmt
from allocation.policy.plain import safe
from allocation.usage.transcripts.importing import (
    ImportSummary,
    Progress,
    plan_import,
    reading,
)
from budgetctl.cli import early
from budgetctl.cli.database import open_database
from budgetctl.cli.printing import Line, console, row

MOST_NAMED = 10


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """A bar on standard error, which is drawn only where that is a terminal."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield lambda read, total: None
        return
    # Slow to import, and not needed where nothing is new.
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(title), BarColumn(bar_width=30), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=err, transient=True) as drawn:
        task = drawn.add_task("", total=None)
        yield lambda read, total: drawn.update(task, completed=read, total=total)


def read(paths: Sequence[Path], *, sd: str | None, phase: str) -> ImportSummary:
    """Import into the database here. Django is set up while the first pieces are read, and not at
    all where nothing is new."""
    plan = early.plan(paths, again=sd is not None)
    if plan is None:
        open_database()
        from allocation.usage import bookmarks

        plan = plan_import(paths, known=bookmarks.known, again=sd is not None)
    if plan.is_done and sd is None:
        return plan.summary()
    with reading(plan) as readings, bar("Reading") as progress:
        open_database()
        from allocation.usage.operations import store_readings
        from budgetctl.cli import clock, rows

        for_sd = rows.sd(sd) if sd else None
        return store_readings(
            plan, readings, now=clock.now(), sd=for_sd, phase=phase, progress=progress
        )


def as_json(found: ImportSummary) -> dict[str, Any]:
    """The summary. `skipped` are files that were left out, with the reason."""
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
        "weeks_made": found.weeks_made,
    }


def as_text(found: ImportSummary) -> Iterator[Line]:
    """The summary for a reader."""
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
    if found.weeks_made:
        yield row("WEEKS", f"{fmt.counted(found.weeks_made, 'budget week')} made for this history")
