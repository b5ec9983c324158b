"""The budget rule and the meters as the Chairman edits them in the admin."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule, BudgetWeek, Meter
from allocation.budgets.operations import ensure_week
from tests.audit.admin_forms import resend, said, send
from tests.factories import BudgetWeekFactory

pytestmark = pytest.mark.django_db

RULE = "/admin/budgets/budgetrule/1/change/"


def meter_url(name: str, verb: str = "change") -> str:
    return reverse(f"admin:budgets_meter_{verb}", args=[Meter.objects.get(name=name).pk])


def test_the_list_of_rules_is_the_rule(chairman_client: Client) -> None:
    page = chairman_client.get("/admin/budgets/budgetrule/")
    assert (page.status_code, page["Location"]) == (302, RULE)


@pytest.mark.parametrize("verb", ["add/", "1/delete/"])
def test_there_is_one_rule_and_it_stays(chairman_client: Client, verb: str) -> None:
    page = chairman_client.post(f"/admin/budgets/budgetrule/{verb}", {"post": "yes"})
    assert page.status_code == 403
    assert BudgetRule.objects.count() == 1


def test_a_change_of_the_rule_reaches_the_running_week(chairman_client: Client) -> None:
    week = ensure_week(now=timezone.now())
    page = send(chairman_client, RULE, limit="400000", reason="A quiet week.")
    assert page.redirect_chain, said(page)
    week.refresh_from_db()
    assert (BudgetRule.objects.get().limit, week.limit) == (400_000, 400_000)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject) == ("rule change", "the budget rule")
    assert (entry.before, entry.after) == ({"limit": "500000"}, {"limit": "400000"})
    assert entry.reason == "A quiet week."


def test_a_rule_saved_unchanged_leaves_the_week_and_the_trail_alone(
    chairman_client: Client,
) -> None:
    ensure_week(now=timezone.now())
    before = BudgetWeek.objects.values().get()
    page = send(chairman_client, RULE)
    assert page.redirect_chain, said(page)
    assert BudgetWeek.objects.values().get() == before
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"limit": "0"}, "The limit must be more than 0."),
        ({"limit": "NaN"}, "Enter a number."),
        ({"reserve_percent": "100"}, "The reserve must be at least 0% and less than 100%."),
        ({"yellow_percent": "90"}, "The zone bounds must rise"),
        ({"timezone": "Pacific Time"}, "“Pacific Time” is not a time zone"),
        ({"reset_time": "25:00"}, "Enter a valid time."),
    ],
)
def test_a_rule_that_cannot_work_is_an_error_in_the_form(
    chairman_client: Client, change: dict[str, str], sentence: str
) -> None:
    page = send(chairman_client, RULE, **change, reason="Trying.")
    assert sentence in said(page)
    assert "Trying." in page.content.decode()
    assert not AuditEntry.objects.exists()
    fixed: dict[str, Any] = {
        "limit": "450000", "reserve_percent": "5", "yellow_percent": "60", "timezone": "UTC",
        "reset_time": "09:00",
    }  # fmt: skip
    assert resend(chairman_client, RULE, page, **fixed).redirect_chain
    assert AuditEntry.objects.count() == 1


def test_a_meter_in_dollars_needs_a_new_limit_with_it(chairman_client: Client) -> None:
    dollars = Meter.objects.get(name="US dollars").pk
    page = send(chairman_client, RULE, meter=dollars)
    assert "give a new limit with it" in said(page)
    page = send(chairman_client, RULE, meter=dollars, limit="200")
    assert "is now counted with this meter" in said(page)
    assert BudgetRule.objects.get().meter.name == "US dollars"


def test_a_meter_needs_a_reason_and_says_that_history_is_counted_anew(
    chairman_client: Client,
) -> None:
    url = meter_url("sonnet-equivalent")
    assert "Say why" in said(send(chairman_client, url, cache_read="0.1"))
    page = send(chairman_client, url, cache_read="0.1", reason="The plan counts them a little.")
    assert "All usage is now counted with this meter, except in weeks that are closed." in said(
        page
    )
    assert AuditEntry.objects.get().after == {"cache_read": "0.1"}


def test_a_meter_that_is_not_in_use_counts_nothing_anew(chairman_client: Client) -> None:
    page = send(chairman_client, meter_url("all tokens"), cache_read="0.5", reason="x")
    assert page.redirect_chain
    assert "is now counted" not in said(page)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"weighting": "dollars"}, "The budget rule uses this meter with a limit in tokens"),
        ({"input": "-1"}, "greater than or equal to 0"),
        ({"reference_price": "0"}, "greater than or equal to 0.000001"),
        ({"name": "all tokens"}, "already exists"),
    ],
)
def test_a_meter_that_cannot_count_is_refused(
    chairman_client: Client, change: dict[str, str], sentence: str
) -> None:
    page = send(chairman_client, meter_url("sonnet-equivalent"), **change, reason="x")
    assert sentence in said(page)
    assert not AuditEntry.objects.exists()


def test_a_meter_weighs_only_tiers_that_there_are(chairman_client: Client) -> None:
    url = meter_url("all tokens")
    page = send(chairman_client, url, tier_weights='{"hiaku": "0.25"}', reason="x")
    assert "“hiaku” is not a tier; there are haiku, sonnet, opus, fable." in said(page)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("emptied", ["", "null", "{}"])
def test_a_meter_may_leave_out_what_its_tiers_weigh(chairman_client: Client, emptied: str) -> None:
    page = send(chairman_client, meter_url("all tokens"), tier_weights=emptied, reason="x")
    assert page.redirect_chain
    assert Meter.objects.get(name="all tokens").tier_weights == {}


def test_the_meter_in_use_is_not_deleted(chairman_client: Client) -> None:
    url = meter_url("sonnet-equivalent", "delete")
    page = chairman_client.post(url, {"post": "yes", "reason": "x"}, follow=True)
    assert "The meter “sonnet-equivalent” is in use and stays." in said(page)
    assert Meter.objects.count() == 4


def test_zones_of_weeks_are_written_as_on_the_pages(chairman_client: Client) -> None:
    BudgetWeekFactory(budget_zone="YELLOW")
    page = said(chairman_client.get(reverse("admin:budgets_budgetweek_changelist")))
    assert "Yellow" in page
    assert "YELLOW" not in page


def test_weeks_that_are_not_closed_can_be_filtered_by_a_link_with_a_name(
    chairman_client: Client,
) -> None:
    BudgetWeekFactory(meter_name="")
    page = chairman_client.get(reverse("admin:budgets_budgetweek_changelist")).content.decode()
    assert re.search(r'href="\?meter_name=">\s*None\s*</a>', page)


def test_figures_of_weeks_are_written_as_on_the_pages(chairman_client: Client) -> None:
    week = BudgetWeekFactory(limit=500_000, reserve_percent="12.5", tokens_burned="336000.25")
    url = reverse("admin:budgets_budgetweek_change", args=[week.pk])
    for page in (reverse("admin:budgets_budgetweek_changelist"), url):
        text = said(chairman_client.get(page))
        assert all(figure in text for figure in ("500,000", "12.50", "336,000.25"))
        assert "500000" not in text
