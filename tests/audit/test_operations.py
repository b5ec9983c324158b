"""What the trail keeps of a row."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from allocation.audit.models import AuditEntry
from allocation.audit.operations import delete_audited, facts, record, save_audited
from allocation.budgets.models import BudgetRule
from allocation.catalog.models import Price
from allocation.policy.errors import RuleError
from tests.factories import ModelFloorFactory, OverrideFactory, PriceFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("entered", "kept"),
    [("5", "5"), ("5.000000", "5"), ("0.10", "0.1"), ("100", "100"), ("0.1000004", "0.1")],
)
def test_a_decimal_is_kept_as_its_column_holds_it(entered: str, kept: str) -> None:
    assert facts(Price(input=Decimal(entered)))["input"] == kept


def test_a_row_from_a_form_has_the_facts_of_the_row_in_the_database() -> None:
    rule = BudgetRule.objects.get()
    before = facts(rule)
    rule.limit = Decimal(500_000)
    assert facts(rule) == before


def test_one_moment_on_two_clocks_is_one_fact(now: datetime) -> None:
    override = OverrideFactory()
    before = facts(override)
    override.expires_at = override.expires_at.astimezone(timezone(timedelta(hours=-8)))
    assert facts(override) == before


def test_a_password_is_no_fact() -> None:
    assert "password" not in facts(UserFactory())


def test_of_a_change_only_what_differs_is_kept(now: datetime) -> None:
    entry = record(
        actor="chairman",
        action="floor change",
        subject="x" * 300,
        before={"a": 1, "b": 2},
        after={"a": 1, "b": 3},
        reason=" why ",
        now=now,
    )
    assert (entry.before, entry.after) == ({"b": 2}, {"b": 3})
    assert (len(entry.subject), entry.reason) == (200, "why")


def test_a_row_is_compared_with_the_database_and_not_with_what_was_read(now: datetime) -> None:
    price = PriceFactory()
    Price.objects.filter(pk=price.pk).update(input=Decimal(4))
    entry = save_audited(row=price, actor="chairman", now=now, reason="back")
    assert entry is not None
    assert (entry.before, entry.after) == ({"input": "4"}, {"input": "3"})


def test_saving_what_is_there_already_stores_nothing(now: datetime) -> None:
    assert save_audited(row=PriceFactory(), actor="chairman", now=now) is None
    assert not AuditEntry.objects.exists()


def test_a_renamed_row_keeps_its_history_under_the_name_that_it_had(now: datetime) -> None:
    floor = ModelFloorFactory(phase="PLAN")
    name = str(floor)
    floor.phase = "EXEC"
    entry = save_audited(row=floor, actor="chairman", now=now)
    assert entry is not None
    assert entry.subject == f"floor {name}"


def test_a_deletion_needs_a_reason(now: datetime) -> None:
    with pytest.raises(RuleError, match="Say why"):
        delete_audited(row=PriceFactory(), actor="chairman", now=now, reason="  ")


def test_of_two_deletions_of_one_row_the_second_leaves_no_entry(now: datetime) -> None:
    floor = ModelFloorFactory()
    again = type(floor).objects.get(pk=floor.pk)
    assert len(delete_audited(row=floor, actor="chairman", now=now, reason="x")) == 1
    assert delete_audited(row=again, actor="chairman", now=now, reason="x") == []
