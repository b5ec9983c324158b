"""The chart of days and sub-agents, as the week page and the page of all usage have it."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from allocation.display.chart import Chart
from allocation.display.format import amount, height
from allocation.usage.totals import Burned, grouped, total_of

MOST_SERIES = 7


def by_day_chart(
    days: Sequence[tuple[date, Mapping[str, Burned]]], *, title: str, in_dollars: bool
) -> Chart:
    """What each sub-agent used on each day, the largest first and all small ones as one."""
    columns = _columns(days)
    labels = [f"{day:%a %-d %b}" for day, _ in days]
    return Chart(
        id="by-day",
        title=title,
        label="Stacked bars by day; the table below has each number.",
        empty="",
        spec={
            "kind": "stacked-bars",
            "x": labels,
            "x_type": "category",
            "unit": "US dollars" if in_dollars else "budget tokens",
            "series": [
                {"name": name, "values": [height(value, in_dollars=in_dollars) for value in values]}
                for name, values in columns.items()
            ],
            "marks": [],
        },
        headings=("Day", *columns),
        rows=[
            (label, *(amount(values[index], in_dollars=in_dollars) for values in columns.values()))
            for index, label in enumerate(labels)
        ],
    )


def _columns(days: Sequence[tuple[date, Mapping[str, Burned]]]) -> dict[str, list[Fraction]]:
    """What was used on each day, by what the column is called."""
    total = grouped(item for _, parts in days for item in parts.items())
    ranked = sorted(total, key=lambda name: (-total[name].budget, name))
    columns = [(name, [name]) for name in ranked[:MOST_SERIES]]
    if rest := ranked[MOST_SERIES:]:
        columns.append((f"{len(rest)} others", rest))
    return {
        title: [
            total_of(parts[name] for name in names if name in parts).budget for _, parts in days
        ]
        for title, names in columns
    }
