"""Files are read in pieces, in other processes, and by two importers at once."""

import io
import os
import threading
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from allocation.budgets.models import BudgetWeek
from allocation.policy.errors import RuleError
from allocation.usage.models import AgentRun, TranscriptFile
from allocation.usage.operations import import_transcripts
from allocation.usage.transcripts import importing, reader, unread, worker
from allocation.usage.transcripts.reader import Reading, Segment, read
from tests.usage.transcripts import append, name_agent, response, text, totals, write


@pytest.mark.parametrize("block", [1, 7, 100, 10_000])
@pytest.mark.parametrize("piece", [1, 50, 333, 100_000])
def test_every_line_is_read_once_wherever_a_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, piece: int
) -> None:
    monkeypatch.setattr(reader, "BLOCK", block)
    lines = [response(f"m{n}", request_id=None, model="x" * n) for n in range(5)]
    path = write(tmp_path / "a.jsonl", *lines)
    size = path.stat().st_size
    starts = range(0, size, piece)
    readings = [
        read([Segment(bytes(path), at, min(at + piece, size), at == 0, at == starts[-1])])
        for at in starts
    ]
    ids = [seen.message_id for reading in readings for seen in reading.requests]
    assert ids == [f"m{n}" for n in range(5)]
    assert sum(reading.lines for reading in readings) == 5
    assert max(end.offset or 0 for reading in readings for end in reading.ends) == size


@pytest.mark.django_db
@pytest.mark.parametrize("workers", [0, 2])
def test_other_processes_say_the_same(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(unread, "PIECE", 700)
    monkeypatch.setattr(importing, "_WORTH_WORKERS", 0 if workers else 2**60)
    for number in range(6):
        lines = [response(f"m{number}.{n}", request_id=None, agent="a") for n in range(5)]
        name_agent(write(tmp_path / f"s{number}" / "subagents" / "agent-a.jsonl", *lines), "retro")
    summary = import_transcripts(paths=[tmp_path], now=now)
    assert (summary.new, summary.lines, totals()["records"]) == (30, 30, 30)
    assert TranscriptFile.objects.count() == 12
    assert import_transcripts(paths=[tmp_path], now=now).files_read == 0


@pytest.mark.django_db
def test_an_import_that_was_cut_off_goes_on_where_it_stopped(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "PIECE", 700)
    write(tmp_path / "a.jsonl", *[response(f"m{n}", request_id=None) for n in range(9)])

    class Killed(BaseException):
        pass

    def kill(done: int, left: int) -> None:
        if done:
            raise Killed

    with pytest.raises(Killed):
        import_transcripts(paths=[tmp_path], now=now, progress=kill)
    stored = totals()["records"]
    assert 0 < stored < 9
    assert BudgetWeek.objects.exists()  # what was stored is judged by its week, come what may
    assert import_transcripts(paths=[tmp_path], now=now).lines == 9 - stored
    assert totals()["records"] == 9


@pytest.mark.django_db
def test_a_line_over_several_pieces_is_read_once(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "PIECE", 100)
    file = write(tmp_path / "a.jsonl", response())
    assert import_transcripts(paths=[tmp_path], now=now).new == 1
    again = import_transcripts(paths=[tmp_path], now=now)
    assert (again.files_read, again.lines) == (0, 0)
    file.write_bytes(file.read_bytes() + text(response("msg_2", request_id=None))[:-1])
    assert import_transcripts(paths=[tmp_path], now=now).new == 1


def test_a_worker_answers_until_its_parent_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", response())
    task = [Segment(bytes(path), 0, path.stat().st_size)]
    sent, answered = io.BytesIO(), io.BytesIO()
    for _ in range(2):
        worker.send(sent, worker.encode(task))
    sent.seek(0)
    monkeypatch.setattr(worker.sys, "stdin", SimpleNamespace(buffer=sent))
    monkeypatch.setattr(worker.sys, "stdout", SimpleNamespace(buffer=answered))
    monkeypatch.setattr(worker, "be_polite", lambda: None)
    monkeypatch.setattr(worker.gc, "disable", lambda: None)
    worker.serve()
    answered.seek(0)
    frames = [worker.receive(answered) for _ in range(2)]
    assert frames == [worker.encode(read(task))] * 2


def test_a_worker_that_dies_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.sys, "executable", "/bin/true")
    tasks = [[Segment(bytes(tmp_path / "a.jsonl"), 0, 1)]]
    with (
        pytest.raises(RuleError, match="import again, and it goes on from there"),
        worker.read_all(tasks, workers=1) as readings,
    ):
        list(readings)


