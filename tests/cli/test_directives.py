"""defer, approve, stop, and the sd group."""

from collections.abc import Callable

import pytest

from allocation.audit.models import AuditEntry
from allocation.directives.models import Status, StrategicDirective
from tests.cli.conftest import Cli
from tests.factories import ChairmanFactory, StrategicDirectiveFactory

PAUSED = Status.PAUSED
KEYS = {
    "sd", "title", "complexity", "priority", "critical", "estimate", "status", "phase",
    "deferral_reason", "created_at", "started_at", "completed_at",
}  # fmt: skip


def test_an_sd_is_put_off_and_taken_up_again(cli: Cli) -> None:
    ChairmanFactory()
    StrategicDirectiveFactory(code="SD-A-1", phase="PLAN")
    ran = cli("defer", "SD-A-1", "--reason", "The week runs out")
    assert (ran.code, ran.out) == (0, "SD-A-1 is deferred to the next budget week.\n")
    assert StrategicDirective.objects.get().status == Status.DEFERRED
    entry = AuditEntry.objects.get(action="SD deferral")
    assert (entry.actor, entry.reason) == ("chairman", "The week runs out")
    assert "The week runs out" in cli("sd", "list").out
    ran = cli("sd", "resume", "SD-A-1", "--json")
    assert (ran.json["status"], ran.json["phase"]) == ("in_progress", "PLAN")


def test_an_sd_is_proposed(cli: Cli) -> None:
    ran = cli(
        "sd", "new", "sd-perf-opt-001", "--complexity", "4", "--title", "Faster pages",
        "--priority", "high", "--critical", "--estimate", "85k", "--json",
    )  # fmt: skip
    assert ran.json.keys() == KEYS
    assert (
        ran.json
        | {
            "sd": "SD-PERF-OPT-001",
            "title": "Faster pages",
            "complexity": 4,
            "priority": "high",
            "critical": True,
            "estimate": 85_000,
            "status": "proposed",
            "created_at": "2026-11-18T20:00:00Z",
        }
        == ran.json
    )
    assert "SD-B-1 is proposed." in cli("sd", "new", "SD-B-1").out


@pytest.mark.parametrize(("tokens", "approved"), [(("--tokens", "20k"), 20_000), ((), 45_000)])
def test_a_paused_sd_goes_on(
    tokens: tuple[str, ...], approved: int, cli: Cli, burn: Callable[..., None]
) -> None:
    row = StrategicDirectiveFactory(code="SD-A-1", phase="EXEC", estimate=50_000, status=PAUSED)
    burn(5_000, sd=row)
    ran = cli("approve", "sd-a-1", *tokens, "--reason", "It ends today", "--json")
    assert (ran.code, ran.json["status"]) == (0, "in_progress")
    assert (ran.json.keys(), ran.json["approved"]) == (KEYS | {"approved"}, approved)
    row.refresh_from_db()
    assert row.approved_up_to == 5_000 + approved
    assert AuditEntry.objects.get(action="SD approval").reason == "It ends today"


