"""The burn-down of the week page, and the fan of the forecast in it."""

from datetime import timedelta
from itertools import pairwise
from statistics import median

import pytest

from allocation.budgets.operations import ensure_weeks
from allocation.dashboard.fan import HOUR, Fan
from allocation.forecasts.models import Forecast
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from allocation.forecasts.record import newest_forecast
from allocation.policy.meter import SONNET_EQUIVALENT
from allocation.usage.standing import standing_at
from tests.dashboard.conftest import page, use
from tests.factories import NOW, WEEK_START

pytestmark = pytest.mark.django_db


def test_the_burn_down_falls_to_what_is_left_and_stops_now() -> None:
    use(100_000, at=WEEK_START)
    use(200_000, at=NOW - timedelta(hours=1))
    left = page().burn_down.spec["series"][1]["values"]
    known = [value for value in left if value is not None]
    assert (known[0], known[1], known[-1]) == (500_000, 400_000, 200_000)
    assert len(known) == 47
    assert len(left) == 169


def test_nothing_used_shows_a_sentence_and_no_chart() -> None:
    assert page().burn_down.rows == ()
    assert page().burn_down.empty == "Nothing is used yet this week."


def test_the_forecast_and_last_weeks_record_are_among_the_facts() -> None:
    ensure_weeks(since=WEEK_START - timedelta(weeks=3), now=NOW)
    for number in range(3 * 28):
        use(5_000, at=WEEK_START - timedelta(weeks=3) + timedelta(hours=6 * number))
    for hours in (24, 36):
        make_forecasts(now=WEEK_START - timedelta(weeks=1) + timedelta(hours=hours))
    score_closed_weeks(now=NOW)
    use(20_000, at=NOW - timedelta(hours=20))
    make_forecasts(now=NOW)
    shown = page()
    facts = {fact.label: fact for fact in shown.facts}
    assert facts["Forecast at the reset"].note.startswith("80% range ")
    assert facts["Forecast at the reset"].note.endswith("of 1 week the total fell inside")
    assert facts["Last week"].note.startswith("140,000 came, ")
    fan = {series["name"]: series["values"] for series in shown.burn_down.spec["series"]}
    # From 480,000 left now to what the forecast leaves.
    assert fan["Forecast"].count(None) == 46
    assert fan["Forecast"][46] == 480_000
    assert fan["Forecast"][-1] < 480_000
    assert "80% range" in fan
    assert "50% range" in fan
    assert shown.burn_down.rows[-1][0] == "At the reset, forecast"
    by_day = [row for row in shown.burn_down.rows if row[0].startswith("By the end of ")]
    assert [row[0] for row in by_day][-1] == "By the end of Sun 22 Nov, forecast"
    used = [int(row[1].replace(",", "")) for row in by_day]
    assert 20_000 <= used[0] < used[-1] < int(shown.burn_down.rows[-1][1].replace(",", ""))
    assert "Forecast to be left then: " in shown.burn_down.note


def test_a_fan_rests_where_the_week_does_and_is_straight_without_a_course() -> None:
    ensure_weeks(since=WEEK_START - timedelta(weeks=3), now=NOW)
    for number in range(3 * 7):
        use(20_000, at=WEEK_START - timedelta(days=number + 1) + timedelta(hours=2))
    use(20_000, at=NOW - timedelta(hours=20))
    make_forecasts(now=NOW)
    made = newest_forecast(NOW, SONNET_EQUIVALENT)
    assert made is not None
    moments = [NOW + HOUR * hour for hour in range(49)]

    def drops(forecast: Forecast) -> list[float]:
        *_, middle = Fan(standing_at(NOW), forecast).series(moments)
        return [round(a - b, 1) for a, b in pairwise(middle["values"])]

    by_shape = drops(made)
    assert max(by_shape) > 10 * median(by_shape)
    made.course = None
    assert max(drops(made)) == pytest.approx(min(drops(made)), abs=0.5)


def test_a_fan_stops_at_nothing_left() -> None:
    ensure_weeks(since=WEEK_START - timedelta(weeks=1), now=NOW)
    use(450_000, at=NOW - timedelta(hours=20))
    make_forecasts(now=NOW)
    ends = [series["values"][-1] for series in page().burn_down.spec["series"]]
    assert ends[0] == 0
    assert min(end for end in ends if end is not None) == 0
    assert page().burn_down.rows[-1][2] == "0"


def test_without_a_forecast_the_burn_down_has_no_fan() -> None:
    use(10_000)
    assert [series["name"] for series in page().burn_down.spec["series"]] == ["Even pace", "Left"]
