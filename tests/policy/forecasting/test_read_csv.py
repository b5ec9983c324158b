"""Use from CSV files: what is taken, what is noted, what is refused."""

from datetime import UTC, datetime

import pytest

from allocation.policy.errors import RuleError
from allocation.policy.forecasting.read_csv import read_csv
from tests.policy.forecasting.made import HOUR

NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)
DAILY = "series,date,tokens"
HOURLY = "series,hour_utc,tokens"
STAMPS = "timestamp,tokens"


def read(*lines: str):
    return read_csv(lines, now=NOW)


def test_days_are_laid_over_their_hours():
    use = read(DAILY, "u1,2025-06-02,48", "u1,2025-06-03,24")
    hours = use.series[0].hours
    assert (use.series[0].name, hours.first.day, hours.tokens) == ("u1", 2, (2,) * 24 + (1,) * 24)
    assert use.notes == ()


def test_hours_are_taken_as_they_are():
    use = read(HOURLY, "u1,2025-06-02 10:00:00+00:00,5", "u2,2025-06-02T11:00Z,7")
    assert [(one.name, one.hours.tokens) for one in use.series] == [("u1", (5,)), ("u2", (7,))]
    assert use.notes == ()


def test_timestamps_are_added_up_by_the_hour():
    use = read(STAMPS, "2025-06-02T10:01:02Z,5", "2025-06-02T10:59:59.9Z,6", "2025-06-02T12:00Z,1")
    assert use.series[0].hours.tokens == (11, 0, 1)
    assert use.series[0].hours.first.hour == 10
    assert use.notes == ()


def test_a_byte_order_mark_capitals_and_blank_lines_are_no_matter():
    assert len(read("\ufeff" + DAILY.title(), "", " u1 , 2025-06-02 , 48 ").series) == 1


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        ((DAILY, "u,2025-06-04,1", "u,2025-06-05,1", "u,2025-06-03,1"), "not in order"),
        ((DAILY, "u,2025-06-02,1", "u,2025-06-05,1"), "days without a row, counted as 0 tokens: 2"),
        ((HOURLY, "u,2025-06-02T10:00Z,1", "u,2025-06-02T12:00Z,1"), "hours without a row"),
        ((HOURLY, "u,2025-06-02T10:00,1"), "read as UTC"),
        ((STAMPS, "2025-06-02T10:00+02:00,1", "2025-06-02T10:00Z,1"), "converted to UTC"),
        ((STAMPS, "2025-06-02T10:00Z,1", "2025-06-02T10:00Z,1"), "all counted: 1."),
    ],
)
def test_what_has_one_plain_meaning_is_taken_and_noted(lines, note):
    assert any(note in said for said in read(*lines).notes)


def test_other_offsets_are_the_same_moment():
    use = read(STAMPS, "2025-06-02T10:00+02:00,1", "2025-06-02T10:00Z,1")
    assert use.series[0].hours.tokens == (1, 0, 1)
    assert use.series[0].hours.end - use.series[0].hours.first == 3 * HOUR


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "first line must be one of"),
        (("day,tokens", "2025-06-02,1"), "first line must be one of"),
        ((DAILY,), "no row of use"),
        ((DAILY, "u,2025-06-02"), "Line 2 has 2 fields instead of 3"),
        ((DAILY, "u,2025-06-02,1", "u,2025-06-03,-5"), "Line 3: tokens must be a whole number"),
        ((DAILY, "u,2025-06-02,1.5"), "whole number from 0 up, not '1.5'"),
        ((DAILY, "u,2025-06-02,"), "whole number"),
        ((DAILY, "u,2025-06-02,٣"), "whole number"),
        ((DAILY, "u,02.06.2025,1"), "is not a date such as"),
        ((DAILY, ",2025-06-02,1"), "does not name its series"),
        ((DAILY, "u,2025-06-02,1", "u,2025-06-02,2"), "Line 3: u has 2025-06-02 00:00 twice"),
        ((DAILY, "u,2025-07-01,1"), "Line 2: 2025-07-01 lies in the future"),
        ((HOURLY, "u,2025-06-30T13:00Z,1"), "lies in the future"),
        ((STAMPS, "2025-06-30T11:30-01:00,1"), "lies in the future"),
        ((STAMPS, "0001-01-01T00:00+05:00,1"), "Line 2: .* lies before the calendar begins"),
        ((HOURLY, "u,2025-06-02T10:30Z,1"), "Line 2: .* is not on a full hour"),
        ((HOURLY, "u,yesterday,1"), "is not an ISO 8601 time"),
        ((STAMPS, "2025-06-02T10:00Z,1", "2025-06-02T10:00,1"), "Line 3 has no UTC offset"),
        ((STAMPS, "2025-06-02T10:00,1", "2025-06-02T10:00Z,1"), "Line 3 has a UTC offset"),
        ((DAILY, *['"u,2025-06-02,1'] + ["u,2025-06-03,1"] * 10_000), "cannot be read as CSV"),
        ((DAILY, "u,2025-06-02,1", '"u,2025-06-03,1', "u,2025-06-04,1"), "Line 3 .* left open"),
        ((DAILY, "\x1b[31mu,2025-06-02,1"), "Line 2: the name of the series has signs"),
        ((DAILY, 'u,2025-06-02,"1', '2"'), "Line 2 .* left open"),  # that is not 12 tokens
        ((DAILY, "u,0025-06-02,1", "u,2025-06-02,1"), "more than ten years"),
    ],
)
def test_what_would_be_a_wrong_figure_is_refused_with_its_line(lines, message):
    with pytest.raises(RuleError, match=message):
        read(*lines)
