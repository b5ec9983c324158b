"""One record for each request, whoever saw it and however often."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from allocation.usage.models import AgentRun, Source, TranscriptFile, UsageHour, UsageRecord
from allocation.usage.observation import TRUST
from allocation.usage.operations import import_transcripts
from allocation.usage.transcripts.attribution import AgentName
from tests.usage.sights import put, sight
from tests.usage.transcripts import START, append, response, text, totals, write

pytestmark = pytest.mark.django_db


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
