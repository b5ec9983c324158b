"""log and handoff: checkpoints from the shell."""

from collections.abc import Callable
from uuid import UUID

import pytest

from allocation.checkpoints.models import Checkpoint, SdTokenLog
from allocation.directives.models import Status, StrategicDirective
from allocation.usage.models import UsageRecord
from tests.cli.conftest import Cli
from tests.factories import StrategicDirectiveFactory


@pytest.fixture
def sd(db: None) -> StrategicDirective:
    row: StrategicDirective = StrategicDirectiveFactory(code="SD-A-1", phase="LEAD")
    return row


def test_the_usual_checkpoint_needs_only_its_tokens(cli: Cli, sd: StrategicDirective) -> None:
    ran = cli("log", "SD-A-1", "--tokens", "24k", "--mix", "haiku=30,sonnet=70")
    assert ran.code == 0
    assert "SD-A-1: LEAD to PLAN logged, 24,000 tokens in LEAD (haiku 30%, sonnet 70%)" in ran.out
    assert "SD          now in PLAN" in ran.out
    assert "● GREEN" in ran.out
    assert "OPUS        " in ran.out
    sd.refresh_from_db()
    assert sd.phase == "PLAN"
    assert SdTokenLog.objects.get().tokens_burned == 24_000
    assert sum(UsageRecord.objects.values_list("unsplit", flat=True)) == 24_000


def test_everything_can_be_said(cli: Cli, sd: StrategicDirective) -> None:
    ran = cli(
        "log", "sd-a-1", "--kind", "sd_completion", "--phase", "exec", "--tokens", "1.2M",
        "--mix", "Sonnet/Opus", "--rework", "2", "--lines", "420", "--note", "At last",
        "--at", "2026-11-18T10:00", "--json",
    )  # fmt: skip
    found = ran.json
    state = found.pop("state")
    assert UUID(found.pop("submission"))
    assert found.pop("checkpoint") == Checkpoint.objects.get().pk
    assert found == {
        "sd": "SD-A-1",
        "kind": "sd_completion",
        "phase": "EXEC",
        "at": "2026-11-18T18:00:00Z",  # ten o'clock in Los Angeles
        "tokens": 1_200_000,
        "mix": {"sonnet": 50, "opus": 50},
        "rework_cycles": 2,
        "lines_modified": 420,
        "note": "At last",
        "sd_status": "completed",
        "sd_phase": None,
    }
    assert state["budget_zone"] == "RED"


def test_sent_twice_is_logged_once(cli: Cli, sd: StrategicDirective) -> None:
    once = ("--submission", "6f2c2b1e-0000-4000-8000-000000000001")
    for _ in range(2):
        assert cli("log", "SD-A-1", "--tokens", "24k", "--kind", "lead_to_plan", *once).code == 0
    assert Checkpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("phase", "kind"),
    [("LEAD", "lead_to_plan"), ("PLAN", "plan_to_exec"), ("EXEC", "sd_completion")],
)
def test_a_phase_alone_means_the_checkpoint_that_ends_it(phase: str, kind: str, cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-B-1")
    assert cli("log", "SD-B-1", "--phase", phase, "--tokens", "1k", "--json").json["kind"] == kind


def test_a_handover_moves_the_sd_on(cli: Cli, sd: StrategicDirective) -> None:
    ran = cli("handoff", "SD-A-1", "lead", "plan", "--tokens", "20,000")
    assert ran.code == 0
    assert "LEAD to PLAN logged, 20,000 tokens in LEAD" in ran.out
    sd.refresh_from_db()
    assert sd.phase == "PLAN"


@pytest.mark.parametrize("status", [Status.DEFERRED, Status.PAUSED])
def test_a_handover_of_an_sd_that_is_held_says_that_it_stays_so(cli: Cli, status: Status) -> None:
    StrategicDirectiveFactory(code="SD-HELD-1", phase="LEAD", status=status)
    out = cli("handoff", "SD-HELD-1", "LEAD", "PLAN", "--tokens", "5").out
    assert f"SD          now in PLAN, still {status}" in out
    assert "OPUS        " not in out


def test_captured_tokens_stand_in_for_those_not_given(
    cli: Cli, sd: StrategicDirective, burn: Callable[..., None]
) -> None:
    burn(30_000, sd=sd, phase="LEAD")
    found = cli("handoff", "SD-A-1", "LEAD", "PLAN", "--json").json
    assert (found["tokens"], found["mix"]) == (30_000, {"sonnet": 100})
    assert UsageRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("log", "SD-NONE", "--tokens", "1"), "There is no SD called “SD-NONE”."),
        (("handoff", "SD-A-1", "LEAD", "PLAN"), "cannot be logged without its tokens"),
        (("handoff", "SD-A-1", "PLAN", "EXEC", "--tokens", "1"), "SD-A-1 is in LEAD"),
        (("handoff", "SD-A-1", "LEAD", "EXEC", "--tokens", "1"), "no hand-over from LEAD to EXEC"),
        (("log", "SD-A-1", "--tokens", "-5"), "Tokens cannot be negative."),
        (("log", "SD-A-1", "--tokens", "lots"), "“lots” is not a count of tokens"),
        (("log", "SD-A-1", "--tokens", "9" * 20), "more than any week can burn"),
        (("log", "SD-A-1", "--tokens", "9" * 40), "So long a number"),
        (("log", "SD-A-1", "--tokens", "1", "--mix", "haiku=30,sonnet=60"), "adds up to 90%"),
        (("log", "SD-A-1", "--tokens", "1", "--mix", "gpt=100"), "“gpt” is not a tier"),
        (("log", "SD-A-1", "--tokens", "1", "--mix", "half"), "“half” is not a tier"),
        (("log", "SD-A-1", "--tokens", "1", "--mix", "haiku=x"), "is not a share of a model"),
        (("log", "SD-A-1", "--tokens", "1", "--rework", "-1"), "cannot be negative"),
        (("log", "SD-A-1", "--tokens", "1", "--lines", "-1"), "cannot be negative"),
        (("log", "SD-A-1", "--tokens", "1", "--at", "2030-01-01T00:00"), "still to come"),
    ],
)
def test_what_is_refused_is_one_line_and_changes_nothing(
    arguments: tuple[str, ...], said: str, cli: Cli, sd: StrategicDirective
) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert not Checkpoint.objects.exists()
    assert not UsageRecord.objects.exists()


def test_a_completed_sd_takes_no_more(cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-DONE-1", status=Status.COMPLETED)
    assert "no more checkpoints can be logged" in cli("log", "SD-DONE-1", "--tokens", "1").err


@pytest.mark.parametrize(
    "arguments",
    [
        ("log",),
        ("log", "SD-A-1", "--kind", "lunch"),
        ("log", "SD-A-1", "--phase", "BUILD"),
        ("log", "SD-A-1", "--rework", "some"),
        ("log", "SD-A-1", "--at", "yesterday"),
        ("log", "SD-A-1", "--submission", "once"),
        ("handoff", "SD-A-1", "LEAD"),
        ("handoff", "SD-A-1", "LEAD", "LUNCH"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(arguments: tuple[str, ...], cli: Cli) -> None:
    ran = cli(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: budgetctl" in ran.err
