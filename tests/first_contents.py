"""Puts back what migrations load, after a test that ends with a flush of all tables.

Such tests are those that commit, and those with a browser. Django's own way, which saves each row
as an object again (`serialized_rollback`), takes as long as many of these tests; here the rows are
copied.
"""

from typing import Any

from django.db import connection, transaction

Contents = dict[str, tuple[list[str], list[tuple[Any, ...]]]]  # columns and rows by table


def read() -> Contents:
    """The rows of each table that a flush empties."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    found: Contents = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if rows := cursor.fetchall():
                columns = [column[0] for column in cursor.description]
                # SQLite gives moments as such, and takes them as text.
                adapt = connection.ops.adapt_unknown_value
                found[table] = (columns, [tuple(map(adapt, row)) for row in rows])
    return found


def put_back(contents: Contents) -> None:
    """Fill the tables, which a flush has emptied.

    Foreign keys are looked at in the end, so the order of the tables does not count.
    """
    quoted = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for table, (columns, rows) in contents.items():
            names, marks = ", ".join(map(quoted, columns)), ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})", rows)
