"""What is made, what is resolved, and what is never made twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetWeek
from allocation.budgets.operations import set_limit, switch
from allocation.directives.models import Status
from allocation.directives.steps import defer_sd, resume_sd
from allocation.forecasts.models import Forecast, Occasion
from allocation.reminders.models import Channel, Delivery, Reminder
from allocation.reminders.operations import dismiss_reminder, refresh_reminders, restore_reminder
from allocation.rights.roles import Role, act_as
from tests.factories import (
    NOW,
    WEEK_END,
    BudgetWeekFactory,
    CheckpointFactory,
    ReminderFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)
from tests.reminders.conftest import Set

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _week(db: None) -> None:
    BudgetWeekFactory()


def burn(tokens: int, **columns: Any) -> None:
    record = UsageRecordFactory(**{"at": NOW - HOUR, "input": tokens, "output": 0, **columns})
    rebuild_hours([record.hour])


def texts(now: datetime = NOW) -> list[str]:
    """The open reminders after a tick at `now`."""
    refresh_reminders(now=now)
    return list(Reminder.objects.open().values_list("text", flat=True))


def quiet_sd(code: str = "SD-A") -> Any:
    return StrategicDirectiveFactory(code=code, phase="EXEC", created_at=NOW - 30 * HOUR)


def test_an_sd_without_news_is_reminded_of() -> None:
    quiet_sd()
    assert texts() == [
        "SD-A is in progress, and nothing was logged or counted for it since "
        "Tue 17 Nov 2026, 06:00."
    ]
    assert Reminder.objects.get().sd.code == "SD-A"  # type: ignore[union-attr]


@pytest.mark.parametrize("news", ["checkpoint", "usage", "resumption"])
def test_news_of_an_sd_resolves_its_reminder(news: str) -> None:
    sd = quiet_sd()
    texts()
    if news == "checkpoint":
        CheckpointFactory(sd=sd, at=NOW)
    elif news == "usage":
        burn(1_000, sd=sd, at=NOW)
    else:
        defer_sd(row=sd, actor="chairman", now=NOW, reason="Later.")
        sd.refresh_from_db()
        resume_sd(row=sd, actor="chairman", now=NOW)
    assert texts(NOW + HOUR) == []
    assert Reminder.objects.get().resolved_at == NOW + HOUR
    assert len(texts(NOW + 30 * HOUR)) == 1  # the next silence is another reminder
    assert Reminder.objects.count() == 2


@pytest.mark.parametrize("status", [Status.PAUSED, Status.DEFERRED, Status.ARCHIVED])
def test_an_sd_that_rests_on_purpose_is_not_quiet(status: Status) -> None:
    StrategicDirectiveFactory(phase="EXEC", status=status, created_at=NOW - 90 * HOUR)
    assert texts() == []


def test_the_hours_are_those_that_were_set(set_up: Set) -> None:
    set_up(quiet_hours=31)
    quiet_sd()
    assert texts() == []
    set_up(quiet_hours=30)
    assert len(texts()) == 1


def test_phases_are_to_be_logged_before_the_week_closes() -> None:
    late = WEEK_END - HOUR
    for number in range(7):
        sd = quiet_sd(f"SD-{number}")
        burn(10, sd=sd, at=late - HOUR, phase="EXEC")
    burn(10, sd=sd, at=late - HOUR, phase="PLAN")
    (text,) = texts(late)
    assert text == (
        "The week closes Mon 23 Nov 2026, 14:00, and 8 phases are not logged: SD-0 (EXEC), "
        "SD-1 (EXEC), SD-2 (EXEC), SD-3 (EXEC), SD-4 (EXEC) and 3 more."
    )
    CheckpointFactory(sd=sd, at=late, phase="PLAN")
    assert texts(late + HOUR / 2) == [text.replace("8", "6").replace("3 more", "1 more")]
    assert Reminder.objects.count() == 1


def test_what_was_logged_by_hand_is_not_asked_for_again() -> None:
    late = WEEK_END - HOUR
    sd = quiet_sd()
    CheckpointFactory(sd=sd, at=late - 2 * HOUR, phase="EXEC")
    burn(10, sd=sd, at=late - HOUR, phase="EXEC", source="manual")
    assert texts(late) == []


def test_each_bound_is_told_of_once_in_a_week() -> None:
    burn(360_000)
    assert texts() == ["The week is in Yellow: 72% of the week’s tokens used, 140,000 left."]
    burn(80_000, at=NOW)
    assert texts(NOW + HOUR) == [
        "The week is in Orange: 88% of the week’s tokens used, 60,000 left."
    ]
    set_limit(limit=Decimal(600_000), actor="chairman", now=NOW + HOUR)
    # Back in Yellow: its reminder opens again and is no new one.
    assert texts(NOW + 2 * HOUR) == [
        "The week is in Yellow: 73% of the week’s tokens used, 160,000 left."
    ]
    assert Reminder.objects.count() == 2


def test_another_week_is_told_of_anew() -> None:
    burn(360_000)
    texts()
    assert texts(WEEK_END + HOUR) == []
    burn(360_000, at=WEEK_END + HOUR)
    assert len(texts(WEEK_END + 2 * HOUR)) == 1
    assert Reminder.objects.count() == 2


def forecast(median: datetime) -> None:
    Forecast.objects.create(
        week=BudgetWeek.objects.get(),
        made_at=NOW,
        hour=NOW,
        hours_in=46,
        occasion=Occasion.HOUR,
        method="linear",
        version="1",
        inputs_digest="",
        chosen=True,
        used=0,
        effective_limit=500_000,
        exhaustion_median=median,
    )


def test_a_week_that_runs_out_within_a_day_is_told_of() -> None:
    forecast(NOW + 20 * HOUR)
    assert texts() == [
        "The forecast has the week run out Thu 08:00, 4 d 6 h before the reset "
        "(Mon 23 Nov 2026, 14:00)."
    ]
    burn(500_000)
    used_up = "The week’s budget is used up, and the reset is Mon 23 Nov 2026, 14:00."
    assert used_up in texts(NOW + HOUR)
    assert Reminder.objects.filter(kind="exhaustion").count() == 1


def test_off_judges_and_forecasts_nothing() -> None:
    burn(600_000)
    forecast(NOW + HOUR)
    quiet_sd()
    switch(enabled=False, actor="chairman", now=NOW)
    assert [text[:4] for text in texts()] == ["SD-A"]


def test_messages_go_over_the_channels_that_are_on(set_up: Set) -> None:
    quiet_sd("SD-BEFORE")
    texts()
    set_up(email_on=True, recipients=["a@example.com"])
    quiet_sd("SD-AFTER")
    texts()
    (message,) = Delivery.objects.all()
    assert (message.channel, str(message)) == (Channel.EMAIL, "SD-AFTER is quiet by e-mail")


def test_a_cause_that_comes_back_sends_nothing_again(set_up: Set) -> None:
    set_up(email_on=True, recipients=["a@example.com"])
    burn(360_000)
    for hours, limit in ((0, 500_000), (1, 900_000), (2, 500_000)):
        set_limit(limit=Decimal(limit), actor="chairman", now=NOW)
        texts(NOW + hours * HOUR)
    assert (Reminder.objects.open().count(), Delivery.objects.count()) == (1, 1)


def test_a_tick_with_nothing_new_writes_nothing() -> None:
    quiet_sd()
    texts()
    with CaptureQueriesContext(connection) as queries:
        assert refresh_reminders(now=NOW + HOUR) == 0
    assert [query for query in queries if not query["sql"].startswith("SELECT")] == []


def test_queries_do_not_grow_with_the_sds() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            refresh_reminders(now=WEEK_END - HOUR)
        return len(captured)

    CheckpointFactory(sd=quiet_sd())
    queries()
    few = queries()
    for number in range(10):
        CheckpointFactory(sd=quiet_sd(f"SD-{number}"), at=NOW - HOUR)
    queries()
    assert queries() == few


@pytest.mark.django_db(transaction=True)
def test_ticks_at_once_make_nothing_twice(set_up: Set) -> None:
    set_up(
        email_on=True, recipients=["a@b.org"], webhook_on=True, webhook_url="http://127.0.0.1:1/"
    )
    for number in range(5):
        quiet_sd(f"SD-{number}")
    burn(360_000)
    barrier = Barrier(4)

    def tick(_: int) -> int:
        try:
            barrier.wait(timeout=20)
            return refresh_reminders(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4, initializer=act_as, initargs=[Role.SYSTEM]) as pool:
        made = list(pool.map(tick, range(4)))
    assert sum(made) == 6
    assert (Reminder.objects.count(), Delivery.objects.count()) == (6, 12)


def test_dismissed_is_off_the_page_while_its_cause_holds() -> None:
    quiet_sd()
    texts()
    reminder = Reminder.objects.get()
    assert dismiss_reminder(reminder=reminder, actor="ann", now=NOW)
    assert not dismiss_reminder(reminder=reminder, actor="bob", now=NOW)
    assert len(texts(NOW + HOUR)) == 1
    assert not Reminder.objects.standing().exists()
    reminder.refresh_from_db()
    assert restore_reminder(reminder=reminder, actor="bob", now=NOW)
    assert not restore_reminder(reminder=reminder, actor="bob", now=NOW)
    assert Reminder.objects.standing().exists()
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "reminder dismissal",
        "reminder restoration",
    ]


def test_what_is_resolved_cannot_be_dismissed() -> None:
    reminder = ReminderFactory(resolved_at=NOW)
    assert not dismiss_reminder(reminder=reminder, actor="ann", now=NOW)
