"""`budgetctl defer`, `approve`, `stop` and `sd`: what is to be done, what is put off, what may go
on."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocation.display.reading import read_tokens
from budgetctl.cli import answers_text, remote
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import (
    PRIORITIES,
    Json,
    NeededReason,
    Reason,
    SdCode,
    priority,
    read_optional_tokens,
    words,
)
from budgetctl.cli.printing import emit, show

if TYPE_CHECKING:
    from allocation.directives.models import StrategicDirective

sd = typer.Typer(
    help="Propose, list, resume and restore strategic directives (SDs).",
    no_args_is_help=True,
    add_completion=False,
)


def defer(sd: SdCode, reason: NeededReason = "", as_json: Json = False) -> None:
    """Put an SD off to the next budget week, with a reason."""
    open_database()
    from allocation.directives.steps import defer_sd
    from budgetctl.cli import clock, rows

    row = defer_sd(row=rows.sd(sd), actor=rows.actor(), now=clock.now(), reason=reason)
    _say(row, f"{row.code} is deferred to the next budget week.", as_json)


def approve(
    sd: SdCode,
    *,
    tokens: Annotated[
        str | None,
        typer.Option(
            metavar="TOKENS",
            help="Fresh tokens on top of what it has burned: 20000, 20k. Default: what its "
            "estimate leaves.",
        ),
    ] = None,
    reason: NeededReason = "",
    as_json: Json = False,
) -> None:
    """Let a paused SD go on until it has burned so many more tokens."""
    open_database()
    from allocation.api import answers
    from allocation.decisions.deferrals import approve as approve_tokens
    from allocation.decisions.deferrals import left_of_estimate
    from budgetctl.cli import clock, rows

    row = rows.sd(sd)
    amount = left_of_estimate(row) if tokens is None else read_tokens(tokens)
    row = approve_tokens(sd=row, amount=amount, actor=rows.actor(), now=clock.now(), reason=reason)
    if as_json:
        emit(answers.sd(row) | {"approved": amount})
    else:
        show([f"Approved {amount:,} tokens: {row.code} goes on."])


def stop(sd: SdCode, reason: NeededReason = "", as_json: Json = False) -> None:
    """End a paused SD for good; its history stays."""
    open_database()
    from allocation.directives.waiting import stop_sd
    from budgetctl.cli import clock, rows

    row = stop_sd(row=rows.sd(sd), actor=rows.actor(), now=clock.now(), reason=reason)
    _say(row, f"{row.code} is stopped. Its history stays.", as_json)


@sd.command("resume")
def resume(sd: SdCode, reason: Reason = "", as_json: Json = False) -> None:
    """Take a deferred SD up again where it stood."""
    open_database()
    from allocation.directives.steps import resume_sd
    from budgetctl.cli import clock, rows

    row = resume_sd(row=rows.sd(sd), actor=rows.actor(), now=clock.now(), reason=reason)
    _say(row, f"{row.code} is {row.get_status_display()} again.", as_json)


@sd.command("restore")
def restore(sd: SdCode, reason: NeededReason = "", as_json: Json = False) -> None:
    """Take an archived or stopped SD out of the archive, to where it stood, with a reason."""
    open_database()
    from allocation.directives.steps import restore_sd
    from budgetctl.cli import clock, rows

    row = restore_sd(row=rows.sd(sd), actor=rows.actor(), now=clock.now(), reason=reason)
    _say(row, f"{row.code} is {row.get_status_display()} again.", as_json)


@sd.command("new")
def new(
    sd: SdCode,
    *,
    complexity: Annotated[int, typer.Option(help="1 (trivial) to 5 (critical).")] = 3,
    title: Annotated[
        str, typer.Option(parser=words, metavar="TEXT", help="What it is about.")
    ] = "",
    of_priority: Annotated[str, typer.Option("--priority", metavar=PRIORITIES)] = "normal",
    critical: Annotated[bool, typer.Option("--critical", help="It is critical work.")] = False,
    estimate: Annotated[
        str | None,
        typer.Option(metavar="TOKENS", help="Default: estimated from its sub-agents."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Propose an SD, here or on the server of BUDGETCTL_URL and BUDGETCTL_TOKEN."""
    priority(of_priority)  # refuses what is none
    if hub := remote.hub():
        proposed = {
            "code": sd,
            "title": title,
            "complexity": complexity,
            "priority": of_priority.lower(),
            "critical": critical,
            "estimate": read_optional_tokens(estimate),
        }
        said = hub.post("/sds", proposed)
        emit(said) if as_json else show([f"{said['sd']} is proposed on {hub.url}."])
        return
    open_database()
    from allocation.directives.operations import SdFacts, create_sd
    from budgetctl.cli import clock, rows

    facts = SdFacts(
        code=sd,
        title=title,
        complexity=complexity,
        priority=priority(of_priority),
        critical=critical,
        estimate=read_optional_tokens(estimate),
    )
    row = create_sd(sd=facts, actor=rows.actor(), now=clock.now())
    _say(row, f"{row.code} is proposed. Before it starts: budgetctl check {row.code}", as_json)


@sd.command("list")
def list_sds(
    everything: Annotated[
        bool, typer.Option("--all", help="The completed and the archived ones too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the SDs: what runs, what waits, what is put off. Here, or with BUDGETCTL_URL and
    BUDGETCTL_TOKEN there."""
    said = _listed(everything)
    if as_json:
        emit({"sds": said})
    else:
        show(answers_text.sds(said))


def _listed(everything: bool) -> list[dict[str, Any]]:
    if hub := remote.hub():
        return remote.sds(hub, everything=everything)
    open_database()
    from allocation.api import answers
    from budgetctl.cli import sd_list

    return [answers.sd(row) for row in sd_list.sds(everything=everything)]


def _say(row: "StrategicDirective", sentence: str, as_json: bool) -> None:
    from allocation.api import answers

    if as_json:
        emit(answers.sd(row))
    else:
        show([sentence])
