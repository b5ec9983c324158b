"""`budgetctl recommend`: which tier a sub-agent may run on."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from allocation.policy.phases import Phase
from allocation.policy.zones import Zone
from budgetctl.cli import answers_text, remote
from budgetctl.cli.database import open_database
from budgetctl.cli.parameters import PHASES, ZONES, Json, phase, words, zone
from budgetctl.cli.printing import emit, show


def recommend(
    sub_agent: Annotated[
        str | None,
        typer.Argument(
            parser=words, metavar="SUB_AGENT", help="For example SECURITY, or an alias."
        ),
    ] = None,
    *,
    in_phase: Annotated[
        Phase | None,
        typer.Option("--phase", parser=phase, metavar=PHASES, help="Default: the SD's phase."),
    ] = None,
    complexity: Annotated[
        int | None, typer.Option(help="1 (trivial) to 5 (critical). Default: the SD's.")
    ] = None,
    critical: Annotated[bool, typer.Option("--critical", help="It is critical work.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="It only reads.")] = False,
    sd: Annotated[
        str | None, typer.Option("--sd", parser=words, metavar="SD", help="The SD it is for.")
    ] = None,
    in_zone: Annotated[
        Zone | None,
        typer.Option(
            "--zone",
            parser=zone,
            metavar=ZONES,
            help="What if the week were in this zone? Logs nothing.",
        ),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="One JSON object a line, in and out; - reads from a pipe."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which tier a sub-agent may run on, and log the decision.

    A deferral is an answer too: exit code 0, and null for the model.

    --batch takes one JSON object a line: sub_agent, phase, complexity and,
    where they matter, zone, critical, read_only. It answers each line with the
    same keys and outcome, model, floor, preferred, reason; where it cannot,
    with {"error": "..."} and exit code 1 at the end. Lines with a zone are
    what-ifs, the others are logged. With BUDGETCTL_URL and BUDGETCTL_TOKEN that
    server is asked.
    """
    if batch is not None:
        if sub_agent is not None:
            raise typer.BadParameter("Give a sub-agent or --batch, not both.")
        _answer_batch(batch, sd)
        return
    if sub_agent is None:
        raise typer.BadParameter("Give a sub-agent, or --batch with a file.")
    if hub := remote.hub():
        asked = {"sub_agent": sub_agent, "phase": in_phase, "complexity": complexity, "sd": sd}
        more = {"critical": critical or None, "read_only": read_only, "zone": in_zone}
        said = hub.post("/recommend", asked | more)
    else:
        said = _recommended(
            sub_agent,
            in_phase,
            complexity,
            sd,
            critical=critical,
            read_only=read_only,
            in_zone=in_zone,
        )
    emit(said) if as_json else show(answers_text.recommendation(said))


def _recommended(
    sub_agent: str,
    in_phase: Phase | None,
    complexity: int | None,
    sd: str | None,
    *,
    critical: bool,
    read_only: bool,
    in_zone: Zone | None,
) -> dict[str, Any]:
    """What the server's /recommend would answer, from the database here."""
    open_database()
    from allocation.api import answers
    from allocation.decisions.operations import Run, decide
    from allocation.decisions.situation import situation_at
    from allocation.policy.recommend import Task
    from budgetctl.cli import clock, rows

    now = clock.now()
    for_sd = rows.sd(sd) if sd else None
    if for_sd is not None:
        in_phase = in_phase or (Phase(for_sd.phase) if for_sd.phase else None)
        complexity = for_sd.complexity if complexity is None else complexity
        critical = critical or for_sd.critical
    if in_phase is None or complexity is None:
        raise typer.BadParameter("Give --phase and --complexity, or an --sd that is under way.")
    situation = situation_at(now)
    code = situation.code_of(sub_agent)
    task = Task(code, in_phase, complexity, critical, read_only)
    answer, decision = situation.answer(task, zone=in_zone, sd=for_sd), None
    if in_zone is None:
        run = Run(task=task, sd=for_sd)
        decision, answer = decide(situation=situation, run=run, actor=rows.actor(), now=now)
    in_zone = in_zone or situation.standing.zone
    return answers.answer(task, answer, zone=in_zone, decision=decision, sd=for_sd)


def _answer_batch(name: str, sd: str | None) -> None:
    """Answer all lines of a file or of standard input."""
    failed = False
    with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as lines:
        for answer in _answers(lines, sd):
            failed |= "error" in answer and len(answer) == 1
            sys.stdout.write(json.dumps(answer) + "\n")
    if failed:
        raise typer.Exit(1)


def _answers(lines: Iterable[bytes], sd: str | None) -> Iterator[dict[str, Any]]:
    if hub := remote.hub():
        yield from remote.answers(hub, lines, sd=sd)
        return
    open_database()
    from budgetctl.cli import batch, clock, rows

    for_sd = rows.sd(sd) if sd else None
    yield from batch.answers(lines, now=clock.now(), actor=rows.actor(), sd=for_sd)
