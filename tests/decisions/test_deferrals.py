"""The deferral queue and the pause: what the clock does once, and what the Chairman does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from allocation.audit.models import AuditEntry
from allocation.budgets.operations import ensure_week
from allocation.catalog.models import Tier
from allocation.dashboard.tick import tick
from allocation.decisions.deferrals import (
    Waiting,
    approve,
    drop_run,
    move_run,
    pause_exhausted,
    release_deferrals,
    run_now,
    waiting_counts,
)
from allocation.decisions.models import Decision, DeferredRun
from allocation.decisions.operations import Run, decide
from allocation.decisions.situation import situation_at
from allocation.directives.models import Status, StrategicDirective
from allocation.directives.steps import defer_sd
from allocation.directives.waiting import stop_sd
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.recommend import Outcome, Task
from allocation.rights.roles import Role, act_as
from tests.factories import (
    NOW,
    WEEK_END,
    BudgetRuleFactory,
    BudgetWeekFactory,
    StrategicDirectiveFactory,
    UsageRecordFactory,
    rebuild_hours,
)

pytestmark = pytest.mark.django_db

SECURITY = Task("SECURITY", Phase.EXEC, 3)
DOCS = Task("DOCMON", Phase.EXEC, 3)
NEXT = WEEK_END + timedelta(minutes=1)
WHO = {"actor": "chairman", "now": NOW}


def use(tokens: int, **columns: Any) -> None:
    record = UsageRecordFactory(input=tokens, output=0, **columns)
    rebuild_hours({record.hour})


def ask(task: Task = SECURITY, sd: StrategicDirective | None = None) -> Decision:
    row, _ = decide(situation=situation_at(NOW), run=Run(task=task, sd=sd), actor="hook", now=NOW)
    return row


@pytest.fixture
def red() -> None:
    """RED, but not exhausted."""
    BudgetWeekFactory()
    use(480_000)


@pytest.fixture
def exhausted() -> StrategicDirective:
    """The week ran out with an SD in progress."""
    BudgetWeekFactory()
    sd = StrategicDirectiveFactory(code="SD-RUNS", phase="EXEC")
    use(500_000, sd=sd)
    return sd


class TestQueue:
    def test_a_run_deferred_by_rule_waits_once(self, red: None) -> None:
        first = ask()
        assert first.outcome == Outcome.DEFER
        ask()
        ask(sd=StrategicDirectiveFactory(phase="EXEC"))
        waiting = list(DeferredRun.objects.all())
        assert (waiting[0].decision, waiting[0].position) == (first, 1)
        assert [row.sd is None for row in waiting] == [True, False]
        assert waiting_counts() == Waiting(sds=0, runs=2, paused=0)

    def test_the_queue_is_put_in_order(self, red: None) -> None:
        for code in ("SD-A", "SD-B", "SD-C"):
            ask(sd=StrategicDirectiveFactory(code=code, phase="EXEC"))
        last = DeferredRun.objects.get(sd__code="SD-C")
        move_run(row=last, up=True, **WHO)
        order = DeferredRun.objects.values_list("sd__code", flat=True)
        assert list(order) == ["SD-A", "SD-C", "SD-B"]
        entry = AuditEntry.objects.get(action="deferral order")
        assert (entry.before, entry.after) == ({"place": 3}, {"place": 2})
        move_run(row=DeferredRun.objects.get(sd__code="SD-A"), up=True, **WHO)
        assert AuditEntry.objects.filter(action="deferral order").count() == 1
        ask(sd=StrategicDirectiveFactory(code="SD-D", phase="EXEC"))
        assert list(order.all()) == ["SD-A", "SD-C", "SD-B", "SD-D"]

    def test_a_run_goes_now_by_an_override_for_that_run(self, red: None) -> None:
        sd = StrategicDirectiveFactory(phase="EXEC")
        ask(sd=sd)
        row = DeferredRun.objects.get()
        opus = Tier.objects.get(name="opus")
        override = run_now(row=row, tier=opus, reason="Now.", until=WEEK_END, **WHO)
        assert (override.sd_code, override.uses_left) == (sd.code, 1)
        assert ask(sd=sd).override == override
        assert ask(sd=sd).outcome == Outcome.DEFER  # the one run has had its turn
        with pytest.raises(RuleError, match="does not wait any more"):
            run_now(row=row, tier=opus, reason="Again.", until=WEEK_END, **WHO)

    def test_what_the_override_may_not_do_leaves_the_run_waiting(self, red: None) -> None:
        ask()
        row = DeferredRun.objects.get()
        for tier, reason in (("haiku", "Now."), ("opus", "  ")):
            with pytest.raises(RuleError):
                run_now(
                    row=row,
                    tier=Tier.objects.get(name=tier),
                    reason=reason,
                    until=WEEK_END,
                    **WHO,
                )
        assert waiting_counts().runs == 1

    def test_a_run_is_taken_out_once(self, red: None) -> None:
        ask()
        row = DeferredRun.objects.get()
        drop_run(row=row, reason="Not needed.", **WHO)
        with pytest.raises(RuleError):
            drop_run(row=row, reason="Not needed.", **WHO)
        assert AuditEntry.objects.filter(action="run release").count() == 1


class TestRelease:
    def test_the_next_week_releases_all_with_one_step_each(self, red: None) -> None:
        fresh = StrategicDirectiveFactory(code="SD-FRESH")
        begun = StrategicDirectiveFactory(code="SD-BEGUN", phase="PLAN")
        for row in (begun, fresh):
            defer_sd(row=row, reason="Too dear.", **WHO)
        ask()
        assert release_deferrals(now=NOW) == 0
        ensure_week(now=NEXT)
        assert release_deferrals(now=NEXT) == 3
        assert release_deferrals(now=NEXT) == 0
        begun.refresh_from_db()
        fresh.refresh_from_db()
        assert (begun.status, fresh.status) == (Status.IN_PROGRESS, Status.PROPOSED)
        assert (begun.deferral_reason, begun.deferred_at) == ("", None)
        steps = AuditEntry.objects.filter(at=NEXT).order_by("pk")
        assert [(step.action, step.subject, step.actor) for step in steps] == [
            ("SD release", "SD-BEGUN", "budgetctl"),
            ("SD release", "SD-FRESH", "budgetctl"),
            ("run release", "run of SECURITY in EXEC", "budgetctl"),
        ]

    def test_what_was_put_off_in_the_new_week_stays(self) -> None:
        ensure_week(now=NEXT)
        sd = StrategicDirectiveFactory()
        defer_sd(row=sd, reason="Later.", actor="chairman", now=NEXT)
        assert release_deferrals(now=NEXT + timedelta(hours=1)) == 0

    def test_without_a_week_nothing_is_released(self) -> None:
        StrategicDirectiveFactory(status=Status.DEFERRED)
        assert release_deferrals(now=NEXT) == 0


class TestPause:
    def test_an_sd_pauses_when_its_week_is_exhausted(self, exhausted: StrategicDirective) -> None:
        waits = StrategicDirectiveFactory(code="SD-WAITS")
        assert pause_exhausted(now=NOW) == 1
        assert pause_exhausted(now=NOW) == 0
        exhausted.refresh_from_db()
        waits.refresh_from_db()
        assert (exhausted.status, exhausted.phase) == (Status.PAUSED, "EXEC")
        assert waits.status == Status.PROPOSED
        entry = AuditEntry.objects.get(action="SD pause")
        assert entry.reason == "The week’s budget ran out in mid-SD."

    def test_a_run_of_a_paused_sd_is_told_to_wait(self, exhausted: StrategicDirective) -> None:
        pause_exhausted(now=NOW)
        exhausted.refresh_from_db()
        row = ask(DOCS, sd=exhausted)
        assert (row.outcome, row.recommended) == (Outcome.PAUSE, None)
        assert "SD-RUNS is paused" in row.reason
        assert ask(DOCS).outcome == Outcome.USE  # another run goes on
        assert not DeferredRun.objects.filter(decision=row).exists()

    def test_an_approval_holds_until_its_tokens_are_used(
        self, exhausted: StrategicDirective
    ) -> None:
        pause_exhausted(now=NOW)
        sd = approve(sd=exhausted, amount=1_000, reason="It ends today.", **WHO)
        assert (sd.status, sd.approved_up_to) == (Status.IN_PROGRESS, 501_000)
        entry = AuditEntry.objects.get(action="SD approval")
        assert entry.after is not None
        assert (entry.after["approved"], entry.reason) == (1_000, "It ends today.")
        use(999, sd=sd)
        assert pause_exhausted(now=NOW) == 0
        assert ask(DOCS, sd=sd).outcome == Outcome.USE
        use(1, sd=sd)
        assert pause_exhausted(now=NOW) == 1
        assert "approved are used up" in AuditEntry.objects.filter(action="SD pause")[0].reason

    def test_an_approval_of_another_week_does_not_count(
        self, exhausted: StrategicDirective
    ) -> None:
        pause_exhausted(now=NOW)
        approve(sd=exhausted, amount=10**6, reason="Go on.", **WHO)
        ensure_week(now=NEXT)
        use(500_000, at=NEXT)
        assert pause_exhausted(now=NEXT + timedelta(hours=1)) == 1

    @pytest.mark.parametrize(
        ("amount", "reason", "sentence"),
        [
            (0, "Go on.", "at least one token"),
            (-5, "Go on.", "at least one token"),
            (10**12, "Go on.", "more than one SD can burn"),
            (10, "   ", "Say why"),
        ],
    )
    def test_an_approval_that_is_none_is_refused(
        self, exhausted: StrategicDirective, amount: int, reason: str, sentence: str
    ) -> None:
        pause_exhausted(now=NOW)
        with pytest.raises(RuleError, match=sentence):
            approve(sd=exhausted, amount=amount, reason=reason, **WHO)

    def test_an_sd_is_stopped_for_good(self, exhausted: StrategicDirective) -> None:
        pause_exhausted(now=NOW)
        sd = stop_sd(row=exhausted, reason="Not worth it.", **WHO)
        assert sd.status == Status.ARCHIVED
        assert ask(DOCS, sd=sd).outcome == Outcome.PAUSE
        for again in (
            lambda: stop_sd(row=sd, reason="Again.", **WHO),
            lambda: approve(sd=sd, amount=5, reason="No, go on.", **WHO),
        ):
            with pytest.raises(RuleError, match="not paused any more"):
                again()

    def test_off_is_off(self, exhausted: StrategicDirective) -> None:
        pause_exhausted(now=NOW)
        exhausted.refresh_from_db()
        BudgetRuleFactory(enabled=False)
        assert ask(DOCS, sd=exhausted).outcome == Outcome.OFF
        StrategicDirectiveFactory(phase="EXEC")
        assert pause_exhausted(now=NOW) == 0


def at_once(times: int, act: Callable[[], Any]) -> list[Any]:
    """What each of some threads got that did the same in the same moment, as the clock does."""
    barrier = Barrier(times)

    def one(_: int) -> Any:
        try:
            barrier.wait(timeout=20)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times, initializer=act_as, initargs=[Role.SYSTEM]) as pool:
        return list(pool.map(one, range(times)))


@pytest.mark.django_db(transaction=True)
def test_ticks_at_once_release_and_pause_once(red: None) -> None:
    for code in ("SD-A", "SD-B"):
        defer_sd(row=StrategicDirectiveFactory(code=code), reason="Later.", **WHO)
    ask()
    ensure_week(now=NEXT)
    released = at_once(4, lambda: release_deferrals(now=NEXT))
    assert sum(released) == 3
    StrategicDirectiveFactory(code="SD-C", phase="EXEC")
    use(500_000, at=NEXT)
    assert sum(at_once(4, lambda: pause_exhausted(now=NEXT))) == 1
    actions = AuditEntry.objects.filter(actor="budgetctl").values_list("action", flat=True)
    assert sorted(actions) == ["SD pause", "SD release", "SD release", "run release"]


def test_the_tick_does_both(red: None) -> None:
    defer_sd(row=StrategicDirectiveFactory(code="SD-A"), reason="Later.", **WHO)
    tick(now=NEXT)
    tick(now=NEXT)
    assert AuditEntry.objects.filter(action="SD release").count() == 1
