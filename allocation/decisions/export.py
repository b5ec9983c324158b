"""The decisions that are filtered, as CSV or JSON, written while they are read."""

import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

from allocation.decisions.trail import Filters, older_than
from allocation.display.sheet import neutral

COLUMNS = (
    "id",
    "at",
    "actor",
    "sub_agent",
    "phase",
    "sd",
    "complexity",
    "critical",
    "read_only",
    "zone",
    "share_percent",
    "outcome",
    "preferred",
    "floor",
    "recommended",
    "requested",
    "observed",
    "mismatch",
    "override",
    "override_reason",
    "result",
    "reason",
)
JOINED = {"sd": "sd__code", "recommended": "recommended__name"}
# Rows that are read at a time: few enough that the first are there at once.
BATCH = 500

Row = Sequence[Any]


def as_csv(batches: Iterator[list[Row]]) -> Iterator[str]:
    """A heading, and a line for each decision; no cell is a formula."""
    yield _lines([COLUMNS])
    for batch in batches:
        yield _lines([[neutral(value) for value in row] for row in batch])


def as_json(batches: Iterator[list[Row]]) -> Iterator[str]:
    """One array, an object on a line for each decision."""
    between = "[\n"
    for batch in batches:
        rows = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in batch]
        yield between + ",\n".join(rows)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def export_batches(filters: Filters) -> Iterator[list[Row]]:
    """Exactly the decisions that are filtered, the newest first, each in the order of `COLUMNS`.

    Raises RuleError at once for filters that make no sense, not when the rows are read.
    """
    rows = filters.rows().values_list(*[JOINED.get(name, name) for name in COLUMNS])
    return _batches(rows)


def _batches(rows: Any) -> Iterator[list[Row]]:
    """Each batch begins where the last one ended. One query over everything would have to end on
    PostgreSQL before its first row came, and would keep SQLite's log from being tidied for as long
    as somebody downloads."""
    found = list(rows[:BATCH])
    while found:
        yield [_written(row) for row in found]
        pk, at, *_ = found[-1]
        found = list(older_than(rows, at, pk)[:BATCH])


def _written(row: Row) -> Row:
    """With the moment and the share as text, as a file holds them."""
    values = dict(zip(COLUMNS, row, strict=True))
    values |= {"at": values["at"].isoformat(), "share_percent": str(values["share_percent"])}
    return [*values.values()]


def _lines(rows: Sequence[Row]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
