"""The few statements for which the ORM is too slow, on SQLite and on PostgreSQL.

Column and table names come from the models, values are always bound: so much for the exemptions for
SQL made from strings. Elsewhere stand only the hourly sums (roll_ups), what hooks ask by a key
(row_reads, audit.newest), and the one that takes a turn (budgets.turns).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL

from allocation.budgets.turns import Queue, take_turn
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

_NAMES = ", ".join(COLUMNS)
_INCOMING = "usage_records_incoming"
_encode = msgspec.json.Encoder().encode  # moments are b'["2026-05-25T12:00:00Z","…Z"]'
# On SQLite 200 rows to a statement take two thirds of the time of one, and less with what is usual
# written in the statement than bound. Of values that are bound it takes 32,766 at most.
_AT_ONCE = 200
_MARKS = f"({', '.join(['%s'] * len(COLUMNS))})"
_USUAL_SQL = ["NULL" if value is None else repr(value) for value in _USUAL]
_USUAL_MARKS = f"({', '.join(['%s'] * (len(COLUMNS) - len(_USUAL)) + _USUAL_SQL)})"


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


def moment_of(value: datetime | str) -> datetime:
    """A moment as a database gave it: SQLite gives text, or one that does not say it is UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
