"""Names of budget weeks: stable, unique, and told apart where weeks were cut short."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from allocation.reports.labels import base_of, name_weeks, open_labels, suffix, week_called
from allocation.reports.operations import close_weeks
from tests.factories import NOW, WEEK_END, WEEK_START, BudgetWeekFactory

LA, AUCKLAND = ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Auckland")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "zone", "base"),
    [
        (WEEK_START, LA, "2026-W47"),
        # Monday 10:00 in Auckland is Sunday in UTC, and Monday's week all the same.
        (datetime(2026, 11, 15, 21, tzinfo=UTC), AUCKLAND, "2026-W47"),
        (datetime(2027, 1, 1, 22, tzinfo=UTC), LA, "2026-W53"),
        (datetime(2024, 12, 30, 22, tzinfo=UTC), LA, "2025-W01"),
    ],
)
def test_a_week_is_called_after_the_iso_week_of_its_start(
    start: datetime, zone: ZoneInfo, base: str
) -> None:
    assert base_of(start, zone) == base


@pytest.mark.parametrize(
    ("place", "text"), [(0, ""), (1, "b"), (25, "z"), (26, "aa"), (27, "ab"), (701, "zz")]
)
def test_letters_tell_weeks_apart(place: int, text: str) -> None:
    assert suffix(place) == text


def test_a_name_that_is_taken_stays_where_it_is() -> None:
    starts = [(3, WEEK_START + 4 * DAY), (2, WEEK_START + 2 * DAY)]
    assert name_weeks(starts, ["2026-W47"], LA) == {2: "2026-W47b", 3: "2026-W47c"}


@pytest.mark.django_db
def test_a_week_that_is_added_later_takes_no_closed_weeks_name() -> None:
    cut = BudgetWeekFactory(start=WEEK_START + 2 * DAY, end=WEEK_START + 3 * DAY)
    close_weeks(now=WEEK_START + 3 * DAY)
    earlier = BudgetWeekFactory(end=WEEK_START + 2 * DAY)
    rest = BudgetWeekFactory(start=WEEK_START + 3 * DAY, end=WEEK_END)
    assert open_labels(LA) == {earlier.pk: "2026-W47b", rest.pk: "2026-W47c"}
    close_weeks(now=WEEK_END)
    found = {name: week_called(name, LA) for name in ("2026-W47", "2026-W47b", "2026-W47c")}
    assert found == {"2026-W47": cut, "2026-W47b": earlier, "2026-W47c": rest}


@pytest.mark.django_db
@pytest.mark.parametrize("label", ["2026-W48", "2026-W47b", "2026-47", "x", "2026-W47-1", ""])
def test_other_names_are_no_weeks(label: str) -> None:
    BudgetWeekFactory()
    assert week_called(label, LA) is None
    assert NOW > WEEK_START
