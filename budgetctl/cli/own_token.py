"""The token that `budgetctl connect` makes where the database is, and ends there."""

import socket

from budgetctl.cli.refusals import Refused

_SCOPES = ("hooks", "usage")
_NAME = "claude-code on "


def has_database() -> bool:
    """Whether a database of this version is here."""
    try:
        _open()
    except Refused:
        return False
    return True


def is_refused(token: str) -> bool:
    """Whether the database here does not take the token. False where there is none: another
    database's server may run here."""
    if not has_database():
        return False
    from allocation.api.operations import AccessRefused, authenticate
    from budgetctl.cli import clock

    try:
        authenticate(header=f"Bearer {token}", scope="hooks", now=clock.now())
    except AccessRefused:
        return True
    return False


def make() -> str:
    """A new token for this machine. Raises Refused where no database is."""
    _open()
    from allocation.api.models import AgentToken
    from allocation.api.operations import create_token
    from budgetctl.cli import clock, rows

    name = wanted = f"{_NAME}{socket.gethostname()}"[:90]
    in_force = AgentToken.objects.filter(revoked_at__isnull=True)
    number = 1
    while in_force.filter(name=name).exists():
        number += 1
        name = f"{wanted} ({number})"
    _, clear = create_token(name=name, actor=rows.actor(), now=clock.now(), scopes=_SCOPES)
    return clear


def end(token: str, *, if_made: bool = False) -> str:
    """End a token, with `if_made` only one that `make` made; how it is shown, "" where it was none,
    or over. Raises Refused as `make`."""
    _open()
    from allocation.api.models import AgentToken
    from allocation.api.operations import revoke_token
    from budgetctl.cli import clock, rows

    prefix = token.split("_")[1] if token.count("_") > 1 else ""
    row = AgentToken.objects.filter(
        prefix=prefix, name__startswith=_NAME if if_made else ""
    ).first()
    is_over = row is not None and revoke_token(token=row, actor=rows.actor(), now=clock.now())
    return row.shown if row is not None and is_over else ""


def _open() -> None:
    from budgetctl.cli.database import open_database

    open_database(with_server_elsewhere=True)
