"""The hourly sums of records that pages read, in statements for SQLite and for PostgreSQL.

Column names come from the models, values are always bound, as in `tables`: so much for the
exemptions for SQL made from strings.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import add, itemgetter
from typing import Any
from uuid import uuid4

from django.db import connection

from allocation.policy.meter import KINDS
from allocation.usage.tables import COLUMNS, Columns, Row, is_postgresql, moment_of, stored

_GROUPED = "hour, sd_id, phase, sub_agent, model, tier, source, long_prompt"
_APART = "unsplit > 0"  # these have no price, and would leave none to what they are summed with
_groups_of = itemgetter(*map(COLUMNS.index, [*_GROUPED.split(", "), "unsplit"]))
_counts_of = itemgetter(*map(COLUMNS.index, KINDS))
_SUMS = ", ".join(f"SUM({kind}) AS {kind}" for kind in KINDS)
# A statement for each group is cheaper than summing whole hours only while there are few groups.
_FEW_GROUPS = 200


def roll_up(hours: Iterable[datetime]) -> None:
    """Make the roll-ups of these hours anew from their records."""
    _make_anew({*stored(hours)})
    _mark_changed()


def update_roll_ups(added: Columns, *, changed: Collection[datetime]) -> None:
    """Follow new records, and make those hours anew in which others changed or went away.

    New records are added to the roll-ups of their hours while there are few groups of them: making
    a busy hour anew for each batch would cost the more the more it holds already.
    """
    if not added[0] and not changed:
        return
    anew = {*stored(changed)}
    sums = _summed(added, without=anew)
    if len(sums) > _FEW_GROUPS:
        anew.update(hour for hour, *_ in sums)
    else:
        _add(sums)
    if anew:
        _make_anew(anew)
    _mark_changed()


def _make_anew(hours: set[Any]) -> None:
    touched, params = _these(hours)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM usage_hours WHERE hour IN ({touched})", params)  # noqa: S608
        cursor.execute(
            f"INSERT INTO usage_hours ({_GROUPED}, records, {', '.join(KINDS)}) "  # noqa: S608
            f"SELECT {_GROUPED}, COUNT(*), {_SUMS} FROM usage_records "
            f"WHERE hour IN ({touched}) GROUP BY {_GROUPED}, usage_records.{_APART}",
            params,
        )


def _summed(columns: Columns, *, without: set[Any]) -> dict[Row, list[int]]:
    """The number of rows and their sums of each kind, by group; without the rows of some hours.

    Rows that follow each other are mostly of one group, and are summed in one go.
    """
    sums: dict[Row, list[int]] = {}
    groups = zip(*_groups_of(columns), strict=True)
    each = zip(groups, zip(*_counts_of(columns), strict=True), strict=True)
    for (*grouped, unsplit), run in groupby(each, itemgetter(0)):
        if grouped[0] not in without:
            group = (*grouped, unsplit > 0)
            counts = [counts for _, counts in run]
            more = [len(counts), *map(sum, zip(*counts, strict=True))]
            known = sums.get(group)
            sums[group] = more if known is None else [*map(add, known, more)]
    return sums


def _add(sums: Mapping[Row, Sequence[int]]) -> None:
    counted = ("records", *KINDS)
    more = ", ".join(f"{column} = {column} + %s" for column in counted)
    # An SD may be NULL, which equals nothing; each database has its own way to compare it.
    equal = "IS NOT DISTINCT FROM" if is_postgresql() else "IS"
    grouped = _GROUPED.split(", ")
    same = " AND ".join(f"{column} {equal} %s" for column in (*grouped, f"({_APART})"))
    marks = ", ".join(["%s"] * (len(grouped) + len(counted)))
    with connection.cursor() as cursor:
        for (*group, is_long, apart), values in sums.items():
            params = [*group, bool(is_long)]
            known = [*values, *params, apart]
            cursor.execute(f"UPDATE usage_hours SET {more} WHERE {same}", known)  # noqa: S608
            if not cursor.rowcount:
                cursor.execute(
                    f"INSERT INTO usage_hours ({_GROUPED}, {', '.join(counted)}) "  # noqa: S608
                    f"VALUES ({marks})",
                    [*params, *values],
                )


def _mark_changed() -> None:
    """Let sums that somebody remembers count no more."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE usage_revision SET mark = %s", [uuid4().hex])


def _these(hours: set[Any]) -> tuple[str, list[Any]]:
    if is_postgresql():
        return "SELECT unnest(%s::timestamptz[])", [[*hours]]
    return "SELECT value FROM json_each(%s)", [json.dumps([*hours])]


def differing_hours(since: datetime, until: datetime) -> list[datetime]:
    """The hours in [since, until) whose roll-ups are not what their records add up to."""
    records = (
        f"SELECT {_GROUPED}, COUNT(*) AS records, {_SUMS} FROM usage_records "  # noqa: S608
        f"WHERE hour >= %s AND hour < %s GROUP BY {_GROUPED}, usage_records.{_APART}"
    )
    # Summed as well, so that a roll-up that stands there twice is found.
    rolled = (
        f"SELECT {_GROUPED}, SUM(records) AS records, {_SUMS} FROM usage_hours "  # noqa: S608
        f"WHERE hour >= %s AND hour < %s GROUP BY {_GROUPED}, usage_hours.{_APART}"
    )
    span = stored([since, until])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT hour FROM (SELECT * FROM ({records}) AS a EXCEPT "  # noqa: S608
            f"SELECT * FROM ({rolled}) AS b) AS missing UNION SELECT DISTINCT hour FROM "
            f"(SELECT * FROM ({rolled}) AS c EXCEPT SELECT * FROM ({records}) AS d) AS extra",
            span * 4,
        )
        return [moment_of(hour) for (hour,) in cursor.fetchall()]
