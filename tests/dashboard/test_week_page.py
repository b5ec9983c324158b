"""The week page: what it says, in every state that a week can be in."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.api.week import week_at
from allocation.budgets.models import Meter
from allocation.budgets.operations import RuleChange, change_rule, set_limit, set_reserve, switch
from allocation.claude_code.models import PlanReading
from allocation.dashboard.page import MOST_SUB_AGENTS, week_page
from allocation.directives.models import Priority, Status
from allocation.optimizer import top
from allocation.reports.collect import week_facts
from allocation.usage.page import usage_page
from tests.dashboard.conftest import page, use
from tests.factories import (
    NOW,
    BudgetRuleFactory,
    BudgetWeekFactory,
    DecisionFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tokens", "headline", "left"),
    [
        (0, "Green: 0% of the week’s tokens used", "500,000"),
        (349_999, "Green: 69% of the week’s tokens used", "150,001"),
        (350_000, "Yellow: 70% of the week’s tokens used", "150,000"),
        (360_000, "Yellow: 72% of the week’s tokens used", "140,000"),
        (430_000, "Orange: 86% of the week’s tokens used", "70,000"),
        (499_999, "Red: 99% of the week’s tokens used", "1"),
    ],
)
def test_one_sentence_and_one_number(tokens: int, headline: str, left: str) -> None:
    if tokens:
        use(tokens)
    assert (page().headline, page().left, page().over) == (headline, left, "")


def test_over_the_limit_says_by_how_much() -> None:
    use(560_000)
    assert (page().headline, page().over) == ("Red: 112% of the week’s tokens used", "60,000")
    assert page().bar.used_percent == 100


def test_a_reserve_is_held_back_and_said() -> None:
    set_reserve(percent=Decimal(20), actor="chairman", now=NOW)
    use(360_000)
    shown = page()
    assert (shown.left, shown.effective_limit, shown.reserve) == ("40,000", "400,000", "100,000")
    assert shown.zone == "ORANGE"
    assert (shown.bar.effective_percent, shown.bar.reserve_percent) == (80, 20)


def test_off_is_said_and_forecasts_nothing() -> None:
    use(360_000)
    switch(enabled=False, actor="chairman", now=NOW)
    assert (page().zone, page().headline) == ("OFF", "Off: 72% of the week’s tokens used")
    assert page().facts[0].value == "Not forecast"


def test_a_budget_in_dollars_is_shown_in_dollars(chairman_client: Client) -> None:
    change = RuleChange(meter=Meter.objects.get(name="US dollars"), limit=Decimal(10))
    change_rule(change=change, actor="chairman", now=NOW)
    use(1_000_000)
    assert (page().left, page().unit) == ("$7.00", "US dollars")
    StrategicDirectiveFactory(code="SD-NEXT")
    text = chairman_client.get("/").text + chairman_client.get("/budget/").text
    assert "for all its phases" in text
    assert "$10.00 may be used in a week" in text
    assert not re.search(r"\$[\d.]+</?[^>]*> *(<[^>]*>)* *US dollars|\$[\d.]+ US dollars", text)
    assert page().headline == "Green: 30% of the week’s dollars used"


def test_the_facts_say_when_it_runs_out() -> None:
    use(460_000, at=NOW - timedelta(hours=30))
    rate, rest, reset = page().facts
    assert rate.value == "240,000 a day"
    assert rest.value == "Out Wed 16:00"
    assert (reset.value, reset.note) == ("Mon 23 Nov 2026, 14:00", "in 5 d 2 h; Los Angeles time")


def test_the_facts_say_that_it_lasts() -> None:
    use(46_000, at=NOW - timedelta(hours=30))
    assert page().facts[1].value == "170,000 at the reset"
    assert page().facts[1].note == "33%, Green; it will last"


def test_a_week_used_up_says_so() -> None:
    use(500_000, at=NOW - timedelta(hours=30))
    assert page().facts[1].value == "Used up"


def test_nothing_counted_for_long_is_said() -> None:
    use(1_000, at=NOW - timedelta(hours=20))
    assert page().stale == "Nothing has been counted since Tue 17 Nov 2026, 17:00."


def test_sub_agents_are_ranked_and_the_list_is_bounded() -> None:
    for number in range(MOST_SUB_AGENTS + 3):
        use(1_000 + number, sub_agent=f"AGENT-{number:02}")
    use(900, sub_agent="")
    names = [row.sub_agent for row in page().spending]
    assert names[0] == f"AGENT-{MOST_SUB_AGENTS + 2}"
    assert names[-1] == "4 others"
    assert len(names) == MOST_SUB_AGENTS + 1
    assert page().by_day.headings[-1] == "9 others"


def test_what_nobody_is_named_for_was_the_main_thread_or_logged_by_hand() -> None:
    use(2_000, sub_agent="")
    use(1_000, sub_agent="", source="manual", model="", tier="sonnet")
    assert [row.sub_agent for row in page().spending] == ["main thread", "logged by hand"]
    assert page().by_day.headings == ("Day", "main thread", "logged by hand")
    assert [each["key"] for each in week_at(NOW)["sub_agents"]] == ["main", "by hand"]


def test_days_run_to_today_also_without_use_on_it() -> None:
    use(1_000, at=NOW - timedelta(days=1))
    days = [row[0] for row in page().by_day.rows]
    assert days == ["Mon 16 Nov", "Tue 17 Nov", "Wed 18 Nov"]


def test_before_anything_ran_what_would_be_saved_is_called_a_guess() -> None:
    assert page().optimisation.summary.startswith("Nothing is measured yet: guessed from ")
    top.kept.forget()
    use(1_000, sub_agent="DOCMON", phase="PLAN")
    assert not page().optimisation.summary.startswith("Nothing is measured yet")


def test_the_next_sd_is_the_one_under_way_then_the_most_important() -> None:
    StrategicDirectiveFactory(code="SD-LATER", priority=Priority.NORMAL)
    StrategicDirectiveFactory(code="SD-FIRST", priority=Priority.HIGH)
    plan = page().next_sd
    assert plan is not None
    assert plan.sd.code == "SD-FIRST"
    StrategicDirectiveFactory(code="SD-NOW", phase="PLAN", priority=Priority.LOW)
    plan = page().next_sd
    assert plan is not None
    assert plan.sd.code == "SD-NOW"


def test_what_the_next_sd_has_burned_is_not_projected_again() -> None:
    sd = StrategicDirectiveFactory(code="SD-NOW", phase="EXEC", estimate=90_000)
    before = page().next_sd
    use(60_000, sd=sd, phase="PLAN")
    after = page().next_sd
    assert before is not None
    assert after is not None
    assert 0 < after.projected < before.projected / 2


def test_the_page_shows_it_all(chairman_client: Client) -> None:
    use(1_000, at=NOW)
    StrategicDirectiveFactory(code="SD-SHOWN")
    DecisionFactory(reason="A reason to be seen.")
    text = chairman_client.get("/").content.decode()
    for expected in ("tokens left", "SD-SHOWN", "A reason to be seen.", "Where the tokens went"):
        assert expected in text


def test_the_next_sd_comes_with_what_its_sub_agents_run_on_first(chairman_client: Client) -> None:
    StrategicDirectiveFactory(code="SD-NEXT", complexity=3)
    text = chairman_client.get("/").text
    assert "LEAD comes first." in text
    assert re.search(r">SECURITY</th><td class=\"tier\">opus</td>", text)


def test_overrides_in_force_are_on_the_page(chairman_client: Client) -> None:
    OverrideFactory(
        sub_agent=SubAgentFactory(code="DOCMON"), expires_at=timezone.now() + timedelta(days=1)
    )
    text = chairman_client.get("/").content.decode()
    assert "DOCMON, all phases: opus" in text
    assert "A release depends on it. (chairman)" in text


def test_an_empty_budget_says_what_to_do(chairman_client: Client) -> None:
    use(1)  # in another week
    text = chairman_client.get("/").content.decode()
    assert "No strategic directive is proposed or in progress." in text
    assert "No usage is recorded in this week." in text


def test_the_page_writes_nothing(chairman_client: Client) -> None:

    with CaptureQueriesContext(connection) as queries:
        chairman_client.get("/")
    assert not [query for query in queries if not query["sql"].startswith("SELECT")]


def test_the_page_takes_as_many_queries_however_much_there_is(chairman_client: Client) -> None:

    BudgetWeekFactory()
    StrategicDirectiveFactory()

    def queries() -> int:
        top.kept.forget()
        with CaptureQueriesContext(connection) as captured:
            chairman_client.get("/")
        return len(captured)

    # The first day asks more: what of its first steps is done.
    use(1_000)
    few = queries()
    for number in range(30):
        use(1_000, sub_agent=f"AGENT-{number}")
        DecisionFactory(sd=StrategicDirectiveFactory())
    assert queries() == few


def test_a_limit_set_in_mid_week_holds_at_once() -> None:
    BudgetWeekFactory()
    use(360_000)
    set_limit(limit=Decimal(750_000), actor="chairman", now=NOW)
    assert page().headline == "Green: 48% of the week’s tokens used"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_is_for_reading(chairman_client: Client, method: str) -> None:
    assert getattr(chairman_client, method)("/").status_code == 405


def test_nobody_sees_it_without_signing_in(client: Client) -> None:
    assert client.get("/").status_code == 302


def test_the_plans_own_gauge_stands_beside_the_budget() -> None:
    PlanReading.objects.create(
        at=NOW - timedelta(minutes=5),
        window="seven_day",
        used_percent=Decimal(83),
        resets_at=NOW + timedelta(days=2),
    )
    gauge = page().facts[-1]
    assert (gauge.value, gauge.note) == ("83%", "read 5 min ago")


def test_an_sd_in_progress_leads_to_its_next_checkpoint(
    chairman_client: Client, viewer_client: Client
) -> None:
    StrategicDirectiveFactory(code="SD-NOW-1", status=Status.IN_PROGRESS, phase="PLAN")
    link = "/checkpoints/new/?sd=SD-NOW-1"
    assert link in chairman_client.get("/").text
    assert link not in viewer_client.get("/").text


def test_the_bar_is_said_with_where_the_zones_begin() -> None:
    said = page().bar.label
    assert said.startswith("0% of the tokens used, ")
    assert said.endswith(" of the week passed. Yellow from 70%, Orange from 85%, Red from 95%.")


def test_only_who_may_log_can_start_the_next_sd(
    chairman_client: Client, viewer_client: Client
) -> None:
    StrategicDirectiveFactory(code="SD-NEXT")
    assert "Start SD-NEXT" in chairman_client.get("/").content.decode()
    assert "Start SD-NEXT" not in viewer_client.get("/").content.decode()


def test_a_day_that_begins_within_an_hour_is_the_same_on_every_page() -> None:
    BudgetRuleFactory(timezone="Asia/Kolkata")  # midnight is 18:30 UTC
    zone = ZoneInfo("Asia/Kolkata")
    use(1_000, at=datetime(2026, 11, 17, 18, 29, 59, tzinfo=UTC))
    use(10_000, at=datetime(2026, 11, 17, 18, 30, tzinfo=UTC))
    shown, usage = week_page(NOW, zone), usage_page(day=None, now=NOW, zone=zone).chart
    assert usage is not None
    for chart in (shown.by_day, usage, shown.burn_down):
        used = {row[0]: row[1] for row in chart.rows}
        assert (used["Tue 17 Nov"], used["Wed 18 Nov"]) == ("1,000", "10,000")
    facts = week_facts(BudgetWeekFactory(), now=NOW)
    assert {f"{day.day}": day.used for day in facts.days if day.used} == {
        "2026-11-17": 1_000,
        "2026-11-18": 10_000,
    }
