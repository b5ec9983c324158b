from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest

from allocation.claude_code.situation import current_situation, keep_fresh
from allocation.claude_code.state import state_at
from allocation.directives.models import Status
from tests.factories import (
    NOW,
    AuditEntryFactory,
    BudgetWeekFactory,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
)

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[object]]


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_hook_asks_one_query_while_it_is_kept_fresh(
    django_assert_num_queries: Queries,
) -> None:
    current_situation(at(0))
    for second in range(1, 120):
        keep_fresh(at(second - 0.5))
        with django_assert_num_queries(1):
            current_situation(at(second))


def test_nothing_is_kept_fresh_that_nobody_asks_for(django_assert_num_queries: Queries) -> None:
    with django_assert_num_queries(0):
        keep_fresh(at(0))
    current_situation(at(0))
    with django_assert_num_queries(0):
        keep_fresh(at(2))


def test_an_edit_is_read_by_the_next_hook_however_fresh_the_rest_is() -> None:
    before = current_situation(at(0))
    AuditEntryFactory()
    keep_fresh(at(0.1))
    after = current_situation(at(0.2))
    assert after.defaults is not before.defaults
    assert after.situation.standing.at == at(0.1)


def test_what_clients_keep_refuses_the_runs_of_a_paused_sd() -> None:
    BudgetWeekFactory()
    StrategicDirectiveFactory(code="SD-PAUSED-001", phase="EXEC", status=Status.PAUSED)
    outcome, tier, reason = state_at(NOW)["answers"]["DOCMON"]["EXEC"]
    assert (outcome, tier) == ("pause", None)
    assert "SD-PAUSED-001 is paused" in reason


def test_what_clients_keep_follows_the_overrides_of_the_only_sd() -> None:
    BudgetWeekFactory()
    StrategicDirectiveFactory(code="SD-ONE-001", phase="EXEC")
    OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"), sd_code="SD-ONE-001")
    assert state_at(NOW)["answers"]["DOCMON"]["EXEC"][:2] == ["use", "opus"]


def test_an_override_ends_at_its_expiry_though_the_rules_are_kept() -> None:
    BudgetWeekFactory()
    OverrideFactory(sub_agent=SubAgentFactory(code="DOCMON"), expires_at=at(5))
    assert current_situation(at(0)).situation.override_for("DOCMON", "EXEC")
    assert current_situation(at(4.9)).situation.override_for("DOCMON", "EXEC")
    assert not current_situation(at(5)).situation.override_for("DOCMON", "EXEC")
