"""What counts, and how often: each case in which a transcript misleads."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from allocation.usage.models import UsageHour, UsageRecord
from allocation.usage.operations import import_transcripts
from allocation.usage.transcripts.importing import ImportSummary
from tests.usage.transcripts import (
    SESSION,
    append,
    call,
    progress,
    prompt,
    response,
    text,
    totals,
    write,
)

pytestmark = pytest.mark.django_db

Import = Callable[[], ImportSummary]
ONE = {
    "records": 1,
    "input": 100,
    "output": 7,
    "cache_write_5m": 10,
    "cache_write_1h": 20,
    "cache_read": 5,
}


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """The transcript of the main thread."""
    return tmp_path / "projects" / "-home-dev" / f"{SESSION}.jsonl"


@pytest.fixture
def run(tmp_path: Path, now: datetime) -> Import:
    """Import everything below the folder of projects."""
    return lambda: import_transcripts(paths=[tmp_path / "projects"], now=now)


def test_a_streamed_response_counts_once_with_its_final_output(main: Path, run: Import) -> None:
    write(main, response(output=1, final=False), response(output=7, minute=0.1))
    summary = run()
    assert totals() == ONE
    assert (summary.new, summary.lines, summary.unreadable) == (1, 2, 0)
    assert UsageRecord.objects.get().output_final


def test_a_response_that_was_never_finished_counts_and_says_so(main: Path, run: Import) -> None:
    write(main, response(output=1, final=False), response(output=1, final=False, minute=0.1))
    run()
    assert totals() == ONE | {"output": 1}
    assert not UsageRecord.objects.get().output_final


def test_of_equal_outputs_the_last_line_counts_whole(main: Path, run: Import) -> None:
    fallback = response(input=90, model="claude-haiku-4-5", write_5m=3, minute=0.1)
    write(main, response(), fallback)
    run()
    record = UsageRecord.objects.get()
    assert (record.model, record.input, record.cache_write_5m) == ("claude-haiku-4-5", 90, 3)


def test_a_response_without_request_id_counts_once(main: Path, run: Import) -> None:
    write(main, *[response(request_id=None, minute=minute) for minute in (0, 1)])
    run()
    assert totals() == ONE


def test_a_response_without_message_id_is_known_by_its_request(main: Path, run: Import) -> None:
    write(
        main, *[response(None, minute=minute) for minute in (0, 1)], response(None, request_id="r2")
    )
    run()
    assert totals()["records"] == 2


def test_a_response_without_any_id_is_known_by_its_line(main: Path, run: Import) -> None:
    nameless = response(None, request_id=None, uuid="u1")
    write(main, nameless, nameless)
    run()
    assert totals() == ONE


def test_one_message_in_two_sessions_counts_once_for_the_first(main: Path, run: Import) -> None:
    write(main, response())
    run()
    write(main.with_name("resumed.jsonl"), response(session="resumed", minute=90))
    summary = run()
    assert totals() == ONE
    assert (summary.new, summary.improved, summary.unchanged) == (0, 0, 1)
    record = UsageRecord.objects.get()
    assert (record.session_id, record.at.hour) == (SESSION, 9)


def test_a_copy_that_was_imported_first_yields_to_the_original(main: Path, run: Import) -> None:
    write(main.with_name("resumed.jsonl"), response(session="resumed", minute=90))
    run()
    write(main, response())
    run()
    assert totals() == ONE
    assert UsageRecord.objects.get().session_id == SESSION
    assert UsageHour.objects.get().hour.hour == 9


def test_cache_writes_are_kept_apart_by_how_long_they_last(main: Path, run: Import) -> None:
    write(main, response(write_5m=1_000, write_1h=2_000))
    run()
    assert totals() == ONE | {"cache_write_5m": 1_000, "cache_write_1h": 2_000}


@pytest.mark.parametrize("split", [None, {}, {"ephemeral_5m_input_tokens": 0}])
def test_cache_writes_without_a_split_last_five_minutes(
    main: Path, run: Import, split: dict[str, int] | None
) -> None:
    line = response()
    line["message"]["usage"]["cache_creation"] = split
    write(main, line)
    run()
    assert totals() == ONE | {"cache_write_5m": 30, "cache_write_1h": 0}


def test_a_response_with_cache_writes_only_counts(main: Path, run: Import) -> None:
    write(main, response(input=0, output=0, read=0))
    run()
    assert totals() == ONE | {"input": 0, "output": 0, "cache_read": 0}


def test_an_unknown_model_counts_and_is_named(main: Path, run: Import) -> None:
    write(main, response(model="claude-next-1"), response("msg_2", request_id="req_2"))
    assert run().unknown_models == {"claude-next-1": 1}
    assert totals()["records"] == 2


def test_a_long_prompt_is_marked(main: Path, run: Import) -> None:
    model, edge = "claude-haiku-5-5", 100_000 - 35
    write(
        main,
        response(model=model, input=edge),
        response("msg_2", request_id="req_2", model=model, input=edge + 1),
    )
    run()
    longs = UsageRecord.objects.order_by("message_id").values_list("long_prompt", flat=True)
    assert list(longs) == [False, True]


def test_json_with_spaces_counts(main: Path, run: Import) -> None:
    main.parent.mkdir(parents=True)
    main.write_text(json.dumps(response(), indent=None, separators=(" , ", " : ")) + "\r\n")
    run()
    assert totals() == ONE


def test_what_did_not_come_from_the_model_does_not_count(main: Path, run: Import) -> None:
    nothing = {"input": 0, "output": 0, "write_5m": 0, "write_1h": 0, "read": 0}
    write(
        main,
        response(model="<synthetic>"),
        response("msg_2", **nothing, isApiErrorMessage=True),
        {"type": "system", "message": "the word usage", "usage": 3},
        {"type": "cost-state", "usage": {"input_tokens": 5}},
        prompt('He said "usage"'),
    )
    summary = run()
    assert totals()["records"] == 0
    assert (summary.lines, summary.unreadable) == (5, 0)


def test_progress_lines_do_not_count(main: Path, run: Import) -> None:
    said = response("msg_2", agent="a1", output=999)
    write(main, response(content=call("toolu_1", "security")), progress("toolu_1", "a1", said))
    run()
    assert totals() == ONE


def test_saved_output_of_the_command_line_does_not_count(main: Path, run: Import) -> None:
    streamed = response(output=99)
    streamed["session_id"] = streamed.pop("sessionId")
    write(main, streamed)
    assert (run().unreadable, totals()["records"]) == (0, 0)


def test_lines_of_ten_megabytes_count(main: Path, run: Import) -> None:
    long = response("msg_2", request_id="req_2", content=[{"type": "text", "text": "x" * 10**7}])
    write(main, response(), prompt("y" * 11_000_000), long, response("msg_3", request_id="req_3"))
    summary = run()
    assert totals()["records"] == 3
    assert (summary.lines, summary.unreadable) == (4, 0)


def test_importing_twice_changes_nothing(main: Path, run: Import) -> None:
    write(main, response())
    run()
    again = run()
    assert totals() == ONE
    assert (again.files, again.files_read, again.lines, again.new) == (1, 0, 0, 0)


def test_a_file_that_grew_is_read_on_from_where_it_ended(main: Path, run: Import) -> None:
    write(main, response(output=1, final=False), prompt())
    run()
    append(main, text(response(minute=0.1), response("msg_2", request_id="req_2")))
    summary = run()
    assert (summary.lines, summary.new, summary.improved) == (2, 1, 1)
    assert (totals()["records"], totals()["output"]) == (2, 14)


def test_a_torn_last_line_is_counted_when_it_is_complete(main: Path, run: Import) -> None:
    whole = text(response("msg_2", request_id="req_2"))
    write(main, response())
    append(main, whole[:-40])
    summary = run()
    assert (summary.lines, summary.unreadable, totals()["records"]) == (1, 0, 1)
    append(main, whole[-40:])
    assert (run().new, totals()["records"]) == (1, 2)


def test_a_last_line_that_only_lacks_its_end_counts_at_once(main: Path, run: Import) -> None:
    write(main, response())
    append(main, text(response("msg_2", request_id="req_2")).rstrip())
    assert (run().new, totals()["records"]) == (2, 2)
    append(main, b"\n" + text(response("msg_3", request_id="req_3")))
    assert (run().new, totals()["records"]) == (1, 3)


@pytest.mark.parametrize("outputs", [(5,), (5, 6, 7, 8)])
def test_a_replaced_file_is_read_from_its_start(
    main: Path, run: Import, outputs: tuple[int, ...]
) -> None:
    write(main, response(), response("msg_2", request_id="req_2"))
    run()
    write(main, *[response(f"new_{n}", request_id=f"new_{n}", output=n) for n in outputs])
    assert run().new == len(outputs)
    assert totals()["output"] == 14 + sum(outputs)


def test_a_sidechain_of_the_main_file_counts_as_a_sub_agent(main: Path, run: Import) -> None:
    aside = response("msg_2", request_id="req_2", isSidechain=True, output=9)
    write(main, response(), aside)
    run()
    assert totals()["output"] == 16
    names = UsageRecord.objects.order_by("message_id").values_list("sub_agent", flat=True)
    assert list(names) == ["", "unknown"]


@pytest.mark.parametrize("replay_first", [True, False])
def test_a_sidechain_that_replays_its_parent_is_the_parents_request(
    main: Path, run: Import, replay_first: bool
) -> None:
    replay = response(request_id="req_99", agent="a1", minute=60, attributionAgent="security")
    files = [
        (main, response()),
        (main.with_suffix("") / "subagents" / "agent-a1.jsonl", replay),
    ]
    for path, line in reversed(files) if replay_first else files:
        write(path, line)
        run()
    assert totals() == ONE
    record = UsageRecord.objects.get()
    assert (record.sub_agent, record.agent_id, record.request_id) == ("", "", "req_1")
    assert record.at.hour == 9


def test_a_replay_may_know_the_final_counts(main: Path, run: Import) -> None:
    write(main, response(output=1, final=False))
    write(main.with_name("agent-a1.jsonl"), response(request_id="req_9", agent="a1", minute=1))
    run()
    assert totals() == ONE
    assert UsageRecord.objects.get().sub_agent == ""
