"""optimize: who could run a tier lower, applied and undone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from allocation.floors.models import ModelCeiling
from tests.cli.conftest import Cli
from tests.factories import NOW, DecisionFactory

APPLY = ("optimize", "--apply", "docmon", "--phase", "PLAN", "--reason", "Template work.")


@pytest.fixture
def ran(burn: Callable[..., None]) -> None:
    """Three runs of DOCMON in PLAN on sonnet."""
    DecisionFactory.create_batch(3, sub_agent="DOCMON", phase="PLAN", at=NOW - timedelta(hours=1))
    burn(18_000, sub_agent="DOCMON", phase="PLAN")


def test_the_screen(cli: Cli, ran: None) -> None:
    out = cli("optimize").out
    for said in (
        "Together    1 change could save about 12,000 budget tokens a week",
        "1. DOCMON in PLAN: haiku instead of sonnet",
        "Saves       12,000 a week, unknown per SD; $0.04 a week",
        "Quality     Not tried enough. No run of it has ended there yet.",
        "Code generation, 10,000 tokens",
        "haiku          4,583     $0.08  rework 25% (11–42%), measured none yet",
        "The ranks disagree: haiku by budget tokens and dollars; opus by quality.",
    ):
        assert said in out
    assert max(map(len, out.splitlines())) <= 80
    assert "APPLIED" not in out


def test_the_keys_are_a_promise(cli: Cli, ran: None) -> None:
    cli(*APPLY)
    found: dict[str, Any] = cli("optimize", "--json").json
    assert found.keys() == {
        "meter", "measured", "opportunities", "applied", "task_types", "sub_agents",
    }  # fmt: skip
    assert (found["measured"], found["opportunities"]) == (True, [])
    (change,) = found["applied"]
    assert change.pop("id")
    assert change == {
        "sub_agent": "DOCMON",
        "phase": "PLAN",
        "from_tier": "sonnet",
        "to_tier": "haiku",
        "applied_at": "2026-11-18T20:00:00Z",
        "actor": change["actor"],
        "reason": "Template work.",
        "undone_at": None,
        "estimate_meter": "sonnet-equivalent",
        "estimated_per_week": "11737.864078",
        "realised_per_week": None,
        "runs_before": 3,
        "runs_after": 0,
    }
    code = next(each for each in found["task_types"] if each["name"] == "Code generation")
    assert (code["agreed"], code["least_tier"]) == (None, None)
    assert code["tiers"][0] == {
        "tier": "haiku",
        "direct_tokens": 10_000,
        "rework": {
            "guess_percent": 25.0,
            "measured_percent": None,
            "n": 0,
            "expected_percent": 25.0,
            "interval_90_percent": [10.99, 41.91],
        },
        "effective_tokens": 13_750,
        "budget": 4_583,
        "usd": "0.07875",
        "rank_by_budget": 1,
        "rank_by_dollars": 1,
        "rank_by_quality": 3,
    }


def test_an_opportunity_as_json(cli: Cli, ran: None) -> None:
    (each,) = cli("optimize", "--json").json["opportunities"]
    assert (each["verdict"], each["offered"], each["lowers_floor"]) == (
        "not tried enough",
        True,
        False,
    )
    assert each["saved_per_week"] == {"budget": 11_738, "usd": "0.036"}
    assert each["saved_per_sd"] == {"budget": None, "usd": None}
    assert each["rework_to"]["expected_percent"] == 5.0


def test_applied_then_undone(cli: Cli, ran: None) -> None:
    said = cli(*APPLY).out
    assert said.startswith("Applied: DOCMON in PLAN: haiku instead of sonnet. Undo it: budgetctl")
    assert ModelCeiling.objects.get().tier.name == "haiku"
    screen = cli("optimize").out
    assert "DOCMON, PLAN sonnet → haiku, stands (id" in screen
    assert "Realised    too few runs yet: 3 before and 0 after" in screen
    number = str(cli("optimize", "--json").json["applied"][0]["id"])
    undone = cli("optimize", "--undo", number, "--reason", "More rework.")
    assert undone.out == "Undone: DOCMON, PLAN on haiku.\n"
    assert not ModelCeiling.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--apply", "SECURITY", "--phase", "PLAN", "--reason", "x"), 1, "no opportunity in PLAN"),
        (("--apply", "NOBODY", "--phase", "PLAN", "--reason", "x"), 1, "No sub-agent is called"),
        (("--apply", "DOCMON", "--phase", "PLAN"), 1, "Say why"),
        (("--undo", "99", "--reason", "x"), 1, "There is no applied change 99."),
        (("--apply", "DOCMON"), 2, "--phase"),
        (("--phase", "PLAN"), 2, "--apply"),
        (("--apply", "DOCMON", "--phase", "PLAN", "--undo", "1"), 2, "not both"),
    ],
)
def test_what_is_refused(cli: Cli, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = cli("optimize", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert not ModelCeiling.objects.exists()


def test_status_has_the_first_three(cli: Cli) -> None:
    out = cli("status").out
    assert "── OPTIMISATION OPPORTUNITIES ──" in out
    assert "  1. GITHUB-ENHANCED in EXEC: haiku instead of sonnet, saves" in out
    found = cli("status", "--json").json["optimisation"]
    assert len(found["top"]) == 3
    first = {"sub_agent": "GITHUB-ENHANCED", "phase": "EXEC", "tier": "haiku"}
    assert found["top"][0].items() >= first.items()
