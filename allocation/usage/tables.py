"""The few statements for which the ORM is too slow, on SQLite and on PostgreSQL.

Column and table names come from the models, values are always bound: so much for the exemptions for
SQL made from strings. Elsewhere stand only what every hook asks by a key (row_reads, audit.newest),
and the one that takes a turn (budgets.turns).
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, groupby
from operator import add, itemgetter
from typing import Any
from uuid import uuid4

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL

from allocation.budgets.turns import Queue, take_turn
from allocation.policy.meter import KINDS
from allocation.policy.weeks import hour_of

# What a record holds apart from its id, in the order of a Row and of Columns. There moments are as
# `stored` gives them, and flags are numbers: SQLite's driver asks of every bool if it can be one.
COLUMNS = (
    "message_id", "request_id", "source", "at", "counted_at", "hour", "session_id", "agent_id",
    "agent_type", "sidechain", "sub_agent", "model", "output_final", "input", "output",
    "cache_write_5m", "cache_write_1h", "cache_read",
    "sd_id", "phase", "tier", "long_prompt", "unsplit", "estimated", "answered", "answer",
)  # fmt: skip
# The last of them are nearly always these.
_USUAL = (None, "", "", 0, 0, 0, 1, "")
Row = tuple[Any, ...]
Columns = Sequence[Sequence[Any]]  # many rows: for each of COLUMNS the values of all of them

_GROUPED = "hour, sd_id, phase, sub_agent, model, tier, source, long_prompt"
_APART = "unsplit > 0"  # these have no price, and would leave none to what they are summed with
_groups_of = itemgetter(*map(COLUMNS.index, [*_GROUPED.split(", "), "unsplit"]))
_counts_of = itemgetter(*map(COLUMNS.index, KINDS))
_SUMS = ", ".join(f"SUM({kind}) AS {kind}" for kind in KINDS)
_NAMES = ", ".join(COLUMNS)
_INCOMING = "usage_records_incoming"
_encode = msgspec.json.Encoder().encode  # moments are b'["2026-05-25T12:00:00Z","…Z"]'
# On SQLite 200 rows to a statement take two thirds of the time of one, and less with what is usual
# written in the statement than bound. Of values that are bound it takes 32,766 at most.
_AT_ONCE = 200
_MARKS = f"({', '.join(['%s'] * len(COLUMNS))})"
_USUAL_SQL = ["NULL" if value is None else repr(value) for value in _USUAL]
_USUAL_MARKS = f"({', '.join(['%s'] * (len(COLUMNS) - len(_USUAL)) + _USUAL_SQL)})"
# A statement for each group is cheaper than summing whole hours only while there are few groups.
_FEW_GROUPS = 200


def is_postgresql() -> bool:
    """Whether the database is PostgreSQL; else it is SQLite."""
    return connection.vendor == "postgresql"


def lock() -> None:
    """Let one transaction at a time write usage."""
    take_turn(Queue.USAGE)


def among(values: Iterable[Any]) -> Any:
    """The right side of an `__in` lookup for any number of values.

    SQLite takes a limited number of parameters, so there all of them are one.
    """
    distinct = {value for value in values if value is not None}
    if is_postgresql():
        return distinct
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps([*distinct])])


def read(
    columns: str, table: str, where: Mapping[str, Iterable[Any]], *, also: str = "TRUE"
) -> list[Row]:
    """Rows of a table where each column of `where` has one of its values.

    `also` is a condition that must hold too, as a partial index has it. Fastest with the values in
    the order in which they were stored. Values come as the database gives them; `moment_of` makes
    moments of them.
    """
    distinct = [[*dict.fromkeys(values)] for values in where.values()]
    if is_postgresql():
        params: list[Any] = distinct
        among_them = [f"{column} = ANY(%s)" for column in where]
        source = table
    else:
        # Looked up one by one: IN would first sort the values, which takes as long again.
        params = [_encode(values).decode() for values in distinct]
        first, *others = where
        among_them = [
            f"{first} = wanted",
            *(f"{column} IN (SELECT value FROM json_each(%s))" for column in others),  # noqa: S608
        ]
        source = f"(SELECT value AS wanted FROM json_each(%s)) CROSS JOIN {table}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {source} WHERE {' AND '.join(among_them)} AND {also}",  # noqa: S608
            params,
        )
        rows: list[Row] = cursor.fetchall()
        return rows


def add_and_change(added: Columns, changed: Sequence[tuple[int, Row]]) -> None:
    """Store new rows, and changed ones under their ids."""
    write = _copy if is_postgresql() else _execute_many
    if added[0] or changed:
        write(added, changed)


def _execute_many(added: Columns, changed: Sequence[tuple[int, Row]]) -> None:
    unusual = len(COLUMNS) - len(_USUAL)
    is_usual = all(map(_has_only, added[unusual:], _USUAL))
    assignments = ", ".join(f"{column} = %s" for column in COLUMNS)
    with connection.cursor() as cursor:
        if is_usual:
            _insert(cursor, added[:unusual], _USUAL_MARKS)
        else:
            _insert(cursor, added, _MARKS)
        cursor.executemany(
            f"UPDATE usage_records SET {assignments} WHERE id = %s",  # noqa: S608
            [(*row, pk) for pk, row in changed],
        )


def _has_only(column: Sequence[Any], value: Any) -> bool:
    return column.count(value) == len(column)


def _insert(cursor: CursorWrapper, columns: Columns, marks: str) -> None:
    count = len(columns[0])
    whole = count - count % _AT_ONCE
    for at_once, begin, end in ((_AT_ONCE, 0, whole), (1, whole, count)):
        cursor.executemany(
            f"INSERT INTO usage_records ({_NAMES}) VALUES {', '.join([marks] * at_once)}",  # noqa: S608
            [
                [
                    *chain.from_iterable(
                        zip(*(column[first : first + at_once] for column in columns), strict=True)
                    )
                ]
                for first in range(begin, end, at_once)
            ],
        )


def stored(moments: Iterable[datetime]) -> list[Any]:
    """Moments as this database has them."""
    if is_postgresql():
        return [*moments]
    # As Django writes them: UTC without saying so. `str` of each takes ten times as long.
    known = [*moments]
    text = _encode(known)
    if text.count(b'Z"') < len(known):
        text = _encode([each.astimezone(UTC) for each in known])
    return text.decode().replace("T", " ")[2:-3].split('Z","') if known else []


def hours_of(moments: Iterable[Any]) -> list[Any]:
    """The hours of moments, these and those as this database has them."""
    if is_postgresql():
        return [*map(hour_of, moments)]
    return [f"{moment[:13]}:00:00" for moment in moments]


def _copy(added: Columns, changed: Sequence[tuple[int, Row]]) -> None:
    """COPY into a temporary table: into the table itself it is refused under row-level security."""
    assignments = ", ".join(f"{column} = incoming.{column}" for column in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {_INCOMING} ON COMMIT DELETE ROWS "  # noqa: S608
            f"AS SELECT id, {_NAMES} FROM usage_records WITH NO DATA"
        )
        cursor.execute(f"DELETE FROM {_INCOMING}")  # noqa: S608
        with cursor.copy(f"COPY {_INCOMING} (id, {_NAMES}) FROM STDIN") as copy:
            for row in zip(*added, strict=True):
                copy.write_row((None, *row))
            for pk, row in changed:
                copy.write_row((pk, *row))
        cursor.execute(
            f"UPDATE usage_records SET {assignments} FROM {_INCOMING} AS incoming "  # noqa: S608
            "WHERE usage_records.id = incoming.id"
        )
        cursor.execute(
            f"INSERT INTO usage_records ({_NAMES}) "  # noqa: S608
            f"SELECT {_NAMES} FROM {_INCOMING} WHERE id IS NULL"
        )


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


def moment_of(value: datetime | str) -> datetime:
    """A moment as a database gave it: SQLite gives text, or one that does not say it is UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
