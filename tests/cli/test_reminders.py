"""`budgetctl reminders`: the list, and a test of how they are sent."""

from datetime import timedelta
from typing import Any

import pytest

from allocation.reminders.models import Delivery
from tests.cli.conftest import Cli
from tests.factories import NOW, ReminderFactory, StrategicDirectiveFactory
from tests.reminders.conftest import Set, set_up
from tests.reminders.receivers import closed_port

__all__ = ["set_up"]


@pytest.fixture
def quiet(db: None) -> None:
    StrategicDirectiveFactory(code="SD-A", phase="EXEC", created_at=NOW - timedelta(hours=30))


def test_nothing_due_is_said(cli: Cli) -> None:
    assert cli("reminders").out == "No reminder is open.\n"
    assert cli("reminders", "--json").json == {"reminders": []}


@pytest.mark.usefixtures("quiet")
def test_what_is_due_is_listed(cli: Cli, set_up: Set) -> None:
    set_up(email_on=True, recipients=["a@example.com"])
    ran = cli("reminders")
    assert ran.code == 0
    assert "SD-A is in progress, and nothing was logged or counted" in ran.out
    assert "e-mail" in ran.out
    (found,) = cli("reminders", "--json").json["reminders"]
    assert (found["kind"], found["sd"], found["since"]) == (
        "quiet_sd",
        "SD-A",
        "2026-11-18T20:00:00Z",
    )
    assert found["messages"] == [{"channel": "email", "state": "pending", "said": ""}]


def test_who_dismissed_one_is_said(cli: Cli, quiet: None) -> None:
    cli("reminders")
    reminder = ReminderFactory._meta.model.objects.get()
    reminder.dismissed_at, reminder.dismissed_by = NOW, "ann\x1b[31m"
    reminder.save()
    printed = cli("reminders").out
    assert ("by ann" in printed, "\x1b[31m" in printed) == (True, False)


def test_a_test_that_arrives_ends_well(cli: Cli, set_up: Set) -> None:
    set_up(email_on=True, recipients=["a@example.com"])
    ran = cli("reminders", "test")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "e-mail: sent. Handed to the mail server for 1 recipient.\n"


def test_a_test_that_does_not_arrive_ends_badly(cli: Cli, set_up: Set, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    set_up(webhook_on=True, webhook_url=f"http://127.0.0.1:{closed_port()}/")
    ran = cli("reminders", "test", "--json")
    assert (ran.code, ran.err) == (1, "budgetctl: Not every test arrived.\n")
    assert ran.json["tests"] == [
        {
            "channel": "webhook",
            "state": "failed",
            "said": "127.0.0.1 could not be reached (Connection refused).",
        }
    ]
    assert Delivery.objects.get().state == "failed"


def test_with_nothing_on_there_is_nothing_to_test(cli: Cli) -> None:
    ran = cli("reminders", "test")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "there is nothing to test" in ran.err
