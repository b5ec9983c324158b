"""One record for each request, whoever saw it, in whatever order and however often."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.usage.ingest import store
from allocation.usage.models import AgentRun, Source, TranscriptFile, UsageHour, UsageRecord
from allocation.usage.observation import TRUST, Observation, merge
from allocation.usage.operations import check_roll_ups, import_transcripts
from allocation.usage.stored import Stored
from allocation.usage.terms import load_terms
from allocation.usage.transcripts.attribution import AgentName
from tests.usage.transcripts import START, append, response, text, totals, write

pytestmark = pytest.mark.django_db


def sight(message_id: str | None = "m1", request_id: str | None = "r1", **more: Any) -> Observation:
    at = more.pop("at", START)
    known: dict[str, Any] = {"source": "transcript", "session_id": "s", "input": 1, "output": 1}
    return Observation(
        message_id=message_id, request_id=request_id, at=at, counted_at=at, **(known | more)
    )


def put(*sights: Observation, names: Sequence[AgentName] = ()) -> Stored:
    return store(sights, terms=load_terms, names=names)


def test_every_source_has_its_trust() -> None:
    assert list(TRUST) == Source.values


@pytest.mark.parametrize("swapped", [True, False])
def test_a_better_source_improves_and_never_adds(swapped: bool) -> None:
    read = sight(output=900, agent_id="a1", sidechain=True, agent_type="docmon")
    measured = sight(None, "r1", source="otlp", output=42, model="claude-haiku-4-5")
    for seen in (measured, read) if swapped else (read, measured):
        put(seen)
    record = UsageRecord.objects.get()
    assert (record.message_id, record.request_id, record.source) == ("m1", "r1", "otlp")
    assert (record.output, record.model) == (42, "claude-haiku-4-5")
    assert UsageHour.objects.get().output == 42


def test_names_that_would_make_a_page_say_something_else_are_stored_as_they_are_shown() -> None:
    seen = sight(model="gpt\u202eo", agent_id="a1", agent_type="x\x1b[8m", sidechain=True)
    names = [AgentName("s", "a1", "x\x1b[8m", 1)]
    assert (put(seen, names=names).new, put(seen, names=names).unchanged) == (1, 1)
    record = UsageRecord.objects.get()
    assert (record.model, record.sub_agent) == ("gpt�o", "x�[8m")


@pytest.mark.parametrize("swapped", [True, False])
def test_the_model_that_answered_beats_the_one_that_was_asked_for(swapped: bool) -> None:
    asked = sight(None, "r1", source="otlp", output=42, model="claude-opus-5", answered=False)
    answered = sight(output=7, model="claude-haiku-5-5")
    for seen in (asked, answered) if swapped else (answered, asked):
        put(seen)
    put(asked)
    record = UsageRecord.objects.get()
    assert (record.output, record.model, record.answered) == (42, "claude-haiku-5-5", True)


def test_of_many_records_each_is_stored_as_it_was_seen() -> None:
    """More than go into one statement, some with what hardly any record has."""
    sights = [
        sight(f"m{n}", f"r{n}", output=n, **({"tier": "opus", "unsplit": n} if n % 7 == 0 else {}))
        for n in range(1, 500)
    ]
    assert put(*sights).new == 499
    columns = ("message_id", "request_id", "output", "tier", "unsplit")
    stored = set(UsageRecord.objects.values_list(*columns))
    assert stored == {tuple(getattr(seen, name) for name in columns) for seen in sights}
    assert put(*sights).unchanged == 499


def test_two_records_that_turn_out_to_be_one_are_joined() -> None:
    put(sight(request_id=None), sight(None, "r1", at=START - timedelta(hours=2), output=5))
    assert UsageRecord.objects.count() == 2
    put(sight())
    record = UsageRecord.objects.get()
    assert (record.message_id, record.request_id, record.output) == ("m1", "r1", 5)
    assert [hour.hour.hour for hour in UsageHour.objects.all()] == [7]


def test_two_records_of_one_batch_that_turn_out_to_be_one_are_joined() -> None:
    put(sight(request_id=None), sight(None, "r1", output=5), sight())
    assert UsageRecord.objects.get().output == 5


def test_after_two_records_of_one_batch_were_joined_later_sights_reach_the_one() -> None:
    put(sight(request_id=None), sight(None, "r1", output=5), sight(), sight(None, "r1", output=9))
    assert UsageRecord.objects.get().output == 9


def test_two_messages_of_one_request_id_both_count() -> None:
    put(sight("m1"), sight("m2"))
    put(sight("m2"), sight("m3"))
    assert sorted(UsageRecord.objects.values_list("message_id", "request_id")) == [
        ("m1", "r1"),
        ("m2", "r1"),
        ("m3", "r1"),
    ]


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


def test_a_message_is_found_by_any_request_id_it_came_with() -> None:
    put(sight(request_id="r1"), sight(request_id="r9"))
    for request_id in ("r1", "r9"):
        put(sight(None, request_id, source="otlp", output=42))
    assert totals()["records"] == 1


def test_records_are_joined_through_a_request_id_that_the_batch_does_not_name() -> None:
    put(sight("m1", "r1"), sight("m1", "r2"), sight("m2", "r2"), sight("m2", "r3"))
    put(sight("m3", "r3"))
    assert totals()["records"] == 3
    put(sight(None, "r1", source="otlp"))
    assert totals()["records"] == 1


def test_a_transcript_keeps_every_request_id_of_a_message(tmp_path: Path, now: datetime) -> None:
    write(tmp_path / "a.jsonl", response(), response(request_id="req_9"))
    import_transcripts(paths=[tmp_path], now=now)
    put(sight(None, "req_9", source="otlp", output=42), sight(None, "req_1", source="otlp"))
    assert (totals()["records"], totals()["output"]) == (1, 42)


def test_a_record_that_moves_to_another_hour_leaves_nothing_behind() -> None:
    put(sight())
    put(sight(at=START - timedelta(days=1)))
    assert [hour.hour.day for hour in UsageHour.objects.all()] == [17]


def test_a_batch_of_names_alone_moves_what_was_counted() -> None:
    put(sight(agent_id="a1", sidechain=True))
    put(names=[AgentName("s", "a1", "retro", 3), AgentName("s", "a1", "other", 4)])
    assert UsageHour.objects.get().sub_agent == "RETRO"


def test_a_name_does_not_reach_the_same_agent_id_of_another_session() -> None:
    for session in ("s", "t"):
        own = {"session_id": session, "agent_id": "a1" if session == "s" else "a2"}
        put(sight(session, session, sidechain=True, **own))
    put(sight("u", "u", sidechain=True, session_id="t", agent_id="a1"))
    put(names=[AgentName("s", "a1", "retro", 3), AgentName("t", "a2", "docmon", 3)])
    names = UsageRecord.objects.order_by("message_id").values_list("sub_agent", flat=True)
    assert list(names) == ["RETRO", "DOCMON", "unknown"]


def test_what_is_known_better_is_noted_without_touching_records() -> None:
    put(names=[AgentName("s", "a1", "retro", 4)])
    put(names=[AgentName("s", "a1", "retro", 2)])
    put(names=[AgentName("s", "a1", "docmon", 3)])
    run = AgentRun.objects.get()
    assert (run.agent_type, run.evidence) == ("retro", 2)


def test_nothing_is_stored_of_a_batch_that_fails(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.jsonl", response())
    import_transcripts(paths=[tmp_path], now=now)
    before = TranscriptFile.objects.values().get()
    append(file, text(response("msg_2", request_id="req_2")))
    with monkeypatch.context() as patch:
        patch.setattr("allocation.usage.bookmarks.moved", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            import_transcripts(paths=[tmp_path], now=now)
    assert TranscriptFile.objects.values().get() == before
    assert totals()["records"] == 1
    assert import_transcripts(paths=[tmp_path], now=now).new == 1


# Three requests, as three sources saw them: lines of transcripts, among them copies and lines that
# are not final; telemetry, of versions that tell more and less; a report of a script. Now and then
# a message comes with another's request id, or a request id with another's message.
MODELS = st.sampled_from(["claude-haiku-4-5", "claude-opus-4-5", "new", ""])
MINUTES = st.integers(0, 90).map(lambda minutes: START + timedelta(minutes=minutes))


@st.composite
def one_sight(draw: st.DrawFn) -> Observation:
    message = draw(st.integers(1, 3))
    request = draw(st.sampled_from([message, message, message, 1, 2, 3]))
    source = draw(st.sampled_from(["transcript", "transcript", "otlp", "api"]))
    agent = draw(st.sampled_from(["", "", "a1", "a2"]))
    is_telemetry = source == "otlp"
    knows_message = not is_telemetry and draw(st.booleans())
    writes_1h = draw(st.integers(0, 2))
    seen = sight(
        f"m{message}" if knows_message else None,
        f"r{request}" if not knows_message or draw(st.booleans()) else None,
        source=source,
        at=draw(MINUTES),
        session_id=draw(st.sampled_from(["s", "t", ""])),
        agent_id=agent,
        sidechain=bool(agent) or draw(st.booleans()),
        agent_type=draw(st.sampled_from(["", "docmon", "security"])) if agent else "",
        model=draw(MODELS),
        answered=not is_telemetry,
        output=draw(st.integers(0, 2)),
        output_final=draw(st.booleans()),
        estimated=source == "api" and draw(st.booleans()),
        input=draw(st.integers(1, 2)),
        cache_write_5m=draw(st.integers(2, 3)) - writes_1h,
        cache_write_1h=writes_1h,
    )
    return msgspec.structs.replace(seen, counted_at=draw(MINUTES))


SIGHTS = st.lists(one_sight(), min_size=1, max_size=12)
# What a record says, whichever way it came about. Sights that never name both ids stay two records.
SAID = [name for name in Observation.__struct_fields__ if name not in {"answer", "sd_id", "phase"}]


def everything() -> list[tuple[Any, ...]]:
    records = UsageRecord.objects.values_list(*SAID, "sub_agent", "answer")
    columns = ("hour", "sub_agent", "model", "records", "input", "output", "cache_write_1h")
    return [*sorted(records, key=repr), *sorted(UsageHour.objects.values_list(*columns))]


def clear() -> None:
    UsageRecord.objects.all().delete()
    UsageHour.objects.all().delete()


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
