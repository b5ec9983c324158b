"""The forecast-accuracy page: what it says with no record, one forecast, and closed weeks."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.api.week import accuracy
from allocation.budgets.models import Meter
from allocation.budgets.operations import RuleChange, change_rule, ensure_weeks, switch
from allocation.display import format as fmt
from allocation.forecasts.chance import newest_word
from allocation.forecasts.facts import forecast_facts
from allocation.forecasts.models import Forecast, ForecastScore, Occasion
from allocation.forecasts.operations import make_forecasts, score_closed_weeks
from allocation.forecasts.page import ForecastPage, forecast_page
from allocation.forecasts.page import closed_week as closed_week_of
from allocation.forecasts.record import figures_of, forecast_record
from allocation.forecasts.words import estimated, method_name
from allocation.policy.forecasting import METHODS
from allocation.reports.operations import close_weeks
from allocation.usage.standing import running_week, standing_at
from tests.factories import NOW, WEEK_END, WEEK_START, UsageRecordFactory, rebuild_hours

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/Los_Angeles")
LATER = WEEK_END + timedelta(hours=30)


def page(now: object = LATER) -> ForecastPage:
    return forecast_page(now, ZONE)  # type: ignore[arg-type]


def work(weeks: int) -> None:
    start = WEEK_START - timedelta(weeks=weeks - 1)
    ensure_weeks(since=start, now=LATER)
    records = [
        UsageRecordFactory(at=start + timedelta(hours=6 * number), input=10_000, output=0)
        for number in range(weeks * 28 + 5)
    ]
    rebuild_hours([record.hour for record in records])


@pytest.fixture
def closed_week() -> None:
    """Four weeks of work, forecasts on five days of the last, and two in the week after."""
    work(4)
    for hours in (6, 24, 72, 120, 144):
        make_forecasts(now=WEEK_START + timedelta(hours=hours))
    score_closed_weeks(now=WEEK_END)
    for hours in (24, 30):
        make_forecasts(now=WEEK_END + timedelta(hours=hours))


def test_nothing_yet_is_said_and_never_shown_as_good() -> None:
    shown = page(NOW)
    assert (shown.newest, shown.facts, shown.weeks, shown.measures) == (None, [], [], [])
    assert shown.silent == "Too early to say what this week will come to."
    assert shown.fan.rows == ()
    assert shown.errors.empty == "No week has been scored yet."


def test_an_interval_is_said_in_words_and_not_as_a_badge() -> None:
    assert fmt.held((31, 40)) == "in 31 of 40 weeks the total fell inside"
    assert fmt.held((3, 4), "forecast") == "in 3 of 4 forecasts the total fell inside"
    assert fmt.held((1, 1)) == "in 1 of 1 week the total fell inside"
    # Weeks may have been scored all the same: no worker ran at this hour of them.
    assert fmt.held((0, 0)) == "none from this part of a week has been scored yet"
    assert fmt.held((0, 0), "forecast") == "none has been scored yet"


@pytest.mark.usefixtures("closed_week")
def test_a_closed_week_is_shown_with_what_was_predicted_and_what_came() -> None:
    (row,) = page().weeks
    assert row.actual == "280,000"
    assert row.accuracy.endswith("%")
    low, _, high = row.range80.replace(",", "").partition("–")
    assert row.inside80 == (int(low) <= 280_000 <= int(high))
    facts = {fact.label: fact for fact in page().facts}
    assert facts["Forecast at the reset"].note.endswith("of 1 week the total fell inside")
    assert facts["Last week"].value == f"{row.predicted} forecast"
    assert facts["Last week"].note.startswith("280,000 came, ")


@pytest.mark.usefixtures("closed_week")
def test_the_two_ways_to_measure_a_miss_are_told_apart(chairman_client: Client) -> None:
    """The accuracy of a week is a share of the prediction, the error one of what came."""
    measures = {measure.title: measure.note for measure in page().measures}
    of_total = "the middle miss as a share of the total: 5 forecasts in 1 week"
    assert measures["Median error"] == of_total
    assert measures["Exhaustion time error"].startswith("mean miss of the hour")
    assert measures["Exhaustion time error"].endswith(": 5 forecasts")
    text = chairman_client.get("/forecasts/").content.decode()
    assert "Accuracy is 100% less the miss as a share of the prediction." in text


@pytest.mark.usefixtures("closed_week")
def test_a_week_is_not_called_the_last_where_one_after_it_was_not_scored() -> None:
    later = LATER + timedelta(weeks=1)
    ensure_weeks(since=LATER, now=later)
    labels = [fact.label for fact in page(later).facts]
    assert f"Week of {WEEK_START.astimezone(ZONE):%-d %b %Y}" in labels
    assert "Last week" not in labels


@pytest.mark.usefixtures("closed_week")
def test_a_week_that_was_closed_in_tokens_is_not_shown_in_dollars() -> None:
    close_weeks(now=LATER)
    change = RuleChange(meter=Meter.objects.get(name="US dollars"), limit=Decimal(10))
    change_rule(change=change, actor="chairman", now=LATER)
    facts = {fact.label: fact for fact in page().facts}
    assert facts["Last week"].note.startswith("280,000 came, ")
    assert "$" not in facts["Last week"].value
    assert [week.actual for week in page().weeks] == ["280,000"]
    shown = closed_week_of(f"{WEEK_START:%Y-%m-%dT%H:%M}", LATER)
    assert "$" not in str(forecast_page(LATER, ZONE, shown).fan.rows)
    last = accuracy(forecast_record(LATER), running_week(LATER).meter)["last_week"]
    assert last["actual"] == 280_000


@pytest.mark.usefixtures("closed_week")
def test_a_week_under_another_meter_shows_no_forecast_of_the_one_before() -> None:
    change = RuleChange(meter=Meter.objects.get(name="US dollars"), limit=Decimal(10))
    change_rule(change=change, actor="chairman", now=LATER)
    assert page().silent.startswith("The meter or the reset has changed")
    assert not page().fan.rows
    later = LATER + timedelta(minutes=1)
    make_forecasts(now=later)
    facts = {fact.label: fact for fact in page(later).facts}
    assert facts["Used when it was made"].value == "$0.15"


@pytest.mark.usefixtures("closed_week")
def test_the_error_of_each_method_is_shown_by_hours_into_the_week() -> None:
    errors = page().errors
    assert set(errors.headings[1:]) == {method_name(name) for name in METHODS}
    assert "Gamma-Poisson" in errors.headings
    assert [row[0] for row in errors.rows] == [
        "6 h", "12 h", "24 h", "36 h", "48 h", "72 h", "96 h", "120 h", "144 h", "All"
    ]  # fmt: skip
    assert [row[1] == "–" for row in errors.rows].count(False) == 6


@pytest.mark.usefixtures("closed_week")
def test_each_part_of_the_week_has_its_coverage_and_its_figures() -> None:
    by_hours = {row[0]: row for row in page().by_origin}
    assert by_hours["12 h"][1:] == ("0", *["–"] * 7)
    assert by_hours["24 h"][1] == "1"
    assert by_hours["24 h"][5] in {"0%", "100%"}
    assert by_hours["144 h"][-1].endswith("%")


@pytest.mark.usefixtures("closed_week")
def test_a_closed_weeks_forecasts_fan_towards_what_came(chairman_client: Client) -> None:
    (row,) = page().weeks
    shown = forecast_page(LATER, ZONE, closed_week_of(row.key, LATER))
    assert len(shown.fan.rows) == 5
    assert {"value": 280_000.0, "label": "came", "axis": "y"} in shown.fan.spec["marks"]
    for key in ("2020-01-01T00:00", "yesterday", "9999-12-31T23:59"):
        assert chairman_client.get("/forecasts/", {"week": key}).status_code == 404


@pytest.mark.usefixtures("closed_week")
def test_many_checkpoints_do_not_push_the_first_hours_out_of_the_fan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("allocation.forecasts.page.MOST_POINTS", 4)
    for minutes in (10, 20, 30):
        at = WEEK_END + timedelta(hours=24, minutes=minutes)
        make_forecasts(now=at, occasion=Occasion.CHECKPOINT)
    assert [row[0] for row in page().fan.rows] == [
        fmt.moment(WEEK_END + timedelta(hours=hours), ZONE) for hours in (24, 30)
    ]


@pytest.mark.usefixtures("closed_week")
def test_an_exhaustion_that_had_happened_already_is_no_forecast_of_one() -> None:
    assert forecast_record(LATER).figures.exhaustion_hours is not None
    over = Forecast(used=10, effective_limit=10)
    score = ForecastScore.objects.select_related("forecast").first()
    assert score is not None
    score.forecast = over
    figures = figures_of([score])
    assert (figures.n, figures.ahead, figures.exhaustion_hours) == (1, 0, None)


@pytest.mark.usefixtures("closed_week")
def test_the_fan_has_this_weeks_forecasts_only() -> None:
    fan = page().fan
    assert len(fan.rows) == 2
    lows, highs = fan.spec["series"][0]["values"], fan.spec["series"][1]["values"]
    assert all(low <= high for low, high in zip(lows, highs, strict=True))


@pytest.mark.usefixtures("closed_week")
def test_the_newest_forecast_leads_the_page() -> None:
    shown = page()
    assert shown.newest is not None
    assert shown.newest.hours_in == 30
    (used, point, chance, _) = shown.facts
    assert (used.label, used.unit) == ("Used when it was made", "of 500,000")
    assert (chance.label, chance.unit) == ("Chance of running out", "estimate")
    meter = running_week(NOW).meter
    assert point.value == estimated(shown.newest.point, shown.newest, meter)
    assert [name for name, _ in shown.chances] == ["GREEN", "YELLOW", "ORANGE", "RED"]


def test_a_forecast_that_usage_has_left_behind_speaks_no_more() -> None:
    work(2)
    make_forecasts(now=NOW)
    said = newest_word(standing_at(NOW))
    assert said is not None
    burst = UsageRecordFactory(at=NOW, input=said.high80, output=0)
    rebuild_hours([burst.hour])
    assert newest_word(standing_at(NOW)) is None


def test_no_forecast_stands_on_the_page_while_budgetctl_is_off() -> None:
    work(2)
    make_forecasts(now=NOW)
    assert page(NOW).newest is not None
    switch(enabled=False, actor="chairman", now=NOW)
    shown = page(NOW)
    assert (shown.newest, shown.chances) == (None, [])
    assert shown.silent == "While budgetctl is off nothing is forecast."


@pytest.mark.parametrize(
    ("early", "median", "late", "words"),
    [
        (None, None, None, "before the reset"),
        (1, None, None, "before the reset; with 90% not before Thu 15:00"),
        (1, 2, None, "about Thu 16:00; 80% range Thu 15:00 to after the reset"),
        (1, 2, 3, "about Thu 16:00; 80% range Thu 15:00 to Thu 17:00"),
    ],
)
def test_when_the_limit_is_used_up_is_said_as_far_as_it_is_known(
    early: int | None, median: int | None, late: int | None, words: str
) -> None:
    hour = [
        None if at is None else WEEK_START + timedelta(days=3, hours=at)
        for at in (early, median, late)
    ]
    forecast = Forecast(
        made_at=NOW,
        point=1,
        low80=1,
        high80=1,
        hours_in=24,
        used=0,
        effective_limit=2,
        exhaustion_chance=Decimal("0.5"),
        exhaustion_early=hour[0],
        exhaustion_median=hour[1],
        exhaustion_late=hour[2],
    )
    _, chance = forecast_facts(NOW, forecast, running_week(NOW).meter, ZONE)
    assert (chance.value, chance.note) == ("50%", words)
    forecast.used = 2
    assert len(forecast_facts(NOW, forecast, running_week(NOW).meter, ZONE)) == 1  # it is used up


@pytest.mark.usefixtures("closed_week")
def test_a_forecast_that_no_newer_one_followed_says_when_it_was_made() -> None:
    made = WEEK_END + timedelta(hours=30)
    notes = [page(made + timedelta(hours=hours)).facts[1].note for hours in (1, 3)]
    assert "made" not in notes[0]
    assert notes[1].endswith(f"; made {fmt.moment(made, ZONE)}, and none since")


def test_the_page_is_for_reading_and_for_the_signed_in(
    client: Client, chairman_client: Client
) -> None:
    assert client.get("/forecasts/").status_code == 302
    assert chairman_client.post("/forecasts/").status_code == 405
    text = chairman_client.get("/forecasts/").content.decode()
    assert "Too early to say what this week will come to." in text


def test_the_page_takes_as_many_queries_however_long_the_record(chairman_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            chairman_client.get("/forecasts/")
        return len(captured)

    make_forecasts(now=timezone.now())
    few = queries()
    for hours in range(1, 20):
        make_forecasts(now=timezone.now() - timedelta(hours=hours))
    assert queries() == few
