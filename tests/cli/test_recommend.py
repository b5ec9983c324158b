"""recommend: one answer at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from allocation.decisions.models import Decision
from allocation.directives.models import Status
from tests.cli.conftest import Cli
from tests.factories import (
    BudgetRuleFactory,
    ChairmanFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentAliasFactory,
    SubAgentFactory,
    TierFactory,
)

USUAL = ("--phase", "EXEC", "--complexity", "3")


def test_an_answer_is_logged(cli: Cli) -> None:
    ran = cli("recommend", "TESTING", *USUAL, "--json")
    decision = Decision.objects.get()
    assert (ran.code, ran.json) == (
        0,
        {
            "sub_agent": "TESTING",
            "phase": "EXEC",
            "complexity": 3,
            "critical": False,
            "read_only": False,
            "sd": None,
            "zone": "GREEN",
            "outcome": "use",
            "model": "sonnet",
            "floor": "sonnet",
            "preferred": "sonnet",
            "reason": "Green zone: the preferred sonnet is affordable.",
            "decision": decision.pk,
            "path": decision.path,
        },
    )
    assert [step["rule"] for step in decision.path] == ["complexity", "zone"]
    assert decision.recommended is not None
    assert decision.recommended.name == "sonnet"


def test_who_asked_is_the_chairman_once_there_is_one(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "somebody")
    cli("recommend", "TESTING", *USUAL)
    ChairmanFactory()
    cli("recommend", "TESTING", *USUAL)
    actors = Decision.objects.order_by("pk").values_list("actor", flat=True)
    assert list(actors) == ["somebody", "chairman"]


def test_a_user_without_a_name_can_ask_too(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nobody)
    cli("recommend", "TESTING", *USUAL)
    assert Decision.objects.get().actor == "command line"


def test_a_what_if_logs_nothing(cli: Cli) -> None:
    ran = cli("recommend", "SECURITY", *USUAL, "--zone", "red")
    assert ran.code == 0
    assert "SECURITY in EXEC (⯃ RED): defer to the next budget week" in ran.out
    assert "a what-if: nothing was logged" in ran.out
    assert cli("recommend", "SECURITY", *USUAL, "--zone", "RED", "--json").json["model"] is None
    assert not Decision.objects.exists()


def test_the_way_to_the_answer_is_shown(cli: Cli, burn: Callable[..., None]) -> None:
    burn(360_000)
    out = cli("recommend", "DATABASE", "--phase", "PLAN", "--complexity", "2").out
    assert out.splitlines()[0] == "DATABASE in PLAN (▲ YELLOW): run on sonnet"
    assert "complexity  Complexity 2 prefers haiku." in out
    assert "raised from haiku to its floor" in " ".join(out.split())
    assert f"logged as decision {Decision.objects.get().pk}" in out


def test_read_only_and_critical_count(cli: Cli, burn: Callable[..., None]) -> None:
    burn(360_000)

    def model(*arguments: str) -> Any:
        return cli("recommend", *arguments, "--json").json["model"]

    assert model("DATABASE", *USUAL) == "sonnet"
    assert model("DATABASE", *USUAL, "--read-only") == "haiku"
    assert model("DOCMON", *USUAL) == "haiku"
    assert model("DOCMON", *USUAL, "--critical") == "sonnet"


def test_an_sd_fills_in_what_is_not_said(cli: Cli) -> None:
    sd = StrategicDirectiveFactory(code="SD-A-1", complexity=5, phase="PLAN", critical=True)
    found = cli("recommend", "API", "--sd", "sd-a-1", "--json").json
    assert (found["phase"], found["complexity"], found["critical"]) == ("PLAN", 5, True)
    assert found["sd"] == "SD-A-1"
    assert Decision.objects.get().sd == sd


def test_names_in_any_spelling(cli: Cli) -> None:
    SubAgentAliasFactory(sub_agent=SubAgentFactory(code="SECURITY"), name="sec-reviewer")
    for name in ("security", "Sec_Reviewer", "sec reviewer"):
        assert cli("recommend", name, *USUAL, "--json").json["sub_agent"] == "SECURITY"


def test_an_override_is_named(cli: Cli) -> None:
    OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"), tier=TierFactory(name="opus"))
    out = cli("recommend", "DOCMON", *USUAL).out
    assert "run on opus" in out
    assert "Override to opus by chairman: A release depends on it." in out


def test_off_gives_the_registered_default(cli: Cli) -> None:
    BudgetRuleFactory(enabled=False)
    found = cli("recommend", "SECURITY", *USUAL, "--json").json
    assert (found["outcome"], found["model"]) == ("off", "opus")
    assert "budgetctl is off" in cli("recommend", "SECURITY", *USUAL).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("NOBODY", *USUAL), "No sub-agent is called “NOBODY”. There are: API, DATABASE"),
        (("TESTING", "--phase", "EXEC", "--complexity", "0"), "Complexity goes from 1 to 5; 0 is"),
        (("TESTING", "--phase", "EXEC", "--complexity", "6"), "Complexity goes from 1 to 5; 6 is"),
        (("TESTING", "--phase", "EXEC", "--complexity", "-1"), "1 to 5; -1 is not on the scale"),
        (("TESTING", *USUAL, "--sd", "SD-NONE"), "There is no SD called “SD-NONE”."),
        (("TEST\udcffING", *USUAL), "No sub-agent is called “TEST�ING”."),
        (("--batch", "/no/such/file"), "/no/such/file: No such file or directory."),
        (("--batch", "/"), "/: Is a directory."),
    ],
)
def test_what_is_refused_is_one_line_and_exit_1(
    arguments: tuple[str, ...], said: str, cli: Cli
) -> None:
    ran = cli("recommend", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("TESTING",),
        ("TESTING", "--phase", "EXEC"),
        ("TESTING", "--complexity", "3"),
        ("TESTING", "--phase", "BUILD", "--complexity", "3"),
        ("TESTING", "--phase", "EXEC", "--complexity", "three"),
        ("TESTING", *USUAL, "--zone", "PURPLE"),
        ("TESTING", *USUAL, "--nonsense"),
        ("TESTING", "--batch", "-"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(arguments: tuple[str, ...], cli: Cli) -> None:
    ran = cli("recommend", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: budgetctl recommend" in ran.err


def test_an_sd_that_has_not_started_has_no_phase_to_fill_in(cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-A-1")
    assert cli("recommend", "API", "--sd", "SD-A-1").code == 2


def test_a_paused_sd_waits_for_the_chairman(cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-A-1", phase="EXEC", status=Status.PAUSED)
    ran = cli("recommend", "API", *USUAL, "--sd", "SD-A-1", "--json")
    assert (ran.code, ran.json["outcome"], ran.json["model"]) == (0, "pause", None)
    question = b'{"sub_agent": "API", "phase": "EXEC", "complexity": 3}'
    ran = cli("recommend", "--batch", "-", "--sd", "SD-A-1", stdin=question)
    assert '"outcome": "pause", "model": null' in ran.out
    assert "SD-A-1 is paused" in cli("recommend", "API", *USUAL, "--sd", "SD-A-1").out
