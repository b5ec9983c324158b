"""What a paused SD may and may not do, and that an order is kept under two hands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from allocation.audit.models import AuditEntry
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.queue import deferred_sds, to_propose
from allocation.directives.steps import defer_sd, enter_phase, go_back, resume_sd
from allocation.directives.waiting import approve_sd, move_sd, pause_sd, stop_sd
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.rights.roles import Role, act_as
from tests.factories import NOW, StrategicDirectiveFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def paused(db: None) -> StrategicDirective:
    return StrategicDirectiveFactory(phase="PLAN", status=Status.PAUSED)


def test_only_the_chairmans_word_ends_a_pause(paused: StrategicDirective, now: datetime) -> None:
    for act in (defer_sd, resume_sd):
        with pytest.raises(RuleError, match="waits for the Chairman"):
            act(row=paused, actor="operator", now=now, reason="It must go on.")


def test_what_a_paused_sd_has_done_may_be_logged(paused: StrategicDirective, now: datetime) -> None:
    row = enter_phase(row=paused, phase=Phase.EXEC, actor="operator", now=now)
    assert (row.status, row.phase) == (Status.PAUSED, "EXEC")
    row = enter_phase(row=row, phase=None, actor="operator", now=now)
    assert row.status == Status.COMPLETED


def test_a_paused_sd_whose_start_is_withdrawn_waits_all_the_same_and_may_then_begin(
    paused: StrategicDirective, now: datetime
) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("phase", "started_at", "completed_at"))
    row = go_back(row=paused, actor="operator", now=now, reason="Another SD’s.", **nothing)
    assert (row.status, row.phase) == (Status.PAUSED, "")
    row = enter_phase(row=row, phase=Phase.LEAD, actor="operator", now=now)
    assert row.status == Status.PAUSED
    row = go_back(row=row, actor="operator", now=now, reason="Another SD’s.", **nothing)
    word = {"actor": "chairman", "now": now, "reason": "It may begin."}
    row = approve_sd(row=row, amount=1_000, burned=0, **word)
    assert row.status == Status.PROPOSED


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.PAUSED, Status.DEFERRED])
def test_only_what_is_in_progress_pauses(now: datetime, status: str) -> None:
    row = StrategicDirectiveFactory(status=status)
    assert not pause_sd(row=row, actor="budgetctl", now=now, reason="Empty.")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_stop_needs_a_reason(paused: StrategicDirective, now: datetime, reason: str) -> None:
    with pytest.raises(RuleError, match="Say why"):
        stop_sd(row=paused, actor="chairman", now=now, reason=reason)


def test_a_deferral_goes_to_the_end_of_the_queue(now: datetime) -> None:
    for code in ("SD-A", "SD-B"):
        row = StrategicDirectiveFactory(code=code)
        defer_sd(row=row, actor="chairman", now=now, reason="Later.")
    assert [(sd.code, sd.queue_position) for sd in deferred_sds()] == [("SD-A", 1), ("SD-B", 2)]
    assert {sd.deferred_at for sd in deferred_sds()} == {now}


def test_without_a_forecast_nothing_is_read(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert to_propose(None) == []


@pytest.mark.django_db(transaction=True)
def test_two_hands_at_once_keep_the_queue_whole() -> None:
    for code in ("SD-A", "SD-B", "SD-C"):
        row = StrategicDirectiveFactory(code=code)
        defer_sd(row=row, actor="chairman", now=NOW, reason="Later.")
    barrier = Barrier(2)

    def lift(code: str) -> None:
        try:
            row = StrategicDirective.objects.get(code=code)
            barrier.wait(timeout=20)
            move_sd(row=row, up=True, actor="chairman", now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2, initializer=act_as, initargs=[Role.CHAIRMAN]) as pool:
        list(pool.map(lift, ("SD-B", "SD-C")))
    assert sorted(sd.queue_position or 0 for sd in deferred_sds()) == [1, 2, 3]
    # B first, then C; or C first, and B back over it.
    assert "".join(sd.code[-1] for sd in deferred_sds()) in {"BCA", "ABC"}
