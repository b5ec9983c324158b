"""Many recommendations at once: one JSON object a line, in and out. Needs `open_database`."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from allocation.api.answers import recommended
from allocation.decisions.operations import Decided, Run, decide_all
from allocation.decisions.situation import Situation, situation_at
from allocation.directives.models import StrategicDirective
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.recommend import Recommendation, Task
from allocation.policy.zones import Zone

# Decisions are stored in transactions of so many lines: fast, and no long lock for the others.
LINES_AT_ONCE = 500
LONGEST_LINE = 100_000

Answer = dict[str, Any]
C = TypeVar("C", Phase, Zone)


def answers(
    lines: Iterable[bytes], *, now: datetime, actor: str, sd: StrategicDirective | None
) -> Iterator[Answer]:
    """An answer to each line that is not blank, in their order: the keys of the line with outcome,
    model, floor, preferred and reason, or `error` alone. The situation is read once."""
    situation = situation_at(now)
    pending = (line for line in lines if line.strip())
    while chunk := list(islice(pending, LINES_AT_ONCE)):
        yield from _answer(chunk, situation, now=now, actor=actor, sd=sd)


def _answer(
    chunk: Sequence[bytes],
    situation: Situation,
    *,
    now: datetime,
    actor: str,
    sd: StrategicDirective | None,
) -> list[Answer]:
    read = [_read(line, situation, sd) for line in chunk]
    runs = [Run(task=one.task, sd=sd) for one in read if isinstance(one, _Asked) and not one.zone]
    decided: Iterator[Decided] = iter(())
    # What-ifs alone write nothing, and so work on a database that is only to be read.
    if runs:
        decided = iter(decide_all(situation=situation, runs=runs, actor=actor, now=now))
    found: list[Answer] = []
    for one in read:
        if isinstance(one, str):
            found.append({"error": one})
            continue
        # An SD that is paused has another answer than the rules for a run alone give.
        answer = one.answer if one.zone else next(decided)[1]
        found.append(one.given | recommended(answer))
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """One line that makes sense, and its answer."""

    given: Answer
    task: Task
    zone: Zone | None
    answer: Recommendation


def _read(line: bytes, situation: Situation, sd: StrategicDirective | None) -> _Asked | str:
    """What a line asks, or what is wrong with it in one sentence."""
    try:
        given = _object(line)
        task = Task(
            situation.code_of(_text(given, "sub_agent")),
            _choice(given, "phase", Phase),
            _complexity(given),
            _flag(given, "critical"),
            _flag(given, "read_only"),
        )
        zone = None if given.get("zone") is None else _choice(given, "zone", Zone)
        return _Asked(given, task, zone, situation.answer(task, zone=zone, sd=sd))
    except RuleError as error:
        return str(error)


def _object(line: bytes) -> Answer:
    if len(line) > LONGEST_LINE:
        raise RuleError("The line is too long to be a question.")
    try:
        given = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RuleError("The line is not JSON.") from None
    if not isinstance(given, dict):
        raise RuleError("The line is not a JSON object.")
    return given


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _text(given: Answer, key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip():
        raise RuleError(f"“{key}” is missing, or is not a text.")
    return value


def _choice(given: Answer, key: str, choices: type[C]) -> C:
    text = _text(given, key)
    try:
        return choices(text.upper())
    except ValueError:
        there_are = ", ".join(choices)
        raise RuleError(f"“{text[:40]}” is not a {key}; there are {there_are}.") from None


def _complexity(given: Answer) -> int:
    value = given.get("complexity")
    if not isinstance(value, int) or isinstance(value, bool):
        raise RuleError("“complexity” is missing, or is not a whole number.")
    return value


def _flag(given: Answer, key: str) -> bool:
    value = given.get(key, False)
    if value is not None and not isinstance(value, bool):
        raise RuleError(f"“{key}” must be true or false.")
    return bool(value)
