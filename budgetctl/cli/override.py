"""`budgetctl override`: the Chairman's word, given and taken back."""

from datetime import datetime
from typing import Annotated

import typer

from allocation.policy.phases import Phase
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import PHASES, Json, Reason, moment, on_clock, phase, words
from budgetctl.cli.printing import emit, show


def override(
    sub_agent: Annotated[
        str | None, typer.Argument(parser=words, metavar="SUB_AGENT", help="Whom to force.")
    ] = None,
    tier: Annotated[
        str | None, typer.Argument(parser=words, metavar="TIER", help="What to run on.")
    ] = None,
    *,
    reason: Reason = "",
    in_phase: Annotated[
        Phase | None,
        typer.Option("--phase", parser=phase, metavar=PHASES, help="Default: all phases."),
    ] = None,
    of_sd: Annotated[
        str | None,
        typer.Option("--sd", parser=words, metavar="SD", help="Default: the runs of every SD."),
    ] = None,
    one_run: Annotated[
        bool, typer.Option("--one-run", help="The first run that it forces uses it up.")
    ] = False,
    until: Annotated[
        datetime | None,
        typer.Option(
            parser=moment, metavar="MOMENT", help="Default: the end of the running budget week."
        ),
    ] = None,
    revoke: Annotated[
        int | None, typer.Option(metavar="ID", help="End this override before its time.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Force a tier for a sub-agent, end an override, or list those in force.

    With a sub-agent and a tier it forces the tier, with --revoke it ends an
    override; both need --reason. With neither it lists those in force.
    """
    if (sub_agent is None) != (tier is None):
        raise typer.BadParameter("Give a sub-agent and a tier, or neither.")
    if revoke is not None and sub_agent is not None:
        raise typer.BadParameter("Give a sub-agent and a tier, or --revoke, not both.")
    open_database()
    from allocation.floors.operations import create_override, revoke_override
    from budgetctl.cli import clock, overrides, rows

    now = clock.now()
    if revoke is not None:
        gone = revoke_override(
            override=rows.override(revoke), actor=rows.actor(), now=now, reason=reason
        )
        found, sentence = [gone], f"Override {gone.pk} is revoked: {gone}."
    elif sub_agent is not None and tier is not None:
        made = create_override(
            sub_agent=rows.sub_agent(sub_agent),
            phase=in_phase or "",
            tier=rows.tier(tier),
            reason=reason,
            actor=rows.actor(),
            now=now,
            expires_at=on_clock(until, rows.owners_clock()) or overrides.end_of_week(now),
            sd_code=rows.sd(of_sd).code if of_sd else "",
            one_run=one_run,
        )
        found, sentence = [made], ""
    else:
        found, sentence = overrides.in_force(now), ""
    if as_json:
        emit({"overrides": [overrides.as_json(each) for each in found]})
    elif sentence:
        show([sentence])
    else:
        show(overrides.as_text(found, rows.owners_clock()))