def test_a_paused_sd_is_stopped(cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-A-1", phase="EXEC", status=PAUSED)
    ran = cli("stop", "SD-A-1", "--reason", "Enough")
    assert (ran.code, ran.out) == (0, "SD-A-1 is stopped. Its history stays.\n")
    assert AuditEntry.objects.get(action="SD stop").reason == "Enough"
    assert StrategicDirective.objects.get().status == Status.ARCHIVED


def test_what_was_stopped_is_restored(cli: Cli) -> None:
    StrategicDirectiveFactory(code="SD-A-1", phase="EXEC", status=Status.ARCHIVED)
    ran = cli("sd", "restore", "sd-a-1", "--reason", "Wanted after all")
    assert (ran.code, ran.out) == (0, "SD-A-1 is in progress again.\n")
    assert AuditEntry.objects.get(action="SD restoration").reason == "Wanted after all"
    assert cli("sd", "restore", "SD-A-1", "--reason", "x").code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("approve", "SD-A-1", "--tokens", "20k"), "Say why: an approval needs a reason."),
        (("approve", "SD-A-1", "--reason", "x"), "leaves no tokens: say how many to approve"),
        (("approve", "SD-A-1", "--reason", "x", "--tokens", "0"), "at least one token"),
        (("approve", "SD-A-1", "--reason", "x", "--tokens", "lots"), "“lots” is not a count"),
        (("approve", "SD-B-1", "--reason", "x", "--tokens", "1k"), "not paused any more"),
        (("approve", "SD-NONE", "--reason", "x", "--tokens", "1k"), "There is no SD called"),
        (("stop", "SD-A-1", "--reason", "  "), "Say why: stopping an SD needs a reason."),
        (("stop", "SD-B-1", "--reason", "x"), "not paused any more"),
    ],
)
def test_what_the_chairman_cannot_say_changes_nothing(
    arguments: tuple[str, ...], said: str, cli: Cli
) -> None:
    StrategicDirectiveFactory(code="SD-A-1", phase="EXEC", status=PAUSED)
    StrategicDirectiveFactory(code="SD-B-1")
    ran = cli(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert not AuditEntry.objects.exists()


def test_the_list_has_what_runs_first_and_what_is_done_on_request(cli: Cli) -> None:
    assert "No SD is open." in cli("sd", "list").out
    StrategicDirectiveFactory(code="SD-WAITS", title="Later", priority=3, estimate=85_000)
    StrategicDirectiveFactory(code="SD-RUNS", phase="EXEC", critical=True)
    StrategicDirectiveFactory(code="SD-STOPS", phase="PLAN", status=Status.PAUSED)
    StrategicDirectiveFactory(code="SD-DONE", status=Status.COMPLETED)
    lines = cli("sd", "list").out.splitlines()
    assert lines[0] == "SD-RUNS   in EXEC; complexity 3/5, critical"
    assert "SD-STOPS  paused in PLAN; complexity 3/5" in lines
    assert "SD-WAITS  proposed; complexity 3/5, high priority, ~85k tokens" in lines
    assert not any("SD-DONE" in line for line in lines)
    found = cli("sd", "list", "--all", "--json").json["sds"]
    assert [row["sd"] for row in found] == ["SD-RUNS", "SD-STOPS", "SD-WAITS", "SD-DONE"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("defer", "SD-NONE", "--reason", "why"), "There is no SD called “SD-NONE”."),
        (("defer", "SD-A-1"), "Say why: a deferral needs a reason."),
        (("defer", "SD-A-1", "--reason", "  "), "Say why: a deferral needs a reason."),
        (("sd", "resume", "SD-A-1"), "not deferred"),
        (("sd", "restore", "SD-A-1"), "Say why: restoring an SD needs a reason."),
        (("sd", "restore", "SD-A-1", "--reason", "x"), "SD-A-1 is proposed, not archived."),
        (("sd", "new", "SD-A-1"), "There is an SD called SD-A-1 already."),
        (("sd", "new", "perf"), "Write SD, then words in capitals"),
        (("sd", "new", "SD-B-1", "--complexity", "0"), "0 is not on the scale"),
        (("sd", "new", "SD-B-1", "--complexity", "6"), "6 is not on the scale"),
        (("sd", "new", "SD-B-1", "--estimate", "-1"), "Tokens cannot be negative."),
        (("sd", "new", "SD-B-1", "--estimate", "9" * 20), "not the estimate of one SD"),
    ],
)
def test_what_is_refused_is_one_line_and_exit_1(
    arguments: tuple[str, ...], said: str, cli: Cli
) -> None:
    StrategicDirectiveFactory(code="SD-A-1")
    ran = cli(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert StrategicDirective.objects.count() == 1


@pytest.mark.parametrize(
    "arguments",
    [("defer",), ("sd", "new", "SD-B-1", "--priority", "utmost"), ("sd", "nonsense"), ("sd",)],
)
def test_what_cannot_be_read_is_wrong_usage(arguments: tuple[str, ...], cli: Cli) -> None:
    assert cli(*arguments).code == 2
