"""What is broken costs itself and nothing else."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from allocation.policy.errors import RuleError
from allocation.usage.models import TranscriptFile, UsageRecord
from allocation.usage.operations import import_transcripts
from allocation.usage.transcripts import discover, reader
from allocation.usage.transcripts.importing import ImportSummary
from tests.usage.transcripts import SESSION, append, response, text, totals, write

pytestmark = pytest.mark.django_db

Import = Callable[..., ImportSummary]


@pytest.fixture
def run(now: datetime) -> Import:
    return lambda *paths: import_transcripts(paths=paths, now=now)


@pytest.mark.parametrize(
    "broken",
    [
        b"not json",
        b'half a line before its end"}',
        b'{"type":"assistant","usage":',
        b'{"half a line without an end',
        b'[1, "usage"]',
        b"\xff\xfe\x00 broken",
        b"\0\0\0\0",
        b"[" * 100_000 + b'"usage"',
        b'{"type":"assistant","message":{"id":"\xff","usage":{"input_tokens":1}}}',
    ],
)
def test_a_broken_line_is_counted_as_unreadable(tmp_path: Path, run: Import, broken: bytes) -> None:
    file = write(tmp_path / "a.jsonl", response())
    append(file, broken + b"\n" + text(response("msg_2", request_id="req_2")))
    summary = run(tmp_path)
    assert (summary.lines, summary.unreadable, summary.new) == (3, 1, 2)


@pytest.mark.parametrize("count", [-1, 1.5, 10**13, 2**53, 10**30, "-1", "many", True])
def test_an_absurd_count_makes_its_line_unreadable(tmp_path: Path, run: Import, count: Any) -> None:
    write(tmp_path / "a.jsonl", response(input=count), response("msg_2", request_id="req_2"))
    assert (run(tmp_path).unreadable, totals()["records"]) == (1, 1)


def test_a_count_that_is_written_as_text_is_taken(tmp_path: Path, run: Import) -> None:
    write(tmp_path / "a.jsonl", response(input="12"))  # type: ignore[arg-type]
    assert (run(tmp_path).unreadable, totals()["input"]) == (0, 12)


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": None},
        {"timestamp": "yesterday"},
        {"timestamp": "0001-01-01T00:00:00+02:00"},
        {"sessionId": "x" * 101},
        {"sessionId": "x\0y"},
        {"requestId": None, "message": {"model": "m", "usage": {"input_tokens": 1}}},
    ],
)
def test_a_response_that_cannot_be_placed_is_unreadable(
    tmp_path: Path, run: Import, change: dict[str, Any]
) -> None:
    write(tmp_path / "a.jsonl", response() | change)
    assert (run(tmp_path).unreadable, totals()["records"]) == (1, 0)


@pytest.mark.parametrize("at", ["2026-11-19T20:00:01Z", "9999-12-31T23:59:59Z"])
def test_a_response_from_more_than_a_day_ahead_counts_now(
    tmp_path: Path, run: Import, now: datetime, at: str
) -> None:
    write(tmp_path / "a.jsonl", response(timestamp=at))
    run(tmp_path)
    assert UsageRecord.objects.get().at == now


def test_a_response_from_less_than_a_day_ahead_keeps_its_moment(
    tmp_path: Path, run: Import, now: datetime
) -> None:
    write(tmp_path / "a.jsonl", response(timestamp=(now + timedelta(hours=23)).isoformat()))
    run(tmp_path)
    assert UsageRecord.objects.get().at == now + timedelta(hours=23)


def test_other_zones_and_none_are_understood(tmp_path: Path, run: Import) -> None:
    stamps = ["2025-11-19T11:30:00+02:00", "2025-11-19T09:30:00", "2025-11-19T09:30:00Z"]
    for number, stamp in enumerate(stamps):
        line = response(f"msg_{number}", request_id=None) | {"timestamp": stamp}
        write(tmp_path / f"{number}.jsonl", line)
    run(tmp_path)
    assert {(r.at.hour, r.hour.hour) for r in UsageRecord.objects.all()} == {(9, 9)}
    assert totals()["records"] == 3


def test_a_broken_byte_in_a_text_does_not_lose_the_request(tmp_path: Path, run: Import) -> None:
    broken = text(response()).replace("Grüße".encode(), b"Gr\xfc\xdfe")
    Path(tmp_path, "a.jsonl").write_bytes(b"\0\0" + broken)
    assert (run(tmp_path).unreadable, totals()["records"]) == (0, 1)


def test_blank_lines_are_no_fault(tmp_path: Path, run: Import) -> None:
    Path(tmp_path, "a.jsonl").write_bytes(b"\n \r\n" + text(response()) + b"\n")
    assert (run(tmp_path).unreadable, totals()["records"]) == (0, 1)


def test_a_line_that_is_too_long_costs_itself_only(
    tmp_path: Path, run: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK", 1_000)
    monkeypatch.setattr(reader, "LONGEST_LINE", 5_000)
    long = response("msg_2", content=[{"type": "text", "text": "x" * 20_000}])
    file = write(tmp_path / "a.jsonl", response(), long, response("msg_3", request_id="req_3"))
    summary = run(tmp_path)
    assert (summary.lines, summary.unreadable, summary.new) == (3, 1, 2)
    append(file, text(long).rstrip())
    assert run(tmp_path).unreadable == 0


@pytest.mark.parametrize("count", [1, discover.LOOKED_AT, 100_000, 2 * reader.BLOCK + 1])
def test_a_file_that_a_crash_left_nulls_at_the_head_of_is_read(
    tmp_path: Path, run: Import, count: int
) -> None:
    lines = text(response()) + text(response("msg_2", request_id="req_2"))
    Path(tmp_path, "a.jsonl").write_bytes(b"\0" * count + lines)
    summary = run(tmp_path)
    assert (summary.skipped, summary.new, summary.unreadable) == ([], 2, 0)


def test_a_file_of_nulls_alone_waits_for_what_follows(tmp_path: Path, run: Import) -> None:
    file = Path(tmp_path, "a.jsonl")
    file.write_bytes(b"\0" * 100_000)
    assert (run(tmp_path).new, run(tmp_path).unreadable) == (0, 0)
    append(file, text(response()))
    assert run(tmp_path).new == 1


def test_a_binary_file_is_skipped_and_named(tmp_path: Path, run: Import) -> None:
    write(tmp_path / "a.jsonl", response())
    Path(tmp_path, "b.jsonl").write_bytes(bytes(range(256)) * 100)
    summary = run(tmp_path)
    assert [(s.path.name, s.reason) for s in summary.skipped] == [
        ("b.jsonl", "a binary file, not a transcript")
    ]
    assert (summary.new, summary.unreadable) == (1, 0)


def test_a_file_that_vanishes_or_cannot_be_read_is_skipped(
    tmp_path: Path, run: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.jsonl", response())
    Path(tmp_path, "b.jsonl").symlink_to("nowhere.jsonl")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    write(tmp_path / "agent-a1.jsonl", response("msg_2", request_id="req_2"))
    Path(tmp_path, "agent-a1.meta.json").write_text("{}")
    monkeypatch.setattr(reader, "read_meta", refuse)
    summary = run(tmp_path)
    assert {(s.path.name, s.reason) for s in summary.skipped} == {
        ("b.jsonl", "no such file or directory"),
        ("agent-a1.meta.json", "permission denied"),
    }
    assert summary.new == 2


def test_a_folder_that_cannot_be_read_is_skipped(
    tmp_path: Path, run: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(discover, "_entries", refuse)
    assert run(tmp_path).skipped[0].reason == "permission denied"


@pytest.mark.parametrize("name", ["missing", "picture.jsonl", "notes.txt", "pipe.jsonl", "x\0y"])
def test_what_is_no_folder_and_no_transcript_is_refused_in_one_sentence(
    tmp_path: Path, run: Import, name: str
) -> None:
    good = write(tmp_path / "a.jsonl", response())
    Path(tmp_path, "picture.jsonl").write_bytes(b"\x89PNG\r\n\0\0")
    Path(tmp_path, "notes.txt").write_text("Buy milk")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(RuleError, match=r"^[^\n]+\.$"):
        run(good, tmp_path / name)
    assert not UsageRecord.objects.exists()
    assert not TranscriptFile.objects.exists()


def test_a_transcript_may_be_given_by_name(tmp_path: Path, run: Import) -> None:
    backup = write(tmp_path / "session.bak", response())
    agent = write(tmp_path / "agent-a1.jsonl", response("msg_2", request_id="r2", agent="a1"))
    Path(tmp_path, "agent-a1.meta.json").write_text('{"agentType": "docmon"}')
    assert run(backup, agent, backup).new == 2
    assert UsageRecord.objects.get(message_id="msg_2").sub_agent == "DOCMON"


def test_all_layouts_are_found_and_journals_are_not_read(tmp_path: Path, run: Import) -> None:
    below = tmp_path / SESSION / "subagents"
    places = [
        tmp_path / f"{SESSION}.jsonl",
        tmp_path / "agent-1234567.jsonl",
        below / "agent-a123.jsonl",
        below / "workflows" / "wf_1" / "agent-a456.jsonl",
        below / "workflows" / "wf_1" / "journal.jsonl",
    ]
    for number, path in enumerate(places):
        write(path, response(f"msg_{number}", request_id=None))
    summary = run(tmp_path)
    assert (summary.files, summary.new) == (4, 4)


def test_links_are_followed_once(tmp_path: Path, run: Import) -> None:
    write(tmp_path / "project" / "a.jsonl", response())
    Path(tmp_path, "project", "loop").symlink_to(tmp_path)
    Path(tmp_path, "project", "b.jsonl").symlink_to("a.jsonl")
    Path(tmp_path, "linked").symlink_to("project")
    assert run(tmp_path, tmp_path / "linked").files == 1


def test_a_link_to_itself_hides_nothing_beside_it(tmp_path: Path, run: Import) -> None:
    Path(tmp_path, "loop").symlink_to("loop")
    for name in ("a", "z"):
        write(tmp_path / name / f"{name}.jsonl", response(name, request_id=name))
    summary = run(tmp_path)
    assert [each.path.name for each in summary.skipped] == ["loop"]
    assert summary.new == 2


def test_names_of_files_may_be_any_bytes(tmp_path: Path, run: Import) -> None:
    for name in (b"\xff\xfe.jsonl", b"agent-\xff" + b"x" * 150 + b".jsonl"):
        line = response(name.hex()[:90], request_id=None, isSidechain=True)
        del line["sessionId"]
        write(Path(os.fsdecode(bytes(tmp_path) + b"/" + name)), line)
    assert (run(tmp_path).new, run(tmp_path).files_read) == (2, 0)
    assert UsageRecord.objects.get(agent_id="").session_id == "\\xff\\xfe"
