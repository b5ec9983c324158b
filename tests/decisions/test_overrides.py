"""Which override acts on a run: by SD, by phase, for one run, and what is left of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection

from allocation.audit.models import AuditEntry
from allocation.decisions import operations
from allocation.decisions.models import Decision
from allocation.decisions.operations import Run, decide, decide_all
from allocation.decisions.situation import situation_at
from allocation.directives.models import StrategicDirective
from allocation.floors.models import Override
from allocation.floors.operations import revoke_override, use_override
from allocation.policy.errors import RuleError
from allocation.policy.phases import Phase
from allocation.policy.recommend import Task
from allocation.rights.roles import Role, act_as
from tests.factories import (
    NOW,
    OverrideFactory,
    StrategicDirectiveFactory,
    SubAgentFactory,
    TierFactory,
)

pytestmark = pytest.mark.django_db

DOCS = Task("DOCMON", Phase.EXEC, 1)


def given(tier: str = "opus", **columns: Any) -> Override:
    return OverrideFactory(
        sub_agent=SubAgentFactory(code="DOCMON"), tier=TierFactory(name=tier), **columns
    )


def ask(sd: StrategicDirective | None = None, **more: Any) -> Decision:
    row, _ = decide(
        situation=situation_at(NOW), run=Run(task=DOCS, sd=sd, **more), actor="hook", now=NOW
    )
    return row


def test_an_override_of_an_sd_acts_on_its_runs_only() -> None:
    override = given(sd_code="SD-A")
    ours = StrategicDirectiveFactory(code="SD-A")
    assert ask(ours).override == override
    assert ask(StrategicDirectiveFactory(code="SD-B")).override is None
    assert ask().override is None


def test_the_more_particular_override_goes_first() -> None:
    sd = StrategicDirectiveFactory(code="SD-A")
    for columns in ({"sd_code": "SD-A"}, {"phase": "EXEC"}, {"uses_left": 1}, {}):
        given(**columns)
    used = [ask(sd).override, ask().override]
    assert [(one.sd_code, one.phase) for one in used if one] == [("SD-A", ""), ("", "EXEC")]
    general = situation_at(NOW).override_for("DOCMON", "LEAD")
    assert general is not None
    assert general.uses_left == 1


def test_an_override_for_one_run_is_used_up_by_it() -> None:
    override = given(uses_left=1)
    first = ask()
    assert (first.override, first.recommended and first.recommended.name) == (override, "opus")
    assert ask().override is None
    override.refresh_from_db()
    assert override.uses_left == 0
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("override use", "hook")
    assert (entry.before, entry.after) == ({"uses_left": 1}, {"uses_left": 0})
    with pytest.raises(RuleError, match="was used already"):
        revoke_override(override=override, actor="chairman", now=NOW, reason="Too late.")


def test_a_repeated_question_does_not_use_it_twice() -> None:
    given(uses_left=2)
    assert ask(key="toolu_1") == ask(key="toolu_1")
    assert Override.objects.get().uses_left == 1


@pytest.mark.parametrize(("left", "tier"), [(1, "haiku"), (2, "opus"), (None, "opus")])
def test_of_several_runs_in_one_question_as_many_get_it_as_it_is_for(
    left: int | None, tier: str
) -> None:
    given(uses_left=left)
    runs = [Run(task=DOCS), Run(task=DOCS)]
    decided = decide_all(situation=situation_at(NOW), runs=runs, actor="hook", now=NOW)
    assert [row.override is not None for row, _ in decided] == [True, tier == "opus"]
    assert [str(answer.tier) for _, answer in decided] == ["opus", tier]


def test_what_was_read_earlier_may_be_gone() -> None:
    given(uses_left=1)
    stale = situation_at(NOW)
    ask()
    row, answer = decide(situation=stale, run=Run(task=DOCS), actor="hook", now=NOW)
    assert (row.override, str(answer.tier)) == (None, "haiku")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_gets_it() -> None:
    given(uses_left=1)
    barrier = Barrier(4)

    def one(_: int) -> bool:
        try:
            situation = situation_at(NOW)
            barrier.wait(timeout=20)
            row, _answer = decide(situation=situation, run=Run(task=DOCS), actor="hook", now=NOW)
            return row.override_id is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4, initializer=act_as, initargs=[Role.CHAIRMAN]) as pool:
        assert sorted(pool.map(one, range(4))) == [False, False, False, True]
    assert Override.objects.get().uses_left == 0


@pytest.mark.django_db(transaction=True)
def test_lists_in_other_orders_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("DOCMON", "RETRO"):
        for _ in range(2):
            OverrideFactory(sub_agent=SubAgentFactory(code=code), uses_left=1)
    barrier = Barrier(2)

    def use_and_wait(**given: Any) -> bool:
        used = use_override(**given)
        with suppress(BrokenBarrierError):
            barrier.wait(timeout=0.5)
        return used

    monkeypatch.setattr(operations, "use_override", use_and_wait)

    def ask_for(codes: Sequence[str]) -> int:
        runs = [Run(task=Task(code, Phase.EXEC, 1)) for code in codes]
        try:
            situation = situation_at(NOW)
            decided = decide_all(situation=situation, runs=runs, actor="fleet", now=NOW)
            return sum(row.override_id is not None for row, _ in decided)
        finally:
            connection.close()

    orders = (("DOCMON", "RETRO"), ("RETRO", "DOCMON"))
    with ThreadPoolExecutor(2, initializer=act_as, initargs=[Role.CHAIRMAN]) as pool:
        assert list(pool.map(ask_for, orders)) == [2, 2]
