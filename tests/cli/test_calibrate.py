"""`budgetctl calibrate`: the estimate in text and JSON, and applying it."""

from datetime import timedelta

import pytest

from allocation.audit.models import AuditEntry
from allocation.budgets.models import BudgetRule
from tests.claude_code.plan import LIMIT, plan_week
from tests.cli.conftest import Cli
from tests.factories import NOW


@pytest.fixture
def known_plan(db: None) -> None:
    for weeks in (3, 2, 1):
        plan_week(NOW - timedelta(weeks=weeks), seed=weeks)


def test_not_enough_readings_are_said_with_what_is_missing(cli: Cli) -> None:
    ran = cli("calibrate")
    assert ran.code == 0
    assert "Not enough readings" in ran.out
    assert "3 clean spans are needed and there are 0." in ran.out
    assert "The status line brings them: budgetctl connect" in " ".join(ran.out.split())
    said = cli("calibrate", "--json").json
    assert (said["limit"], said["weights"], said["clean_spans"]) == (None, {}, 0)


def test_nothing_is_applied_without_an_estimate(cli: Cli) -> None:
    ran = cli("calibrate", "--apply", "--reason", "Now.")
    assert (ran.code, ran.out) == (1, "")
    assert "Not enough readings" in ran.err


@pytest.mark.usefixtures("known_plan")
def test_an_estimate_is_shown_with_its_interval(cli: Cli) -> None:
    text = cli("calibrate").out
    assert "80% RANGE" in text
    assert "clean spans of" in text
    said = cli("calibrate", "--json").json
    low, high = said["interval_80"]
    assert low <= said["limit"] <= high
    assert said["limit"] == pytest.approx(LIMIT, rel=0.15)
    assert said["weights"]["fable"]["interval_80"] is None
    assert said["applied"] is False


@pytest.mark.usefixtures("known_plan")
def test_applying_needs_a_reason_and_is_undone(cli: Cli) -> None:
    assert "Say why" in cli("calibrate", "--apply").err
    assert cli("calibrate", "--apply", "--reason", "Measured.", "--json").json["applied"]
    assert BudgetRule.objects.get().limit != 500_000
    assert AuditEntry.objects.filter(action="calibration", reason="Measured.").exists()
    assert cli("undo").code == 0
    assert BudgetRule.objects.get().limit == 500_000
