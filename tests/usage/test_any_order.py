"""Whatever the order, the batches and the repetitions of sights: what is stored is the same."""

from datetime import timedelta
from functools import reduce
from itertools import permutations
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.usage import models
from allocation.usage.agents import learn
from allocation.usage.models import UsageRecord
from allocation.usage.observation import Observation, merge
from allocation.usage.operations import check_roll_ups
from allocation.usage.transcripts.attribution import AgentCall, AgentName, Evidence
from tests.usage.sights import clear, everything, one_sight, put, sight
from tests.usage.transcripts import START, totals

pytestmark = pytest.mark.django_db

SIGHTS = st.lists(one_sight(), min_size=1, max_size=12)


@pytest.mark.parametrize(("source", "output"), [("otlp", 42), ("transcript", 42), ("api", 1)])
def test_two_messages_of_a_request_that_was_told_of_as_such_are_one(
    source: str, output: int
) -> None:
    told = sight(None, source=source, output=42)
    for order in permutations([sight("m1"), sight("m2"), told]):
        clear()
        for seen in order:
            put(seen)
        put(sight("m2", None), sight("m1", None))
        assert [str(record) for record in UsageRecord.objects.all()] == ["m1"]
        assert totals()["output"] == output


def test_of_two_answering_models_that_of_the_best_transcript_counts_whatever_came_first() -> None:
    asked = sight(None, source="otlp", output=42, model="claude-opus-5", answered=False)
    early = sight(output=1, model="claude-opus-5", output_final=False)
    late = sight(output=40, model="claude-haiku-5-5", at=START + timedelta(seconds=1))
    for order in permutations([asked, early, late]):
        clear()
        for seen in order:
            put(seen)
        record = UsageRecord.objects.get()
        assert (record.output, record.model, record.source) == (42, "claude-haiku-5-5", "otlp")


def test_of_two_models_that_were_asked_for_the_same_counts_whatever_came_first() -> None:
    asked = [sight(None, source="otlp", model=model, answered=False) for model in ("a", "b")]
    for order in permutations(asked):
        clear()
        put(*order)
        assert UsageRecord.objects.get().model == "b"


def test_the_hour_of_cached_writes_is_the_best_transcripts_where_telemetry_does_not_tell() -> None:
    told = sight(None, source="otlp", output=42, cache_write_5m=60, answered=False, model="m")
    early = sight(output=1, cache_write_5m=60, model="m")
    late = sight(output=2, cache_write_5m=20, cache_write_1h=40, model="m")
    for order in permutations([told, early, late]):
        clear()
        for seen in order:
            put(seen)
        record = UsageRecord.objects.get()
        assert (record.output, record.cache_write_5m, record.cache_write_1h) == (42, 20, 40)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIGHTS, st.data())
def test_order_repetition_and_batches_make_no_difference(
    db: None, seen: list[Observation], data: st.DataObject
) -> None:
    clear()
    put(*seen)
    expected = everything()
    clear()
    again = data.draw(st.permutations([*seen, *data.draw(st.lists(st.sampled_from(seen)))]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(again)), max_size=3)))
    for start, stop in zip([0, *cuts], [*cuts, len(again)], strict=True):
        put(*again[start:stop])
    assert everything() == expected
    assert check_roll_ups(since=START - timedelta(days=1), until=START + timedelta(days=1)) == []
    assert put(*again).unchanged == UsageRecord.objects.count()


@settings(max_examples=200)
@given(SIGHTS, st.data())
def test_merging_is_the_same_in_any_grouping(seen: list[Observation], data: st.DataObject) -> None:
    expected = reduce(merge, seen)
    other = data.draw(st.permutations(seen))
    cut = data.draw(st.integers(0, len(seen) - 1))
    parts = [reduce(merge, part) for part in (other[:cut], other[cut:]) if part]
    assert reduce(merge, parts) == expected
    assert merge(expected, data.draw(st.sampled_from(seen))) is expected


NAMES = st.builds(
    AgentName,
    st.just("s"),
    st.sampled_from(["a1", "a2"]),
    st.sampled_from(["docmon", "security"]),
    st.sampled_from([Evidence.LINE, Evidence.PARENT]),
)
CALLS = st.one_of(
    st.builds(AgentCall, st.just("t1"), st.just("s"), st.sampled_from(["retro", "testing"])),
    st.just(AgentCall("t1", "s", "", "a1", Evidence.PARENT)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(NAMES, CALLS), min_size=1, max_size=6), st.randoms())
def test_an_agents_name_is_the_same_whatever_told_it_first(
    db: None, told: list[AgentName | AgentCall], random: Random
) -> None:
    def runs(told: list[AgentName | AgentCall]) -> list[tuple[str, str, int]]:
        models.AgentRun.objects.all().delete()
        models.AgentCall.objects.all().delete()
        for each in told:
            is_name = isinstance(each, AgentName)
            learn([each] if is_name else [], [] if is_name else [each])
        every = models.AgentRun.objects.order_by("agent_id")
        return list(every.values_list("agent_id", "agent_type", "evidence"))

    assert runs(random.sample(told, len(told))) == runs(told)
