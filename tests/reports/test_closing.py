"""Closing weeks: once, as they stood, and never rewritten."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetWeek, Meter
from allocation.budgets.operations import RuleChange, change_rule, set_limit, set_reserve
from allocation.checkpoints.models import Checkpoint
from allocation.dashboard.tick import tick
from allocation.directives.models import Status
from allocation.directives.steps import defer_sd
from allocation.reports.collect import week_facts
from allocation.reports.facts import from_json, to_json
from allocation.reports.models import WeekSnapshot
from allocation.reports.operations import close_weeks
from tests.factories import (
    NOW,
    WEEK_END,
    WEEK_START,
    BudgetWeekFactory,
    CheckpointFactory,
    DecisionFactory,
    PriceFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
)

pytestmark = pytest.mark.django_db

Burn = Callable[..., None]
URL = "/audit/2026-W47/"


def text_of(client: Client, url: str = URL) -> str:
    return client.get(url).content.decode()


def test_a_week_is_closed_once_with_its_figures(burn: Burn) -> None:
    week = BudgetWeekFactory()
    burn(360_000)
    assert close_weeks(now=WEEK_END - timedelta(seconds=1)) == 0
    assert close_weeks(now=WEEK_END) == 1
    assert close_weeks(now=WEEK_END + timedelta(hours=1)) == 0
    week.refresh_from_db()
    assert (week.closed_at, week.tokens_burned) == (WEEK_END, 360_000)
    assert (week.budget_zone, week.meter_name) == ("YELLOW", "sonnet-equivalent")
    entry = AuditEntry.objects.get(action="week close")
    assert (entry.actor, entry.subject) == ("budgetctl", "week of 2026-11-16")
    assert WeekSnapshot.objects.get().label == "2026-W47"


def test_the_tick_closes_what_is_over(burn: Burn) -> None:
    tick(now=NOW)
    burn(1_000)
    tick(now=WEEK_END + timedelta(minutes=1))
    closed = BudgetWeek.objects.exclude(closed_at=None).get()
    assert closed.start == WEEK_START


def test_somebody_who_was_faster_has_closed_it(burn: Burn, monkeypatch: pytest.MonkeyPatch) -> None:
    week = BudgetWeekFactory()
    real = week_facts

    def slow(found: BudgetWeek, **options: object) -> object:
        BudgetWeek.objects.filter(pk=week.pk).update(closed_at=WEEK_END)
        return real(found, now=WEEK_END)

    monkeypatch.setattr("allocation.reports.operations.week_facts", slow)
    assert close_weeks(now=WEEK_END) == 0
    assert not WeekSnapshot.objects.exists()


def test_facts_come_back_from_json_as_they_were(burn: Burn) -> None:
    week = BudgetWeekFactory()
    sd = StrategicDirectiveFactory(phase="EXEC", estimate=100)
    burn(333, sd=sd, model="claude-haiku-4-5-20251001")
    DecisionFactory(sd=sd, override_reason="Third try", observed="opus")
    facts = week_facts(week, now=NOW)
    assert from_json(to_json(facts)) == facts
    assert facts.used == 111


def later_changes(sd_code: str) -> None:
    """Prices, meter, limit, records and checkpoints change after the week was closed."""
    PriceFactory(input=Decimal(6))
    change = RuleChange(meter=Meter.objects.get(name="all tokens"), limit=Decimal(900_000))
    change_rule(change=change, actor="chairman", now=WEEK_END + timedelta(days=1))
    Checkpoint.objects.filter(sd__code=sd_code).update(rework_cycles=7)


def test_later_changes_do_not_rewrite_a_closed_week_and_are_said(
    chairman_client: Client, burn: Burn
) -> None:
    week = BudgetWeekFactory()
    sd = StrategicDirectiveFactory(code="SD-FROZEN", phase="EXEC", estimate=340_000)
    CheckpointFactory(sd=sd, rework_cycles=1)
    burn(360_000, sd=sd)
    close_weeks(now=WEEK_END)
    before = chairman_client.get(URL).context["page"]
    assert before.differences == []
    stored = WeekSnapshot.objects.get().facts

    later_changes("SD-FROZEN")
    burn(40_000, sd=sd)
    burn(1_000, sd=StrategicDirectiveFactory(code="SD-LATE"))
    close_weeks(now=WEEK_END + timedelta(days=2))

    assert WeekSnapshot.objects.get().facts == stored
    week.refresh_from_db()
    assert (week.tokens_burned, week.limit) == (360_000, 500_000)
    after = chairman_client.get(URL).context["page"]
    assert (after.headline, after.sds, after.facts) == (before.headline, before.sds, before.facts)
    assert after.differences == [
        "Budget tokens: 401,000 today by the meter all tokens instead of 360,000, 41,000 more "
        "(11%).",
        "Raw tokens: 401,000 today instead of 360,000, 41,000 more (11%).",
        "Cost: $2.41 today, $1.08 when it was closed.",
        "SD-FROZEN: 400,000 today instead of 360,000, 40,000 more (11%) in this week; 7 rework "
        "cycles instead of 1.",
        "SD-LATE: today it counts into this week, then it did not.",
    ]
    assert "Today’s figures differ." in text_of(chairman_client)


def test_a_meter_in_another_unit_is_said_and_judges_no_zone(
    chairman_client: Client, burn: Burn
) -> None:
    BudgetWeekFactory()
    burn(1_000_000)
    close_weeks(now=WEEK_END)
    dollars = RuleChange(meter=Meter.objects.get(name="US dollars"), limit=Decimal(10))
    change_rule(change=dollars, actor="chairman", now=WEEK_END)
    page = chairman_client.get(URL).context["page"]
    # And no zone: dollars are no share of the week's limit in tokens.
    assert page.differences == [
        "The budget counted tokens then and counts dollars today, by which the week comes to $3.00."
    ]


def test_a_week_shows_sds_zones_and_what_was_decided(chairman_client: Client, burn: Burn) -> None:
    BudgetWeekFactory()
    set_reserve(percent=Decimal(20), actor="chairman", now=NOW, reason="A release is near.")
    set_limit(limit=Decimal(600_000), actor="chairman", now=NOW + timedelta(hours=1))
    sd = StrategicDirectiveFactory(
        code="SD-A", phase="", status=Status.COMPLETED, estimate=300_000, complexity=4
    )
    burn(350_000, at=WEEK_START + timedelta(hours=1), sd=sd)
    burn(150_000, sd=sd, model="claude-haiku-4-5-20251001")
    CheckpointFactory(sd=sd, rework_cycles=2)
    DecisionFactory(sd=sd, sub_agent="DOCMON", observed="opus", override_reason="Third <b>try</b>")
    DecisionFactory.create_batch(9, sd=sd)
    DecisionFactory(outcome="defer", recommended=None)
    late = StrategicDirectiveFactory(code="SD-LATER")
    defer_sd(row=late, actor="chairman", now=NOW, reason="It can wait.")
    close_weeks(now=WEEK_END)
    page = chairman_client.get(URL).context["page"]
    (row,) = page.sds
    assert (row.code, row.complexity, row.mix) == ("SD-A", 4, "30%\u00a0haiku, 70%\u00a0sonnet")
    assert (row.tokens, row.against) == ("500,000", "67% above 300,000")
    assert (row.rework, row.stands) == ("2 cycles", "completed")
    assert row.overrides == ["DOCMON used opus in EXEC (Third <b>try</b>)"]
    assert page.headline == "Yellow: 83% of the week’s tokens used"
    assert [day.zone for day in page.days[:3]] == ["YELLOW", "YELLOW", "YELLOW"]
    assert len(page.days) == 8
    assert [(entry.subject, entry.words) for entry in page.deferrals] == [
        ("SD-LATER", "deferred instead of proposed")
    ]
    assert [entry.words for entry in page.changes] == [
        "reserve, % 20 instead of 0",
        "limit 600,000 instead of 500,000",
    ]
    assert page.deferred_runs == 1
    override, rework, forecast = page.verdicts
    assert (override.value, override.words) == ("9%", "needs tuning")
    assert (rework.value, rework.band) == ("100%", "off target")
    assert (forecast.value, forecast.band) == ("–", "no data yet")
    text = text_of(chairman_client)
    assert "Third &lt;b&gt;try&lt;/b&gt;" in text
    assert "A release is near." in text


def test_exhausted_says_when(chairman_client: Client, burn: Burn) -> None:
    BudgetWeekFactory()
    burn(400_000, at=WEEK_START + timedelta(hours=1))
    burn(160_000, at=NOW)
    close_weeks(now=WEEK_END)
    fact = chairman_client.get(URL).context["page"].facts[1]
    assert (fact.value, fact.note) == ("Yes", "by Wed 18 Nov 2026, 13:00, 60,000 over")


def test_a_week_without_anything_says_so(chairman_client: Client) -> None:
    BudgetWeekFactory()
    close_weeks(now=WEEK_END)
    text = text_of(chairman_client)
    for sentence in ("No SD was worked on", "No SD was deferred", "No rule was changed"):
        assert sentence in text


def test_the_list_shows_running_and_closed_weeks(chairman_client: Client, burn: Burn) -> None:
    assert "No budget week has begun yet." in text_of(chairman_client, "/audit/")
    BudgetWeekFactory()
    burn(360_000, cache_read=41_000)

    text = text_of(chairman_client, "/audit/")
    assert "2026-W47" in text
    assert "360,000" not in text
    close_weeks(now=WEEK_END)
    text = text_of(chairman_client, "/audit/")
    assert (
        '>360,000<span class="cell-note">401,000 raw</span><span class="cell-note">$1.09</span>'
        in text
    )


@pytest.mark.parametrize("closed", [True, False])
def test_queries_do_not_depend_on_what_there_is(
    chairman_client: Client, burn: Burn, closed: bool
) -> None:
    BudgetWeekFactory()

    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert chairman_client.get(url).status_code == 200
        assert all(query["sql"].startswith("SELECT") for query in captured)
        return len(captured)

    def fill(number: int) -> None:
        sd = StrategicDirectiveFactory(phase="EXEC")
        burn(1_000 * number, sd=sd, sub_agent=f"AGENT-{number}")
        CheckpointFactory(sd=sd)
        DecisionFactory(sd=sd, override_reason=f"reason {number}")
        set_limit(limit=Decimal(500_000 + number), actor="chairman", now=NOW)

    fill(1)
    if closed:
        close_weeks(now=WEEK_END)
    few = [queries(URL), queries("/audit/")]
    for number in range(2, 12):
        fill(number)
        start = WEEK_START - number * timedelta(days=7)
        BudgetWeekFactory(start=start)
    SubAgentFactory()
    if closed:
        close_weeks(now=WEEK_END)
    # A week beside this one brings at most its name.
    assert [queries(URL), queries("/audit/")] == few


@pytest.mark.parametrize("label", ["2026-W46", "nonsense", "2026-W47b", "9999-W99"])
def test_a_week_that_is_not_there_is_not_found(chairman_client: Client, label: str) -> None:
    BudgetWeekFactory()
    assert chairman_client.get(f"/audit/{label}/").status_code == 404
