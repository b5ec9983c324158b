"""One decision for one key, also where several ask at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.decisions.models import Decision
from allocation.decisions.operations import Run, decide, decide_all
from allocation.decisions.situation import situation_at
from allocation.policy.phases import Phase
from allocation.policy.recommend import Outcome, Task
from allocation.rights.roles import Role, act_as
from tests.factories import NOW, BudgetRuleFactory, UsageHourFactory

TASK = Task("TESTING", Phase.EXEC, 3)


def asked(now: datetime = NOW, **more: Any) -> Any:
    run = Run(task=TASK, **more)
    return decide(situation=situation_at(now), run=run, actor="hook", now=now)


@pytest.mark.django_db
def test_the_stored_answer_comes_back_whole() -> None:
    first, said = asked(key="toolu_1", requested="haiku", session_id="s", agent_id="a")
    BudgetRuleFactory(enabled=False)
    again, repeated = asked(key="toolu_1")
    assert again == first
    assert repeated == said
    assert (again.requested, again.session_id, again.agent_id) == ("haiku", "s", "a")
    assert Decision.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_each_question_is_a_decision() -> None:
    assert asked()[0] != asked()[0]


@pytest.mark.django_db
def test_a_deferral_is_repeated_as_one() -> None:
    BudgetRuleFactory(limit=1)
    UsageHourFactory(hour=NOW - timedelta(hours=1), input=10)
    run = Run(task=Task("SECURITY", Phase.EXEC, 3), key="k")
    given = {"situation": situation_at(NOW), "run": run, "actor": "hook", "now": NOW}
    assert decide(**given)[1].outcome is Outcome.DEFER
    assert decide(**given)[1] == decide(**given)[1]


@pytest.mark.django_db(transaction=True)
def test_a_decision_alone_is_one_statement_and_no_transaction() -> None:
    situation = situation_at(NOW)
    assert situation.tiers  # read before
    with CaptureQueriesContext(connection) as asked_for:
        for _ in range(2):
            run = Run(task=TASK, key="toolu_1")
            row, _answer = decide(situation=situation, run=run, actor="hook", now=NOW)
    first, second, *_again = [query["sql"][:6] for query in asked_for.captured_queries]
    assert (first, second) == ("INSERT", "INSERT")
    assert Decision.objects.get() == row


@pytest.mark.django_db(transaction=True)
def test_a_deferral_is_stored_with_its_place_in_the_queue_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    BudgetRuleFactory(limit=1)
    UsageHourFactory(hour=NOW - timedelta(hours=1), input=10)
    run = Run(task=Task("SECURITY", Phase.EXEC, 3), key="k")
    situation = situation_at(NOW)

    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("allocation.decisions.operations._queue", broken)
    with pytest.raises(ZeroDivisionError):
        decide(situation=situation, run=run, actor="hook", now=NOW)
    assert not Decision.objects.exists()


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=5), max_size=4
    )
)
def test_any_repetition_of_keys_is_one_decision_each(batches: list[list[str | None]]) -> None:
    before = Decision.objects.count()
    run = uuid4().hex  # nobody deletes decisions, so that each example has keys of its own
    situation = situation_at(NOW)
    answers: dict[str, int] = {}
    for batch in batches:
        runs = [Run(task=TASK, key=key and f"{run}-{key}") for key in batch]
        decided = decide_all(situation=situation, runs=runs, actor="hook", now=NOW)
        for key, (row, _) in zip(batch, decided, strict=True):
            if key is not None:
                assert answers.setdefault(key, row.pk) == row.pk
    without = sum(key is None for batch in batches for key in batch)
    assert Decision.objects.count() - before == len(answers) + without


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_all_get_the_one_decision() -> None:
    barrier = Barrier(4)

    def ask(_: int) -> int:
        try:
            situation = situation_at(NOW)
            barrier.wait(timeout=20)
            run = Run(task=TASK, key="toolu_1")
            row, _ = decide(situation=situation, run=run, actor="hook", now=NOW)
            return int(row.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4, initializer=act_as, initargs=[Role.CHAIRMAN]) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert Decision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_lists_of_the_same_keys_in_other_orders_do_not_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    barrier = Barrier(2)
    keys = [f"toolu_{number:04}" for number in range(1_000)]
    store = type(Decision.objects).bulk_create

    def both_at_once(*given: Any) -> Any:
        with suppress(BrokenBarrierError):
            barrier.wait(timeout=1)
        return store(*given)

    def ask(order: int) -> list[int]:
        try:
            runs = [Run(task=TASK, key=key) for key in keys[::order]]
            decided = decide_all(situation=situation_at(NOW), runs=runs, actor="hook", now=NOW)
            return [row.pk for row, _ in decided][::order]
        finally:
            connection.close()

    monkeypatch.setattr(type(Decision.objects), "bulk_create", both_at_once)
    with ThreadPoolExecutor(2, initializer=act_as, initargs=[Role.CHAIRMAN]) as pool:
        first, second = pool.map(ask, (1, -1))
    assert first == second
    assert Decision.objects.count() == len(keys)
