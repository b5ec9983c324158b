"""`budgetctl database-role`: the PostgreSQL role that budgetctl works with, least rights."""

import re
from typing import Annotated

import typer

from budgetctl.cli.refusals import Refused

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def database_role(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What to call it, such as budgetctl_app.")
    ],
) -> None:
    """Print the SQL that makes the PostgreSQL role which budgetctl works with.

    Send it to the database as the owner of the tables, once they are there; again whenever you
    like. The role may not change a table, and row-level security binds it.
    """
    if not _NAME.fullmatch(name):
        raise Refused("A role is named in small letters, digits and _, such as budgetctl_app.")
    from allocation.rights.grants import grants

    typer.echo("\n".join(f"{sql};" for sql in grants(name)))
