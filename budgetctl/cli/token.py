"""`budgetctl token`: agent tokens for the API and for telemetry."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from allocation.display.json_values import iso
from allocation.policy.plain import safe
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import Json, words
from budgetctl.cli.printing import emit, show

if TYPE_CHECKING:
    from allocation.api.models import AgentToken

token = typer.Typer(
    help="Make, list and revoke the tokens of agents.",
    no_args_is_help=True,
    add_completion=False,
)


@token.command("create")
def create(
    name: Annotated[
        str,
        typer.Argument(parser=words, metavar="NAME", help="Who will use it, such as a machine."),
    ],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE",
            help="read, usage, decisions, checkpoints or hooks; once for each. Default: all.",
        ),
    ] = None,
    expires_in: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, max=3650, help="Default: never.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    open_database()
    from allocation.api.models import Scope
    from allocation.api.operations import create_token
    from budgetctl.cli import clock, rows

    now = clock.now()
    row, clear = create_token(
        name=name,
        scopes=scope or Scope.values,
        expires_at=now + timedelta(days=expires_in) if expires_in else None,
        actor=rows.actor(),
        now=now,
    )
    if as_json:
        emit(
            {
                "token": clear,
                "name": row.name,
                "scopes": row.scopes,
                "expires_at": iso(row.expires_at),
            }
        )
    else:
        show([clear, f"Copy it now: {safe(row.name)} can use it, and nobody can see it again."])


@token.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List the tokens, newest first. Nothing that could be used is shown."""
    open_database()
    from allocation.api.models import AgentToken
    from allocation.display import format as fmt
    from budgetctl.cli import clock, rows

    now = clock.now()
    found = list(AgentToken.objects.all())
    if as_json:
        emit({"tokens": [_as_json(row, now) for row in found]})
        return
    zone = rows.owners_clock()
    lines = [
        f"{row.shown}…  {safe(row.name)}  {row.state(now)}, last used "
        f"{fmt.moment(row.last_used_at, zone) if row.last_used_at else 'never'}  "
        f"({', '.join(row.scopes)})"
        for row in found
    ]
    show(lines or ["There is no token yet. Make one: budgetctl token create NAME"])


def _as_json(row: "AgentToken", now: datetime) -> dict[str, object]:
    return {
        "name": row.name,
        "prefix": row.shown,
        "scopes": row.scopes,
        "state": row.state(now),
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
        "expires_at": iso(row.expires_at),
        "last_used_at": iso(row.last_used_at),
    }


@token.command("revoke")
def revoke(
    name: Annotated[
        str, typer.Argument(parser=words, metavar="NAME", help="Its name, or bctl_ and its prefix.")
    ],
    as_json: Json = False,
) -> None:
    """End a token at once and for good."""
    open_database()
    from django.db.models import Q

    from allocation.api.models import AgentToken
    from allocation.api.operations import revoke_token
    from budgetctl.cli import clock, rows
    from budgetctl.cli.refusals import Refused

    named = Q(name=name) | Q(prefix=name.removeprefix("bctl_"))
    row = AgentToken.objects.filter(named, revoked_at__isnull=True).first()
    if row is None:
        raise Refused(f"No token in force is called “{name[:60]}”. See them: budgetctl token list")
    revoke_token(token=row, actor=rows.actor(), now=clock.now())
    if as_json:
        emit({"revoked": row.shown, "name": row.name})
    else:
        show([f"{row.shown} ({safe(row.name)}) is revoked."])
