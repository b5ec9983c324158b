"""A command that logs, cut off and run again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from allocation.checkpoints.models import Checkpoint
from allocation.claude_code.client.locks import lock
from budgetctl.cli import once
from budgetctl.cli.refusals import Refused, Unanswered
from budgetctl.cli.remote import Hub
from tests.cli.conftest import Cli
from tests.factories import NOW, StrategicDirectiveFactory

LOG = ("log", "SD-A-1", "--tokens", "24k")
AGAIN = "had no answer, within the last hour: what it had logged by then is not logged again."


@pytest.fixture(autouse=True)
def sd(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BUDGETCTL_HOME", str(tmp_path))
    StrategicDirectiveFactory(code="SD-A-1", phase="LEAD")


@pytest.fixture
def cut_off(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> tuple[str, ...]:
    """A run that ended after it had logged, before it could say so."""
    command: tuple[str, ...] = getattr(request, "param", LOG)

    def killed(_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("budgetctl.cli.log.show", killed)
        assert cli(*command).code != 0
    assert Checkpoint.objects.count() == 1
    return command


def later(minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = NOW + timedelta(minutes=minutes)
    monkeypatch.setattr("budgetctl.cli.clock.now", lambda: moment)


@pytest.mark.usefixtures("cut_off")
def test_it_is_logged_once_and_run_once_more_logs_the_next(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(5, monkeypatch)
    ran = cli(*LOG)
    assert ran.code == 0
    assert AGAIN in ran.err
    assert "SD-A-1: LEAD to PLAN logged, 24,000 tokens in LEAD" in ran.out
    assert Checkpoint.objects.count() == 1
    ran = cli(*LOG)
    assert (ran.err, "PLAN to EXEC logged" in ran.out) == ("", True)


@pytest.mark.usefixtures("cut_off")
@pytest.mark.parametrize(
    ("minutes", "arguments"), [(60, LOG), (-1, LOG), (5, (*LOG[:-1], "25k")), (5, (*LOG, "--json"))]
)
def test_only_the_same_command_within_the_hour_is_the_same(
    minutes: int, arguments: tuple[str, ...], cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(minutes, monkeypatch)
    ran = cli(*arguments)
    assert ran.code == 0
    same = "--json" in arguments
    assert (AGAIN in ran.err, Checkpoint.objects.count()) == (same, 1 if same else 2)


@pytest.mark.parametrize(
    "cut_off", [("handoff", "SD-A-1", "LEAD", "PLAN", "--tokens", "24k")], indirect=True
)
def test_a_handover_that_was_logged_is_not_refused(cli: Cli, cut_off: tuple[str, ...]) -> None:
    assert cli(*cut_off).code == 0
    assert Checkpoint.objects.count() == 1


def test_what_a_server_has_logged_and_not_answered_is_not_logged_again(
    hub: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Hub._said

    def broken_off(self: Hub, answer: Any) -> Any:
        read(self, answer)
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(Hub, "_said", broken_off)
        ran = cli(*LOG)
        assert (ran.code, ran.out) == (1, "")
        assert "broke off before it had answered" in ran.err
    ran = cli(*LOG)
    assert (ran.code, Checkpoint.objects.count()) == (0, 1)
    assert "LEAD to PLAN logged" in ran.out


class TestKey:
    def test_what_was_refused_takes_a_new_one(self) -> None:
        """Else one that was withdrawn at the server would be refused for an hour."""
        with pytest.raises(Refused), once.key_of("log") as first:
            raise Refused("No.")
        with pytest.raises(Unanswered), once.key_of("log") as second:
            raise Unanswered("Who knows?")
        with once.key_of("log") as third:
            assert first != second == third

    def test_two_at_once_have_each_their_own(self) -> None:
        with once.key_of("log") as first, once.key_of("log") as second:
            assert first != second

    def test_one_that_ends_while_the_next_begins_leaves_that_a_key_to_keep(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else the second has a lock on a file that is gone, and what it keeps is lost."""
        first = once.key_of("log")
        first.__enter__()

        def after_the_first(number: int, *, wait: bool) -> bool:
            monkeypatch.setattr(once, "lock", lock)
            first.__exit__(None, None, None)
            return lock(number, wait=wait)

        monkeypatch.setattr(once, "lock", after_the_first)
        with pytest.raises(Unanswered), once.key_of("log") as second:
            raise Unanswered("Who knows?")
        with once.key_of("log") as third:
            assert second == third

    @pytest.mark.parametrize("left", ["{key}", "{key} 2026-09-15T10:00:00"])
    def test_what_is_torn_is_taken_for_none(self, left: str, tmp_path: Path) -> None:
        with pytest.raises(Unanswered), once.key_of("log") as first:
            raise Unanswered("Who knows?")
        (file,) = (tmp_path / "claude-code" / "logging").iterdir()
        file.write_text(left.format(key=first))
        with once.key_of("log") as second:
            assert first != second
        assert not file.exists()

    def test_a_home_that_cannot_be_written_logs_all_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BUDGETCTL_HOME", "/dev/null")
        with once.key_of("log") as key:
            assert key.version == 4