def test_ctrl_c_is_not_for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []

    def start(*arguments: Any, **options: Any) -> Popen[bytes]:
        process = Popen(*arguments, **options)
        groups.append(os.getpgid(process.pid))
        return process

    monkeypatch.setattr(worker.subprocess, "Popen", start)
    with worker.read_all([[Segment(b"nowhere.jsonl", 0, 1)]], workers=1) as readings:
        list(readings)
    assert groups
    assert os.getpgid(0) not in groups  # to which the terminal sends it


def test_a_worker_takes_no_module_of_the_folder_that_it_is_called_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    with worker.read_all([[Segment(b"nowhere.jsonl", 0, 1)]], workers=1) as readings:
        assert [len(each.skipped) for each in readings] == [1]


def test_tasks_and_readings_longer_than_a_pipe_do_not_wait_for_each_other() -> None:
    task = [Segment(b"/nowhere/%0100d.jsonl" % n, 0, 1) for n in range(2_000)]
    readings: list[Reading] = []

    def read_them() -> None:
        with worker.read_all([task] * 5, workers=1) as read:
            readings.extend(read)

    reading = Thread(target=read_them, daemon=True)
    reading.start()
    reading.join(timeout=30)
    assert [len(each.skipped) for each in readings] == [2_000] * 5


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5half"])
def test_a_frame_that_breaks_off_is_none(sent: bytes) -> None:
    with pytest.raises(EOFError):
        worker.receive(io.BytesIO(sent))


@pytest.mark.django_db
def test_a_grown_file_that_cannot_be_opened_is_skipped(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.jsonl", response())
    import_transcripts(paths=[tmp_path], now=now)
    append(file, text(response("msg_2", request_id=None)))

    def refuse(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(unread, "digest_of", refuse)
        summary = import_transcripts(paths=[tmp_path], now=now)
    assert [skipped.reason for skipped in summary.skipped] == ["permission denied"]
    assert import_transcripts(paths=[tmp_path], now=now).new == 1


def test_a_file_that_shrank_since_it_was_found_says_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", response())
    beyond = Segment(bytes(path), 10_000, 20_000, aligned=False)
    reading = read([beyond])
    assert (reading.lines, reading.ends[0].offset) == (0, None)


@pytest.mark.django_db
def test_a_path_that_is_too_long_is_skipped(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "_LONGEST_PATH", 10)
    write(tmp_path / "a.jsonl", response())
    assert "long" in import_transcripts(paths=[tmp_path], now=now).skipped[0].reason


@pytest.mark.django_db(transaction=True)
def test_two_importers_at_once_count_everything_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "PIECE", 2_000)
    for number in range(12):
        lines = [
            response(f"m{n}", request_id=f"r{n}", output=number, agent="a", session="s")
            for n in range(number, number + 20)
        ]
        folder = tmp_path / str(number) / "s" / "subagents"
        name_agent(write(folder / "agent-a.jsonl", *lines), "retro")
    failures: list[BaseException] = []

    def run() -> None:
        try:
            import_transcripts(paths=[tmp_path], now=datetime(2026, 11, 20, tzinfo=UTC))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    importers = [threading.Thread(target=copy_context().run, args=[run]) for _ in range(3)]
    for importer in importers:
        importer.start()
    for importer in importers:
        importer.join()
    assert failures == []
    found = totals()
    assert (found["records"], found["output"]) == (31, sum(min(n, 11) for n in range(31)))
    assert AgentRun.objects.count() == 1
    assert TranscriptFile.objects.count() == 24
