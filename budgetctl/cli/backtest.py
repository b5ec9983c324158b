"""`budgetctl backtest`: how good each forecast would have been on weeks that are over."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from allocation.policy.weeks import Reset
from budgetctl.cli.parameters import Json, read_limit

UTC = ZoneInfo("UTC")
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_RESET = re.compile(r"([A-Z]{3,9}?)(?:T(\d{1,2}:\d{2}))?", re.ASCII)


def reset(text: str) -> Reset:
    """A weekday, in full or its first three letters, and a time (UTC): MON, THU, tuesdayT14:00."""
    found = _RESET.fullmatch(text.strip().upper())
    days = [day for day in _DAYS if found and found[1] in {day, day[:3]}]
    try:
        if not found or not days:
            raise ValueError(text)
        at = time.fromisoformat((found[2] or "0:00").zfill(5))
        return Reset(_DAYS.index(days[0]), at, UTC)
    except ValueError:
        raise typer.BadParameter(
            f"“{text}” is not a reset; write a weekday and a time, such as MON or MONT14:00."
        ) from None


def backtest(
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Test on a file with series,date,tokens or series,hour_utc,tokens or "
            "timestamp,tokens instead of your own history.",
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Only this method; linear is always shown beside it. Repeatable."),
    ] = None,
    at: Annotated[
        Reset | None,
        typer.Option(
            "--reset",
            parser=reset,
            metavar="WEEKDAY[THH:MM]",
            help="Lay the weeks anew: UTC for a file, where it is MON by default, else on the "
            "owner's clock.",
        ),
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option(
            metavar="LIMIT",
            help="The effective limit, in tokens, or in dollars where the budget is; else 1.1 x "
            "the median of the weeks before.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Forecast past weeks from 6, 12, 24, 36, 48, 72 … 144 hours into each.

    Each forecast knows only what came before it. Errors are shares of what the week came to; the
    ratio is to the linear burn rate. The method `chooser` is the one that speaks on the week page.
    """
    from allocation.policy.forecasting import CHOOSER, METHODS, summary
    from allocation.policy.forecasting import backtest as run
    from budgetctl.cli.printing import console, emit, show

    series, notes, bounds, in_dollars = _from_csv(csv, at) if csv else _own_history(at)
    wanted = [CHOOSER, *METHODS] if not method else [*dict.fromkeys([*method, "linear"])]
    with _bar() as progress:
        result = run(
            series,
            methods=wanted,
            limit=None if limit is None else _whole_units(limit, in_dollars=in_dollars),
            bounds=bounds,
            progress=progress,
        )
    notes = [*notes, *(note for tested in result.tested for note in tested.notes)]
    found = summary(result)
    if as_json:
        emit({"default": CHOOSER, **found, "notes": notes})
        return
    from budgetctl.cli.backtest_text import lines

    show(lines(found))
    for note in notes:
        console(stderr=True).print(note, soft_wrap=True)


def _whole_units(limit: str, *, in_dollars: bool) -> Fraction:
    """A limit as the whole units that are tested on: tokens, or cents."""
    from allocation.policy.errors import RuleError

    amount = Fraction(read_limit(limit, in_dollars=in_dollars))
    if amount <= 0:
        raise RuleError("The limit must be more than 0.")
    return amount * 100 if in_dollars else amount


def _from_csv(path: Path, at: Reset | None) -> tuple[Sequence[Any], list[str], Any, bool]:
    from allocation.policy.errors import RuleError
    from allocation.policy.forecasting import Series, read_csv, whole_weeks
    from allocation.policy.zones import DEFAULT_BOUNDS
    from budgetctl.cli import clock

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except IsADirectoryError:
        raise RuleError(f"{path} is a folder; give a CSV file.") from None
    except OSError as error:
        raise RuleError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise RuleError(f"{path} is not a text file in UTF-8.") from None
    now = clock.now()
    use = read_csv(lines, now=now)
    rule = at or Reset(0, time(), UTC)
    series = [
        # Of the day and the hour that are not over a row holds a part only.
        Series(one.name, one.hours, whole_weeks(one.hours, rule, until=min(one.hours.end, now)))
        for one in use.series
    ]
    return series, list(use.notes), DEFAULT_BOUNDS, False


def _own_history(at: Reset | None) -> tuple[Sequence[Any], list[str], Any, bool]:
    from budgetctl.cli.database import open_database

    open_database()
    from allocation.budgets.models import BudgetRule
    from allocation.forecasts.history import own_series
    from budgetctl.cli import clock

    rule = BudgetRule.objects.select_related("meter").get()
    anew = replace(at, zone=rule.zone_info) if at else None
    series = own_series(before=clock.now(), reset=anew)
    return [series], [], rule.bounds, rule.meter.to_policy().in_dollars


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Progress on standard error, drawn only where that is a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from budgetctl.cli.printing import console

    err = console(stderr=True)
    columns = (TextColumn("Forecasting the past"), BarColumn(bar_width=30), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
