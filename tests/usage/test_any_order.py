"""Whatever the order, the batches and the repetitions of sights: what is stored is the same."""

from datetime import timedelta
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.usage.models import UsageRecord
from allocation.usage.observation import Observation, merge
from allocation.usage.operations import check_roll_ups
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
