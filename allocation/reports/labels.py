"""The names of budget weeks in addresses: `2026-W47`, and `2026-W47b` for a second one.

The name is the ISO week in which the budget week starts on the owner's clock. Weeks that were cut
short share one: a letter tells them apart, in the order in which they were closed, since a name
that is taken stays with its week (WeekSnapshot.label). Not `-2`: so ISO writes a Tuesday.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from allocation.budgets.models import BudgetWeek
from allocation.reports.models import WeekSnapshot

LABEL = re.compile(r"\d{4}-W\d{2}[a-z]{0,2}")


def base_of(start: datetime, zone: ZoneInfo) -> str:
    """The ISO week that holds a start: `2026-W47`."""
    year, week, _ = start.astimezone(zone).isocalendar()
    return f"{year}-W{week:02}"


def suffix(place: int) -> str:
    """What tells the weeks of one ISO week apart: "", b, c, … z, aa, ab, …"""
    if not place:
        return ""
    letters = ""
    number = place + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def name_weeks(
    starts: Iterable[tuple[int, datetime]], taken: Iterable[str], zone: ZoneInfo
) -> dict[int, str]:
    """Names for weeks given as (key, start), the earliest first, none of them taken already."""
    used, names = set(taken), {}
    for key, start in sorted(starts, key=lambda each: each[1]):
        base, place = base_of(start, zone), 0
        while (name := f"{base}{suffix(place)}") in used:
            place += 1
        used.add(name)
        names[key] = name
    return names


def open_labels(zone: ZoneInfo) -> dict[int, str]:
    """The names of all weeks that are not closed, by primary key. Two queries."""
    weeks = list(BudgetWeek.objects.filter(snapshot__isnull=True).values_list("pk", "start"))
    if not weeks:
        return {}
    since = min(start for _, start in weeks) - timedelta(days=8)
    taken = WeekSnapshot.objects.filter(week__start__gte=since)
    return name_weeks(weeks, taken.values_list("label", flat=True), zone)


def week_called(label: str, zone: ZoneInfo) -> BudgetWeek | None:
    """The budget week with a name; None where there is none."""
    if not LABEL.fullmatch(label):
        return None
    closed = BudgetWeek.objects.filter(snapshot__label=label).select_related("snapshot").first()
    if closed is not None:
        return closed
    pks = [pk for pk, name in open_labels(zone).items() if name == label]
    return BudgetWeek.objects.filter(pk__in=pks).first()
