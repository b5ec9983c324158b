"""recommend --batch: a JSON object a line, in and out."""

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocation.decisions.models import Decision
from tests.cli.conftest import Cli, Ran
from tests.factories import StrategicDirectiveFactory

Question = dict[str, Any]

SUB_AGENTS = (
    "API", "DATABASE", "DEPENDENCY", "DESIGN", "DOCMON", "GITHUB", "GITHUB-ENHANCED",
    "PERFORMANCE", "QUICKFIX", "RETRO", "RISK", "SECURITY", "STORIES", "TESTING", "UAT",
    "VALIDATION",
)  # fmt: skip
TIERS = ("haiku", "sonnet", "opus")


def every_question() -> list[Question]:
    """All 3,840 combinations."""
    keys = ("sub_agent", "phase", "complexity", "zone", "critical", "read_only")
    values = itertools.product(
        SUB_AGENTS,
        ("LEAD", "PLAN", "EXEC"),
        range(1, 6),
        ("GREEN", "YELLOW", "ORANGE", "RED"),
        (False, True),
        (False, True),
    )
    return [dict(zip(keys, each, strict=True)) for each in values]


def oracle(asked: Question) -> dict[str, str | None]:
    """Rules 2 to 4 of the product, written once more and apart from the code."""
    who, phase, zone = asked["sub_agent"], asked["phase"], asked["zone"]
    complexity, critical = asked["complexity"], asked["critical"]
    preferred = {1: "haiku", 2: "haiku", 3: "sonnet", 4: "sonnet", 5: "opus"}[complexity]
    floor = "haiku"
    if who == "SECURITY" or (who == "VALIDATION" and phase != "LEAD"):
        floor = "opus"
    elif who == "VALIDATION":
        floor = "sonnet" if zone == "GREEN" else "haiku"
    elif who in {"DATABASE", "TESTING"}:
        floor = "haiku" if asked["read_only"] else "sonnet"
    wanted: str | None = "haiku"
    if zone == "GREEN":
        wanted = preferred
    elif zone == "YELLOW":
        wanted = "sonnet" if critical or complexity >= 4 else "haiku"
    elif zone == "ORANGE":
        wanted = "sonnet" if critical and complexity >= 4 else "haiku"
    elif zone == "RED" and who == "SECURITY" and critical and complexity == 5:
        wanted = "opus"
    elif zone == "RED" and floor == "opus":
        wanted = None
    model = None if wanted is None else max(wanted, floor, key=TIERS.index)
    return {
        "outcome": "defer" if model is None else "use",
        "model": model,
        "floor": floor,
        "preferred": preferred,
    }


def lines(questions: Iterable[object]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in questions).encode()


def answers(ran: Ran) -> list[Any]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_all_3840_combinations_agree_with_the_rules(cli: Cli) -> None:
    questions = every_question()
    assert len(questions) == 3840
    ran = cli("recommend", "--batch", "-", stdin=lines(questions))
    assert (ran.code, ran.err) == (0, "")
    found = answers(ran)
    reasons = [answer.pop("reason") for answer in found]
    assert found == [asked | oracle(asked) for asked in questions]
    assert all(reason.endswith(".") for reason in reasons)
    assert not Decision.objects.exists()


def test_a_file_without_zones_is_logged(cli: Cli, tmp_path: Path) -> None:
    sd = StrategicDirectiveFactory(code="SD-A-1")
    file = tmp_path / "questions.jsonl"
    file.write_bytes(
        lines(
            [
                {"sub_agent": "docmon", "phase": "plan", "complexity": 3, "id": 7},
                {"sub_agent": "SECURITY", "phase": "EXEC", "complexity": 3, "zone": "RED"},
                {"sub_agent": "API", "phase": "PLAN", "complexity": 5, "zone": None},
            ]
        )
    )
    ran = cli("recommend", "--batch", str(file), "--sd", "SD-A-1")
    assert ran.code == 0
    assert answers(ran)[0] == {
        "sub_agent": "docmon",
        "phase": "plan",
        "complexity": 3,
        "id": 7,
        "outcome": "use",
        "model": "sonnet",
        "floor": "haiku",
        "preferred": "sonnet",
        "reason": "Green zone: the preferred sonnet is affordable.",
    }
    logged = Decision.objects.order_by("pk").values_list("sub_agent", "sd")
    assert list(logged) == [("DOCMON", sd.pk), ("API", sd.pk)]


GOOD = {"sub_agent": "DOCMON", "phase": "PLAN", "complexity": 3, "zone": "GREEN"}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"{not json}", "The line is not JSON."),
        (b'{"a": NaN}', "The line is not JSON."),
        (b"\xff\xfe\x00 binary \x00", "The line is not JSON."),
        (b"[" * 99_000, "The line is not JSON."),
        (b'"' + b"x" * 200_000 + b'"', "The line is too long to be a question."),
        (b"[1, 2]", "The line is not a JSON object."),
        (lines([GOOD | {"sub_agent": "NOBODY"}]), "No sub-agent is called “NOBODY”."),
        (lines([GOOD | {"sub_agent": "\x00"}]), "No sub-agent is called"),
        (lines([GOOD | {"sub_agent": 5}]), "“sub_agent” is missing, or is not a text."),
        (lines([{"phase": "PLAN"}]), "“sub_agent” is missing, or is not a text."),
        (lines([GOOD | {"phase": "BUILD"}]), "“BUILD” is not a phase; there are LEAD, PLAN, EXEC."),
        (lines([GOOD | {"zone": "PURPLE"}]), "“PURPLE” is not a zone; there are GREEN,"),
        (lines([GOOD | {"complexity": 0}]), "Complexity goes from 1 to 5; 0 is not on the scale."),
        (lines([GOOD | {"complexity": 6}]), "Complexity goes from 1 to 5; 6 is not on the scale."),
        (lines([GOOD | {"complexity": 3.5}]), "“complexity” is missing, or is not a whole number."),
        (lines([GOOD | {"complexity": True}]), "“complexity” is missing, or is not a whole"),
        (lines([GOOD | {"critical": "yes"}]), "“critical” must be true or false."),
    ],
)
def test_a_bad_line_is_answered_on_its_line(bad: bytes, said: str, cli: Cli) -> None:
    ran = cli(
        "recommend", "--batch", "-", stdin=lines([GOOD]) + bad.strip() + b"\n\n" + lines([GOOD])
    )
    first, second, third = answers(ran)
    assert ran.code == 1
    assert second.keys() == {"error"}
    assert second["error"].startswith(said)
    assert first == third
    assert first["model"] == "sonnet"


def test_nothing_in_nothing_out(cli: Cli) -> None:
    ran = cli("recommend", "--batch", "-", stdin=b"\n\n")
    assert (ran.code, ran.out) == (0, "")


def test_queries_do_not_grow_with_the_lines(cli: Cli) -> None:
    def queries(count: int) -> int:
        question = {"sub_agent": "DOCMON", "phase": "PLAN", "complexity": 3}
        with CaptureQueriesContext(connection) as captured:
            cli("recommend", "--batch", "-", stdin=lines([question] * count))
        return len(captured)

    # Rows are stored many at a time, of which SQLite takes fewer than PostgreSQL.
    assert queries(300) < queries(3) + 20
