"""The calibration's page: what it says, and that only the Chairman applies it, and can undo it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.budgets.calibration import Weights, apply_calibration
from allocation.budgets.models import BudgetRule, Meter
from allocation.budgets.operations import set_reserve, undo_last
from allocation.catalog.pricing import load_price_book
from allocation.claude_code.calibration import spans_with_use
from allocation.claude_code.models import PlanReading
from allocation.display import format as fmt
from allocation.policy.errors import RuleError
from allocation.policy.plan_spans import Span
from allocation.policy.plan_windows import Reading
from allocation.usage.standing import standing_at
from tests.claude_code.plan import LIMIT, plan_week, read
from tests.factories import NOW, UsageRecordFactory, rebuild_hours

PAGE, APPLY = "/calibration/", "/calibration/apply/"
WEIGHTS = Weights(tiers={"sonnet": Decimal(1), "opus": Decimal("2.5")}, cache_read=Decimal("0.02"))


@pytest.fixture
def known_plan(db: None) -> None:
    """Three weeks of readings, up to now."""
    for weeks in (3, 2, 1):
        plan_week(timezone.now() - timedelta(weeks=weeks), seed=weeks)


def rule() -> BudgetRule:
    return BudgetRule.objects.select_related("meter").get()


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1]


def test_without_readings_it_says_what_is_missing(viewer_client: Client) -> None:
    shown = viewer_client.get(PAGE).content.decode()
    assert "Not enough readings" in shown
    assert "3 clean spans are needed and there are 0." in shown
    assert "Apply limit and meter" not in shown


def test_a_span_that_no_estimate_rests_on_yet_is_not_said_to_be_used(
    viewer_client: Client,
) -> None:
    now = timezone.now()
    for hours, percent in ((9, 10), (3, 20)):
        read(now - timedelta(hours=hours), percent, now + timedelta(days=1))
    used = UsageRecordFactory(at=now - timedelta(hours=6), input=30_000, output=0)
    rebuild_hours([used.hour])
    spans = viewer_client.get(PAGE).context["page"].spans
    assert {(fitted, said) for _, _, _, fitted, _, _, said in spans} == {("–", "Clean")}


@pytest.mark.usefixtures("known_plan")
def test_a_known_plan_is_measured_and_applied_by_the_chairman(chairman_client: Client) -> None:
    page = chairman_client.get(PAGE).content.decode()
    assert "clean spans" in page
    answer = chairman_client.post(APPLY, {"reason": "Measured.", "seen": seen(page)}, follow=True)
    assert "It can be undone under Last changes." in answer.content.decode()
    used = rule()
    assert float(used.limit) == pytest.approx(LIMIT, rel=0.15)
    assert used.meter.name.startswith("measured ")
    assert float(used.meter.tier_weights["opus"]) == pytest.approx(2.5, rel=0.25)
    assert float(used.meter.cache_read) == pytest.approx(0.02, rel=0.5)
    entry = AuditEntry.objects.get(action="calibration")
    assert (entry.reason, set(entry.after or {})) == ("Measured.", {"limit", "meter"})
    week = standing_at(timezone.now())
    assert week.used > 0
    chairman_client.post(f"/budget/undo/{entry.pk}/")
    assert (rule().limit, rule().meter.name) == (500_000, "sonnet-equivalent")


@pytest.mark.usefixtures("known_plan")
def test_this_week_by_it_is_what_the_week_will_say_once_it_is_applied(
    chairman_client: Client,
) -> None:
    set_reserve(percent=Decimal(20), actor="chairman", now=timezone.now())
    used = UsageRecordFactory(at=timezone.now(), input=100_000, output=0)
    rebuild_hours([used.hour])
    page = chairman_client.get(PAGE)
    told = {fact.label: fact for fact in page.context["page"].facts}["This week by it"]
    assert told.note.startswith("of the effective limit; now ")
    chairman_client.post(APPLY, {"seen": seen(page.text), "reason": "Measured."})
    assert told.value == fmt.percent(standing_at(timezone.now()).share)


@pytest.mark.usefixtures("known_plan")
def test_a_reason_and_the_estimate_that_was_seen_are_needed(chairman_client: Client) -> None:
    page = chairman_client.get(PAGE).content.decode()
    no_reason = chairman_client.post(APPLY, {"seen": seen(page)})
    assert no_reason.status_code == 422
    another = chairman_client.post(APPLY, {"reason": "Why not.", "seen": "1;opus=1;0"})
    assert another.status_code == 422
    assert "has changed since" in another.content.decode()
    assert "Why not." in another.content.decode()
    assert rule().limit == 500_000


def test_nothing_is_applied_without_an_estimate(chairman_client: Client) -> None:
    assert chairman_client.post(APPLY, {"reason": "Now.", "seen": ""}).status_code == 422
    assert rule().limit == 500_000


def test_only_the_chairman_applies_and_by_post(
    client: Client, viewer_client: Client, chairman_client: Client
) -> None:
    assert client.get(PAGE).status_code == 302
    assert viewer_client.post(APPLY, {"reason": "x"}).status_code == 403
    assert chairman_client.get(APPLY).status_code == 405
    assert chairman_client.post(PAGE).status_code == 405


def test_as_many_queries_however_many_readings(chairman_client: Client) -> None:
    counts = []
    for weeks in (1, 3):
        plan_week(timezone.now() - timedelta(weeks=weeks), seed=weeks)
        with CaptureQueriesContext(connection) as found:
            chairman_client.get(PAGE)
        counts.append(len(found))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_usage_is_laid_to_the_span_it_happened_in_to_the_minute() -> None:
    moments = [NOW + timedelta(minutes=minutes) for minutes in (-1, 20, 100, 200, 250)]
    records = [
        UsageRecordFactory(at=at, input=10**number, output=0, cache_read=7)
        for number, at in enumerate(moments)
    ]
    by_hand = UsageRecordFactory(at=moments[2], model="", input=0, output=0, unsplit=500)
    rebuild_hours([row.hour for row in (*records, by_hand)])
    resets_at = NOW + timedelta(days=2)
    ends = [Reading(NOW + timedelta(minutes=m), Decimal(m), resets_at) for m in (0, 60, 240)]
    spans = [Span(0, ends[0], ends[1]), Span(0, ends[1], ends[2])]
    first, second = spans_with_use(spans, load_price_book())
    assert (first.fresh, first.cache_reads, first.unknown) == ({"sonnet": 10}, {"sonnet": 7}, 0)
    assert (second.fresh, second.cache_reads) == ({"sonnet": 1_100}, {"sonnet": 14})
    assert second.unknown == 500


@pytest.mark.django_db
def test_other_windows_and_old_readings_do_not_count(chairman_client: Client) -> None:
    now = timezone.now()
    for percent in range(1, 30):
        read(now - timedelta(weeks=10, hours=percent), 40 - percent, now - timedelta(weeks=9))
    PlanReading.objects.update(window="seven_day")
    read(now - timedelta(hours=3), 10, now + timedelta(days=1))
    assert "there are 0." in chairman_client.get(PAGE).content.decode()


@pytest.mark.django_db
def test_a_calibration_needs_a_reason_and_a_second_one_the_same_day_its_own_name() -> None:
    def take(**columns: object) -> BudgetRule:
        given = {"limit": Decimal(900_000), "weights": WEIGHTS, "reason": "Measured."} | columns
        return apply_calibration(actor="chairman", now=NOW, **given)  # type: ignore[arg-type]

    with pytest.raises(RuleError, match="reason"):
        take(reason=" ")
    assert take().meter.name == "measured 2026-11-18"
    # The same weights need no second meter.
    assert take(limit=Decimal(950_000)).meter.name == "measured 2026-11-18"
    other = Weights(tiers={"opus": Decimal(3)}, cache_read=Decimal(0))
    assert take(weights=other).meter.name == "measured 2026-11-18, 2"
    assert undo_last(actor="chairman", now=NOW).meter.name == "measured 2026-11-18"
    # Nor do those that were undone, applied again.
    assert take(weights=other).meter.name == "measured 2026-11-18, 2"
    assert Meter.objects.filter(weighting="tier").count() == 2
