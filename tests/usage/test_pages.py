"""Where the tokens of a week went, and the frame around every page."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.access import may_log, may_rule
from allocation.budgets.models import Meter
from allocation.budgets.operations import RuleChange, change_rule
from allocation.usage.models import Source
from allocation.usage.operations import HandCount, count_by_hand
from allocation.usage.page import UsagePage
from allocation.usage.standing import running_week
from tests.factories import (
    NOW,
    BudgetRuleFactory,
    BudgetWeekFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

WEEK = "/usage/?week=2026-11-18"


def burn(**values: object) -> None:
    record = UsageRecordFactory(**values)
    rebuild_hours({record.hour})


def usage(client: Client, url: str = WEEK) -> UsagePage:
    page: UsagePage = client.get(url).context["page"]
    return page


def rows(page: UsagePage, table: str) -> list[tuple[str, str, str, str]]:
    found = next(found for found in page.tables if found.id == table)
    return [(row.name, row.budget, row.raw, row.usd) for row in found.rows]


def test_tokens_are_split_by_every_measure(viewer_client: Client) -> None:
    sd = StrategicDirectiveFactory(code="SD-A")
    burn(sub_agent="TESTING", model="claude-sonnet-4-5", input=3_000, output=0, sd=sd)
    burn(sub_agent="", model="claude-haiku-4-5-20251001", input=3_000, output=0, cache_read=500)
    count_by_hand(
        [HandCount(key="checkpoint:1", tokens_by_tier={"opus": 600}, at=NOW, sd=sd, phase="PLAN")]
    )
    page = usage(viewer_client)
    assert rows(page, "sub-agents") == [
        ("TESTING", "3,000", "3,000", "under $0.01"),
        ("main thread", "1,000", "3,500", "under $0.01"),
        ("logged by hand", "1,000", "600", "unknown"),
    ]
    assert [row[0] for row in rows(page, "models")] == [
        "claude-sonnet-4-5",
        "claude-haiku-4-5-20251001",
        "logged by hand, opus",
    ]
    assert [row[0] for row in rows(page, "tiers")] == ["sonnet", "haiku", "opus"]
    assert [row[0] for row in rows(page, "sds")] == ["SD-A", "no SD named"]
    assert (page.total.budget, page.total.raw) == ("5,000", "7,100")
    assert (page.by_hand, page.unpriced) == (600, 1)
    assert sum(map(sum, (s["values"] for s in page.chart.spec["series"]))) == 5_000
    assert page.chart.rows[0][0] == "Mon 16 Nov"


def test_an_unknown_model_is_counted_and_flagged(
    viewer_client: Client, chairman_client: Client
) -> None:
    burn(model="claude-<b>mystery</b>")
    for client, link in ((viewer_client, False), (chairman_client, True)):
        page = client.get(WEEK)
        assert page.context["page"].unknown_models == ["claude-<b>mystery</b>"]
        assert page.context["page"].tables[1].rows[0].unknown
        assert "claude-&lt;b&gt;mystery" in page.text
        assert ("Add a model with its price" in page.text) is link


def test_a_meter_in_dollars_says_what_it_cannot_count(viewer_client: Client) -> None:
    dollars = Meter.objects.get(name="US dollars")
    change_rule(change=RuleChange(meter=dollars, limit=100), actor="chairman", now=NOW)
    burn(model="claude-mystery")
    page = viewer_client.get(WEEK)
    assert "1 record without a price is not in the budget" in page.text
    assert page.context["page"].unit == "Budget, US dollars"
    row = page.context["page"].tables[1].rows[0]
    assert (row.budget, row.share, row.usd) == ("unknown", "–", "unknown")


def test_many_sub_agents_share_a_bar(viewer_client: Client) -> None:
    for n in range(12):
        burn(sub_agent=f"AGENT-{n}")
    names = [series["name"] for series in usage(viewer_client).chart.spec["series"]]
    assert len(names) == 8
    assert names[-1] == "5 others"


@pytest.mark.parametrize(
    ("by_hand", "of_an_sd", "warns"), [(600, False, True), (600, True, False), (0, False, False)]
)
def test_what_may_be_counted_twice_is_said(
    viewer_client: Client, by_hand: int, of_an_sd: bool, warns: bool
) -> None:
    sd, now = StrategicDirectiveFactory(), timezone.now()
    burn(at=now, input=3_000, output=0, cache_read=500, sd=sd if of_an_sd else None)
    count_by_hand(
        [HandCount(key="checkpoint:1", tokens_by_tier={"": by_hand}, at=now, sd=sd, phase="PLAN")]
    )
    for url in ("/", "/usage/"):
        text = viewer_client.get(url).text
        assert ("600 were logged by hand, and 3,000 captured ones name no SD" in text) is warns


def test_weeks_are_leafed_through(viewer_client: Client) -> None:
    week = running_week(timezone.now()).window
    page = usage(viewer_client, "/usage/")
    assert (page.running, page.next, page.start) == (True, "", week.start)
    before = usage(viewer_client, f"/usage/?week={page.previous}")
    assert before.end == week.start
    assert usage(viewer_client, f"/usage/?week={before.next}").start == week.start


def test_a_stored_week_stands_before_the_rule_s(viewer_client: Client) -> None:
    week = BudgetWeekFactory(end=NOW + timedelta(hours=12))
    assert usage(viewer_client).end == week.end


@pytest.mark.parametrize("day", ["nonsense", "2026-13-01", "0001-01-01", "9999-12-31", "%00"])
def test_a_day_that_is_none_gets_one_sentence(viewer_client: Client, day: str) -> None:
    page = viewer_client.get(f"/usage/?week={day}")
    assert page.status_code == 422
    assert "write" in page.context["problem"]
    assert page.context["page"].running


def test_a_week_without_usage_says_so(viewer_client: Client) -> None:
    page = viewer_client.get(WEEK)
    assert "No usage is recorded in this week." in page.text
    assert "data-chart" not in page.text


def test_much_usage_asks_as_much_as_little(viewer_client: Client) -> None:
    burn()
    with CaptureQueriesContext(connection) as one:
        viewer_client.get(WEEK)
    for n in range(20):
        burn(sub_agent=f"AGENT-{n}", sd=StrategicDirectiveFactory(), source=Source.OTLP)
    with CaptureQueriesContext(connection) as many:
        viewer_client.get(WEEK)
    # The names of SDs are asked for once there is an SD.
    assert len(many) - len(one) <= 1
    assert len(many) < 40


class TestFrame:
    def test_the_menu_knows_where_it_is(self, chairman_client: Client) -> None:
        page = chairman_client.get("/sds/new/")
        current = [item["label"] for item in page.context["nav"] if item["current"]]
        assert current == ["SDs"]
        assert [item["label"] for item in page.context["nav"]][-1] == "Admin"

    def test_a_viewer_has_no_admin(self, viewer_client: Client) -> None:
        labels = [item["label"] for item in viewer_client.get("/sds/").context["nav"]]
        assert "Admin" not in labels

    def test_the_light_of_the_favicon_is_that_of_the_week(self, viewer_client: Client) -> None:
        assert "icons/green.svg" in viewer_client.get("/sds/").text
        burn(at=timezone.now(), input=499_000, output=0)
        assert "icons/red.svg" in viewer_client.get("/sds/").text
        BudgetRuleFactory(enabled=False)
        page = viewer_client.get("/sds/")
        assert "icons/off.svg" in page.text
        assert "budgetctl is off:" in page.text
        assert "Turn budgetctl on" not in page.text

    def test_strangers_see_nothing_of_it(self, client: Client) -> None:
        page = client.get("/accounts/login/")
        assert "nav" not in page.context

    def test_somebody_without_a_name_changes_nothing(self, viewer: User) -> None:
        viewer.is_active = False
        viewer.is_superuser = True
        assert not may_log(viewer)
        assert not may_rule(viewer)
