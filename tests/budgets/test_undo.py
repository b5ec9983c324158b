"""Undo of the limit, the reserve, the switch and the rest of the budget rule."""

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule, BudgetWeek, Meter
from allocation.budgets.operations import (
    RuleChange,
    change_rule,
    ensure_week,
    set_limit,
    set_reserve,
    switch,
    undo_change,
    undo_last,
)
from allocation.policy.errors import RuleError
from allocation.policy.meter import FRESH_TOKENS, US_DOLLARS
from tests.factories import NOW, AuditEntryFactory, UserFactory

pytestmark = pytest.mark.django_db

WHO = {"actor": "chairman", "now": NOW}


def newest() -> AuditEntry:
    entry = AuditEntry.objects.first()
    assert entry is not None
    return entry


def rule() -> BudgetRule:
    return BudgetRule.objects.get()


class TestOperation:
    def test_a_limit_goes_back_for_the_running_week_too(self) -> None:
        ensure_week(now=NOW)
        set_limit(limit=Decimal(750_000), **WHO)
        undo_change(entry=newest(), **WHO)
        assert rule().limit == BudgetWeek.objects.get().limit == 500_000
        entry = newest()
        assert (entry.action, entry.reason) == (
            "undo of limit change",
            "Undoes the limit change by chairman.",
        )
        assert (entry.before, entry.after) == ({"limit": "750000"}, {"limit": "500000"})

    @pytest.mark.parametrize(
        "change",
        [
            RuleChange(enabled=False),
            RuleChange(reserve_percent=Decimal("12.5")),
            RuleChange(reset_weekday=3, reset_time=time(9, 30), timezone="Europe/Berlin"),
            RuleChange(yellow_percent=Decimal(60), red_percent=Decimal(99)),
        ],
    )
    def test_every_kind_of_change_goes_back(self, change: RuleChange) -> None:
        before = BudgetRule.objects.values().get()
        change_rule(change=change, **WHO)
        assert BudgetRule.objects.values().get() != before
        undo_last(**WHO)
        assert BudgetRule.objects.values().get() == before

    def test_a_meter_goes_back_with_its_limit(self) -> None:
        before = BudgetRule.objects.values().get()
        dollars = Meter.objects.get(name=US_DOLLARS.name)
        for limit in (Decimal(125), Decimal(500_000)):  # another number, and the same
            change_rule(change=RuleChange(meter=dollars, limit=limit), **WHO)
            undo_last(**WHO)
            assert BudgetRule.objects.values().get() == before

    def test_a_meter_that_was_deleted_since_does_not_come_back(self) -> None:
        measured = Meter.objects.create(name="measured", weighting="flat")
        for meter in (measured, Meter.objects.get(name=FRESH_TOKENS.name)):
            change_rule(change=RuleChange(meter=meter), **WHO)
        measured.delete()
        with pytest.raises(RuleError, match="There is no meter called “measured” any more"):
            undo_last(**WHO)

    def test_an_undo_is_undone(self) -> None:
        set_reserve(percent=Decimal(10), **WHO)
        undo_last(**WHO)
        undo_last(**WHO)
        assert rule().reserve_percent == 10
        assert newest().action == "undo of reserve change"

    def test_a_later_change_of_the_same_column_stands_in_the_way(self) -> None:
        set_limit(limit=Decimal(600_000), **WHO)
        entry = newest()
        set_limit(limit=Decimal(700_000), **WHO)
        with pytest.raises(RuleError, match="A later change touched the limit too"):
            undo_change(entry=entry, **WHO)
        assert rule().limit == 700_000

    def test_a_later_change_of_another_column_does_not(self) -> None:
        set_limit(limit=Decimal(600_000), **WHO)
        entry = newest()
        switch(enabled=False, **WHO)
        undo_change(entry=entry, **WHO)
        assert (rule().limit, rule().enabled) == (500_000, False)

    def test_there_may_be_nothing_to_undo(self) -> None:
        with pytest.raises(RuleError, match="as it was shipped"):
            undo_last(**WHO)
        with pytest.raises(RuleError, match="no change of the budget rule"):
            undo_change(entry=AuditEntryFactory(), **WHO)


class TestPage:
    def test_one_click_undoes_what_no_later_change_touched(self, chairman_client: Client) -> None:
        set_limit(limit=Decimal(600_000), actor="chairman", now=NOW - timedelta(hours=1))
        set_limit(limit=Decimal(700_000), **WHO)
        page = chairman_client.get("/budget/")
        assert [change.may_undo for change in page.context["page"].history] == [True, False]
        newer, older = page.context["page"].history
        said = chairman_client.post(f"/budget/undo/{newer.pk}/", follow=True)
        assert "Undone: limit 600,000 instead of 700,000." in said.text
        assert rule().limit == 600_000
        # What stood in the way is gone, so the older one goes back too.
        chairman_client.post(f"/budget/undo/{older.pk}/")
        assert rule().limit == 500_000

    def test_the_return_of_the_meter_before_says_that_history_is_metered_anew(
        self, chairman_client: Client
    ) -> None:
        change_rule(change=RuleChange(meter=Meter.objects.get(name="all tokens")), **WHO)
        said = chairman_client.post(f"/budget/undo/{newest().pk}/", follow=True)
        assert "All history is metered anew, except weeks that are closed." in said.text

    def test_what_is_in_the_way_is_said(self, chairman_client: Client) -> None:
        set_limit(limit=Decimal(600_000), **WHO)
        entry = newest()
        set_limit(limit=Decimal(700_000), **WHO)
        said = chairman_client.post(f"/budget/undo/{entry.pk}/", follow=True)
        assert "A later change touched the limit too: undo that one first." in said.text

    def test_a_second_click_is_told_that_nothing_is_left_to_undo(
        self, chairman_client: Client
    ) -> None:
        switch(enabled=False, **WHO)
        url = f"/budget/undo/{newest().pk}/"
        assert "Undone: turned on." in chairman_client.post(url, follow=True).text
        said = chairman_client.post(url, follow=True).text
        assert "The rule is as it was before this change: there is nothing to undo." in said
        assert rule().enabled

    def test_only_the_chairman_undoes(self, viewer_client: Client, operator: User) -> None:
        set_limit(limit=Decimal(600_000), **WHO)
        assert "undo-" not in viewer_client.get("/budget/").text
        url = f"/budget/undo/{newest().pk}/"
        assert viewer_client.post(url).status_code == 403
        staff = Client()
        staff.force_login(UserFactory(is_staff=True))
        assert staff.post(url).status_code == 403
        assert rule().limit == 600_000

    def test_a_get_undoes_nothing(self, chairman_client: Client) -> None:
        set_limit(limit=Decimal(600_000), **WHO)
        assert chairman_client.get(f"/budget/undo/{newest().pk}/").status_code == 405

    def test_only_entries_of_the_rule_are_found(self, chairman_client: Client) -> None:
        assert chairman_client.post(f"/budget/undo/{AuditEntryFactory().pk}/").status_code == 404
